# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces as live capture sees them: solved without smoothing, in real clips and held still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.support.tracking_runs import has_rival, tracker
from engine.core.arkit import COUNT, INDEX
from engine.core.curve_math import runs
from engine.core.requests import SolveSettings
from engine.core.types import FaceTrack, Observations, VideoFrame
from engine.pipeline.solve import make_solver
from engine.sources.media import VideoSource

LIVE = SolveSettings(causal=True, steady=False)
# A webcam in a room at evening: its noise as a standard deviation of 255 levels, the same in all
# three channels and different in each.
_GREY_NOISE, _COLOUR_NOISE = 4.0, 2.0
_STILL_FRAMES, _RATE = 90, 30
# Row of ``Face.cut`` with the first frame of the other picture.
CUT_FRAMES = 30
# A stretch this long counts as still where the face moves least.
_STILL_S = 1.0


@dataclass(frozen=True)
class Face:
    """A clip with what was solved of it.

    Attributes:
        clip: The video.
        live: Every frame by our solver, not smoothed.
        still: One picture of the clip filmed for three seconds by a noisy camera, likewise.
        cut: The calmest picture for a second, then the one with the widest mouth for another.
        rival_still, rival_cut: The same by Google's own package; None where it is not installed.
    """

    clip: Path
    live: FaceTrack
    still: FaceTrack
    cut: FaceTrack
    rival_still: FaceTrack | None
    rival_cut: FaceTrack | None


def face(clip: Path) -> Face:
    """Track and solve a clip, and its calmest picture held still."""
    with VideoSource(clip) as source:
        frames = list(source.frames())
    seen = Observations.concatenate(list(tracker("mediapipe").track(iter(frames))))
    height, width = frames[0].image.shape[:2]
    solver = make_solver(LIVE, width, height)
    solver.study(seen)
    live = solver.solve(seen)
    first, stop = stillest(live)
    calm = frames[(first + stop) // 2].image
    wide = frames[int(np.nanargmax(live.weights[:, INDEX["jawOpen"]]))].image
    rival = make_solver(SolveSettings(solver="raw"), width, height) if has_rival() else None
    films = (_noisy(calm), _cut(calm, wide))
    still, cut = (solver.solve(_watch("mediapipe", film)) for film in films)
    films = (_noisy(calm), _cut(calm, wide))
    rivals = [rival.solve(_watch("mediapipe-tasks", film)) if rival else None for film in films]
    return Face(clip, live, still, cut, *rivals)


def synthetic_still() -> FaceTrack:
    """A still face of white noise as strong as pictures held still have it, for no clip at all."""
    count = _STILL_FRAMES
    random = np.random.default_rng(0)

    def around(value: float, noise: float, *shape: int) -> np.ndarray:
        return random.normal(value, noise, (count, *shape)).astype(np.float32)

    return FaceTrack(
        np.arange(count) / _RATE,
        np.ones(count, bool),
        np.ones(count, np.float32),
        np.full((count, COUNT), 0.95, np.float32),
        around(0.3, 0.01, COUNT),
        around(0, 0.2, 3),
        around(0, 0.03, 3),
        around(0, 0.3, 2, 2),
    )


def stillest(track: FaceTrack) -> tuple[int, int]:
    """First and past-the-end row of the second in which the face moves least."""
    best, found = np.inf, None
    for first, stop in runs(track.valid):
        time_s = track.time_s[first:stop]
        ends = np.searchsorted(time_s, time_s + _STILL_S)
        for row, end in enumerate(ends[time_s + _STILL_S <= time_s[-1] + 1e-6]):
            moved = float(track.weights[first + row : first + end].var(0).mean())
            if moved < best:
                best, found = moved, (first + row, first + int(end))
    if found is None:
        raise SystemExit("a clip shows a face for less than a second")
    return found


def _watch(engine: str, film: Iterator[VideoFrame]) -> Observations:
    """What a tracker sees in a film; the first half second, in which it settles, is left out."""
    return Observations.concatenate(list(tracker(engine).track(film)))[_RATE // 2 :]


def _noisy(picture: np.ndarray) -> Iterator[VideoFrame]:
    random = np.random.default_rng(0)
    height, width, _ = picture.shape
    for i in range(_STILL_FRAMES + _RATE // 2):
        noise = _GREY_NOISE * random.standard_normal((height, width, 1), np.float32)
        noise = noise + _COLOUR_NOISE * random.standard_normal(picture.shape, np.float32)
        yield VideoFrame(i, i / _RATE, np.clip(picture + noise, 0, 255).astype(np.uint8))


def _cut(before: np.ndarray, after: np.ndarray) -> Iterator[VideoFrame]:
    for i in range(_RATE // 2 + CUT_FRAMES + _RATE):
        yield VideoFrame(i, i / _RATE, before if i < _RATE // 2 + CUT_FRAMES else after)
