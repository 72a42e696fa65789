# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks of tracking share: clips, contestants, differences."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.types import Observations
from engine.models.catalog import model_path
from engine.sources.media import VideoSource
from engine.tracking.base import FaceTracker, TrackerOptions
from engine.tracking.catalog import create_tracker
from engine.tracking.landmark_filter import LandmarkFilter
from engine.tracking.mediapipe_tasks import is_installed
from tools.fetch_clips import CLIPS, fetch

DEFAULT_CLIPS = (
    "carphone_pristine.mp4",
    "single_face.mp4",
    "WolfgangLanger_Pexels.mp4",
    "face_noface.mov",
)


@dataclass(frozen=True)
class Cost:
    """Milliseconds per frame, decoding included: on the wall, and of the processor."""

    wall_ms: float
    cpu_ms: float


def paths(names: list[str]) -> Iterator[Path]:
    """Clips by name (in .cache/clips) or path; the default ones for no name."""
    fetch()
    for name in names or DEFAULT_CLIPS:
        yield Path(name) if Path(name).exists() else CLIPS / name


def has_rival() -> bool:
    """Whether Google's package is there."""
    return is_installed()


def tracker(engine: str, streams: int = 1) -> FaceTracker:
    """A tracker of the catalogue."""
    return create_tracker(engine, TrackerOptions(model_path, streams=streams))


def observe(face_tracker: FaceTracker, path: Path) -> Observations:
    """Everything a tracker sees in a clip."""
    with VideoSource(path) as source:
        return Observations.concatenate(list(face_tracker.track(source.frames())))


def bare_loop(path: Path) -> None:
    """Google's package as everyone uses it, without even looking at its results."""
    rival = tracker("mediapipe-tasks")
    with VideoSource(path) as source:
        for frame in source.frames():
            rival.detect(frame)
    rival.close()


def cost(work: Callable[[Path], object], path: Path, frames: int) -> Cost:
    """Times one pass over a clip."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(path)
    scale = 1000 / frames
    return Cost((time.perf_counter() - wall) * scale, (time.process_time() - cpu) * scale)


def rotation_difference_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle between the rotations of two (T, 4, 4) arrays of rigid transforms."""
    # |A - B| = 2 sqrt(2) sin(angle / 2) for rotations; a cosine would drown in rounding.
    gap = np.linalg.norm((a - b)[:, :3, :3].astype(float), axis=(1, 2))
    return np.degrees(2 * np.arcsin(np.minimum(gap / np.sqrt(8), 1)))


def differences(
    ours: Observations, theirs: Observations
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far two trackers lie apart in the frames that both have.

    Args:
        ours: Of the default tracker: landmarks as measured.
        theirs: Of Google's package: landmarks smoothed.

    Returns:
        Pixels (T, 478) between smoothed landmarks, score differences (T, 51) without the
        tongue, and degrees (T,) between head rotations.
    """
    smooth = np.full(ours.landmarks.shape, np.nan)
    one_euro = LandmarkFilter()
    for row in range(len(ours)):
        if ours.valid[row]:
            smooth[row] = one_euro(ours.landmarks[row], float(ours.time_s[row]))
        else:
            one_euro.reset()
    both = ours.valid & theirs.valid
    return (
        np.linalg.norm(smooth[both][:, :, :2] - theirs.landmarks[both][:, :, :2], axis=2),
        np.abs(ours.scores[both] - theirs.scores[both])[:, :-1],
        rotation_difference_deg(ours.head[both], theirs.head[both]),
    )
