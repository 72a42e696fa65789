# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracks a clip in blocks side by side, with the result of tracking it in one go.

A face is followed from frame to frame, which is one long chain. But the chain forgets quickly:
followers that look at the same face from slightly different regions come closer to each other by
a factor of about three in every frame. So a block starts a few frames early and takes the face up
there. Its first frames are then tracked again from where the block before it ended, until both
chains look at the same region; from there on what is already known is kept.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from ..core.types import VideoFrame
from .follower import Follower, Networks, Place
from .parts import RawFace
from .regions import difference

BLOCK_FRAMES = 48
WARM_UP_FRAMES = 3
# Below this the early start costs more than the second stream gains.
MIN_BLOCK_FRAMES = 8
# Two regions are the same when their corners lie this close, in pixels of the 256 pixel crop.
# It moves the landmarks by less than the rounding of the picture to 8 bits does.
TOLERANCE = 0.1


@dataclass
class Stretch:
    """A tracked block.

    Attributes:
        frames: The frames of the block.
        faces: The face in each of them, or None.
        places: The follower's memory after each frame.
    """

    frames: list[VideoFrame]
    faces: list[RawFace | None] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


def follow(follower: Follower, frames: list[VideoFrame]) -> Stretch:
    """Goes on with a follower through some frames."""
    stretch = Stretch(frames)
    for frame in frames:
        stretch.faces.append(follower.step(frame.image, frame.index))
        stretch.places.append(follower.place)
    return stretch


def follow_from_middle(
    networks: Networks, seed: Place, warm_up: list[VideoFrame], frames: list[VideoFrame]
) -> Stretch:
    """Takes the face up in the frames before a block and follows it through the block."""
    follower = Follower(networks, seed)
    follower.take_up(warm_up[0].image)
    for frame in warm_up[1:]:
        follower.step(frame.image, frame.index)
    return follow(follower, frames)


def join(networks: Networks, before: Stretch, after: Stretch) -> Stretch:
    """A block taken up in the middle, as if it had been followed from the block before it.

    Args:
        networks: To track with where the two differ.
        before: The block before, already right.
        after: The block as it was tracked on its own; changed in place and returned.
    """
    follower = Follower(networks, before.places[-1])
    for row, frame in enumerate(after.frames):
        guess = after.places[row]
        after.faces[row] = follower.step(frame.image, frame.index)
        after.places[row] = follower.place
        if _same(follower.place, guess, after.faces[row + 1 :]):
            break
    return after


def _same(place: Place, guess: Place, coming: list[RawFace | None]) -> bool:
    if place.region is None or guess.region is None:
        # Nobody to follow; a face found later must be chosen by one who knows the past.
        return place.region is guess.region and not any(coming)
    return difference(place.region, guess.region) <= TOLERANCE


def plan(frame_bytes: int, streams: int, memory_bytes: int) -> tuple[int, int]:
    """Frames in a block and streams that keep the waiting frames within a budget.

    One block waits for each stream, one is being read and one is being finished.
    """
    room = memory_bytes // max(frame_bytes, 1)
    size = min(BLOCK_FRAMES, room // (streams + 2))
    if streams > 1 and size < MIN_BLOCK_FRAMES:
        return plan(frame_bytes, streams // 2, memory_bytes)
    return max(size, 1), streams


def follow_blocks(
    networks: Networks,
    frames: Iterator[VideoFrame],
    streams: int,
    memory_bytes: int,
    start: Place | None = None,
) -> Iterator[Stretch]:
    """Tracks a clip block by block, in order.

    Decoding (by whoever pulls) and tracking (in threads) run side by side even with one stream.

    Args:
        networks: Shared by all streams.
        frames: The clip.
        streams: Blocks tracked at once.
        memory_bytes: Budget for the frames held.
        start: Where to go on from, where the clip was tracked before.
    """
    start = start or Place()
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        return
    size, streams = plan(first.image.nbytes, streams, memory_bytes)
    frames = itertools.chain([first], frames)
    del first
    chain = Follower(networks, start if start.last else None)
    waiting: deque[Future[Stretch]] = deque()
    finished: Stretch | None = None
    warm_up: list[VideoFrame] = []

    def finish(future: Future[Stretch]) -> Stretch:
        stretch = future.result()
        return stretch if streams == 1 or not finished else join(networks, finished, stretch)

    pool = ThreadPoolExecutor(streams, thread_name_prefix="tracking")
    try:
        while block := list(itertools.islice(frames, size)):
            if streams == 1 or not warm_up:
                waiting.append(pool.submit(follow, chain, block))
            else:
                seed = Place(None, finished.places[-1].last if finished else start.last)
                future = pool.submit(follow_from_middle, networks, seed, warm_up, block)
                waiting.append(future)
            warm_up = block[-WARM_UP_FRAMES:]
            if len(waiting) > streams:
                finished = finish(waiting.popleft())
                yield finished
        while waiting:
            finished = finish(waiting.popleft())
            yield finished
    finally:
        pool.shutdown(cancel_futures=True)
