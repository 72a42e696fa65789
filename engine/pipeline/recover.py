# SPDX-License-Identifier: GPL-3.0-or-later
"""A second look at a take: false alarms out, and gaps tracked backwards from their end.

The detector misses profiles, covered and small faces that the landmark network still follows
once it knows where to look. A face that is found late was often there before. And lettering or
a cloud passes for a face now and then, but never for long.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..core.progress import Progress
from ..core.types import FaceTrack, Observations, VideoFrame
from ..sources.media import VideoSource
from ..takes.take_file import TakeWriter, read_observations, read_track
from ..tracking.base import FaceTracker

# A face that shows for less than this with nothing before and after it is none. (A person needs
# longer to come and go; Google's package has the same false alarms.)
_FALSE_ALARM_S = 0.1
# Frames decoded at a time; bounds the memory (16 pictures of 1080p are 100 MB).
_CHUNK = 16


def drop_false_alarms(solve: Callable[[Observations], FaceTrack], take: TakeWriter) -> int:
    """Make gaps of faces that flash up in the middle of a gap.

    Returns:
        How many frames that took.
    """
    track = read_track(take.path)
    edges = np.flatnonzero(np.diff(track.valid.astype(np.int8)))
    dropped = 0
    for before, last in itertools.pairwise(edges):
        rows = np.arange(before + 1, last + 1)
        if not track.valid[rows[0]]:
            continue
        if track.time_s[last + 1] - track.time_s[rows[0]] < _FALSE_ALARM_S:
            nothing = Observations.empty(rows, track.time_s[rows])
            take.overwrite(nothing, solve(nothing))
            dropped += len(rows)
    return dropped


def recover_gaps(
    source: VideoSource,
    tracker: FaceTracker,
    solve: Callable[[Observations], FaceTrack],
    take: TakeWriter,
    progress: Progress,
) -> int:
    """Track backwards into every gap that a face ends.

    Returns:
        How many frames were found; they are overwritten in the take.
    """
    track = read_track(take.path)
    found = 0
    ends = np.flatnonzero(~track.valid[:-1] & track.valid[1:])
    for end in ends:
        before = np.flatnonzero(track.valid[:end])
        start = int(before[-1]) + 1 if len(before) else 0
        found += _recover_gap(source, tracker, solve, take, (start, int(end)), track.time_s)
        progress.step(take.frame_count, take.frame_count)
    return found


def _recover_gap(source, tracker, solve, take, gap: tuple[int, int], time_s: np.ndarray) -> int:
    first, last = gap
    seed = _landmarks(take.path, last + 1)
    found = 0
    while last >= first:
        begin = max(first, last - _CHUNK + 1)
        frames = _frames(source, begin, last, time_s)
        seen = tracker.track_backwards(frames[::-1], seed)
        kept = seen[seen.valid]
        if len(kept):
            take.overwrite(kept, solve(kept))
            found += len(kept)
            seed = kept.landmarks[0]
        if not len(seen) or not seen.valid[0]:
            break  # the face is not there any more: nothing to follow further back
        last = begin - 1
    return found


def _landmarks(path: Path, frame: int) -> np.ndarray:
    return read_observations(path, frame, 1).landmarks[0]


def _frames(source: VideoSource, first: int, last: int, time_s: np.ndarray) -> list[VideoFrame]:
    if first == 0:
        frames = source.frames()
    else:
        frames = source.frames_after(float(time_s[first - 1]), first - 1)
    return list(itertools.takewhile(lambda frame: frame.index <= last, frames))
