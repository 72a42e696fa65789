# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracks a clip in blocks side by side, with the result of tracking it in one go.

A face is followed from frame to frame, which is one long chain. But the chain forgets quickly:
two followers that look at the same face from slightly different regions agree after a frame or
two. So a block starts a few frames early, takes the face up there, and is right if its region at
the border is the one with which the block before it ended. If not, it is tracked again from there.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ..core.types import VideoFrame
from .follower import Follower, Networks, Place
from .landmarks import RawFace
from .regions import difference

BLOCK_FRAMES = 32
WARM_UP_FRAMES = 3
# Below this the early start costs more than the second stream gains.
MIN_BLOCK_FRAMES = 8
# Largest distance of the regions' corners, in pixels of the 256 pixel crop.
TOLERANCE = 0.25


@dataclass
class Stretch:
    """A tracked block.

    Attributes:
        frames: The frames of the block.
        faces: The face in each of them, or None.
        start: The follower's memory before the first frame.
        end: The follower's memory after the last frame.
    """

    frames: list[VideoFrame]
    faces: list[RawFace | None]
    start: Place
    end: Place


def follow(follower: Follower, frames: list[VideoFrame]) -> Stretch:
    """Goes on with a follower through some frames."""
    start = follower.place
    faces = [follower.step(frame.image, frame.index) for frame in frames]
    return Stretch(frames, faces, start, follower.place)


def follow_from_middle(
    networks: Networks, seed: Place, warm_up: list[VideoFrame], frames: list[VideoFrame]
) -> Stretch:
    """Takes the face up in the frames before a block and follows it through the block."""
    follower = Follower(networks, seed)
    follower.take_up(warm_up[0].image)
    for frame in warm_up[1:]:
        follower.step(frame.image, frame.index)
    return follow(follower, frames)


def continues(before: Stretch, after: Stretch) -> bool:
    """Whether a block taken up in the middle goes on where the block before it ended."""
    ended, began = before.end.region, after.start.region
    if ended is None or began is None:
        # Nobody to follow; a face found later must be chosen by one who knows the past.
        return ended is began and not any(after.faces)
    return difference(ended, began) <= TOLERANCE


def plan(frame_bytes: int, streams: int, memory_bytes: int) -> tuple[int, int]:
    """Frames in a block and streams that keep the waiting frames within a budget.

    One block waits for each stream, one is being read and one is being finished.
    """
    room = memory_bytes // max(frame_bytes, 1)
    size = min(BLOCK_FRAMES, room // (streams + 2))
    if streams > 1 and size < MIN_BLOCK_FRAMES:
        return plan(frame_bytes, 1, memory_bytes)
    return max(size, 1), streams


def follow_blocks(
    networks: Networks, frames: Iterator[VideoFrame], streams: int, memory_bytes: int
) -> Iterator[Stretch]:
    """Tracks a clip block by block, in order.

    Decoding (by whoever pulls) and tracking (in threads) run side by side even with one stream.

    Args:
        networks: Shared by all streams.
        frames: The clip.
        streams: Blocks tracked at once.
        memory_bytes: Budget for the frames held.
    """
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        return
    size, streams = plan(first.image.nbytes, streams, memory_bytes)
    frames = itertools.chain([first], frames)
    del first
    chain = Follower(networks)
    waiting: deque[Future[Stretch]] = deque()
    finished: Stretch | None = None
    warm_up: list[VideoFrame] = []
    pool = ThreadPoolExecutor(streams, thread_name_prefix="tracking")
    try:
        while block := list(itertools.islice(frames, size)):
            if streams == 1 or not warm_up:
                waiting.append(pool.submit(follow, chain, block))
            else:
                seed = Place(None, finished.end.last if finished else None)
                future = pool.submit(follow_from_middle, networks, seed, warm_up, block)
                waiting.append(future)
            warm_up = block[-WARM_UP_FRAMES:]
            if len(waiting) > streams:
                finished = _finish(networks, finished, waiting.popleft().result(), streams)
                yield finished
        while waiting:
            finished = _finish(networks, finished, waiting.popleft().result(), streams)
            yield finished
    finally:
        pool.shutdown(cancel_futures=True)


def _finish(networks: Networks, before: Stretch | None, after: Stretch, streams: int) -> Stretch:
    if streams == 1 or before is None or continues(before, after):
        return after
    return follow(Follower(networks, before.end), after.frames)
