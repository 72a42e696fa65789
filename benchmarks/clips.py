# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks of tracking share: clips, trackers, tables."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np

from engine.core.types import Observations
from engine.models.catalog import model_path
from engine.sources.media import VideoSource
from engine.tracking.base import FaceTracker, TrackerOptions
from engine.tracking.catalog import create_tracker

CLIPS = ROOT / ".cache" / "clips"
BUNDLE = CLIPS / "face_landmarker_v2_with_blendshapes.task"
DEFAULT_CLIPS = (
    "carphone_pristine.mp4",
    "single_face.mp4",
    "WolfgangLanger_Pexels.mp4",
    "face_noface.mov",
)


@dataclass(frozen=True)
class Run:
    """One pass over a clip: wall and processor milliseconds per frame, decoding included."""

    observations: Observations
    wall_ms: float
    cpu_ms: float


def paths(names: list[str]) -> Iterator[Path]:
    """Clips by name (in .cache/clips) or path; the default ones for no name."""
    for name in names or DEFAULT_CLIPS:
        path = Path(name) if Path(name).exists() else CLIPS / name
        if path.exists():
            yield path
        else:
            print(f"{name}: not there; run `python3 dev.py setup`")


def tracker(engine: str, streams: int = 1) -> FaceTracker:
    """A tracker of the catalogue."""
    return create_tracker(engine, TrackerOptions(model_path, streams=streams, bundle=BUNDLE))


def run(face_tracker: FaceTracker, path: Path) -> Run:
    """Decodes and tracks a clip."""
    wall, cpu = time.perf_counter(), time.process_time()
    with VideoSource(path) as source:
        observations = Observations.concatenate(list(face_tracker.track(source.frames())))
    count = len(observations) / 1000
    return Run(
        observations, (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count
    )


def rotation_difference_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle between the rotations of two (T, 4, 4) arrays of rigid transforms."""
    product = np.einsum("tij,tkj->tik", a[:, :3, :3].astype(float), b[:, :3, :3].astype(float))
    cosine = (np.trace(product, axis1=1, axis2=2) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
