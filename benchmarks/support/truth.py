# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips whose true weights are known: a video and, beside it, a .csv of the same name.

Columns of the .csv, found by name: ``time_s``; ARKit shapes, those that the clip cannot show left
out; ``headPitchDeg``, ``headYawDeg``, ``headRollDeg``; optionally ``headXCm``, ``headYCm``,
``headZCm``. One row a frame, frames of reference as in ``engine.core.types``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.arkit import NAMES

ROOT = Path(__file__).resolve().parents[2]
# Data that developers of this project share beside the repository; not everyone has it.
SHARED = ROOT.parent / "shared" / "data"
_ANGLES = ("headPitchDeg", "headYawDeg", "headRollDeg")
_PLACE = ("headXCm", "headYCm", "headZCm")


@dataclass(frozen=True)
class Truth:
    """What happens in a clip.

    Attributes:
        video: The clip.
        names: The N ARKit shapes that are known.
        time_s: float64 (T,).
        weights: float64 (T, N).
        head_deg: float64 (T, 3), pitch, yaw, roll.
        head_cm: float64 (T, 3), or None where it is not known.
    """

    video: Path
    names: tuple[str, ...]
    time_s: np.ndarray
    weights: np.ndarray
    head_deg: np.ndarray
    head_cm: np.ndarray | None


def read_truth(video: Path) -> Truth:
    """Read the .csv beside a video."""
    with video.with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row]
    column = {name: i for i, name in enumerate(rows[0])}
    table = np.array(rows[1:], np.float64)
    names = tuple(name for name in NAMES if name in column)

    def values(wanted: tuple[str, ...]) -> np.ndarray:
        return table[:, [column[name] for name in wanted]]

    return Truth(
        video,
        names,
        table[:, column["time_s"]],
        values(names),
        values(_ANGLES),
        values(_PLACE) if set(_PLACE) <= set(column) else None,
    )


def shared_clips() -> list[Path]:
    """Videos with a .csv in the shared folder; none where there is no such folder."""
    return sorted(p.with_suffix(".mp4") for p in SHARED.glob("ground_truth/*.csv"))
