# SPDX-License-Identifier: GPL-3.0-or-later
"""Which engine is better at which head angle: figures over frames of several clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.support.truth import Truth
from benchmarks.support.weight_errors import ACTIVE
from engine.core.arkit import INDEX
from engine.core.types import FaceTrack

# Degrees between where the face looks and the camera.
BINS = ((0, 20), (20, 40), (40, 90))


@dataclass(frozen=True)
class AngleFigures:
    """One contestant in frames of one range of angles; NaN where there is none.

    Attributes:
        found: Share of the frames in which a face was found.
        active: Mean absolute error of weights whose truth is above 0.05.
        head_deg: Mean absolute error of pitch, yaw and roll where a face was found.
    """

    found: float
    active: float
    head_deg: float


def turned_deg(head_deg: np.ndarray) -> np.ndarray:
    """How far a face looks away from the camera: (T,) degrees of (T, 3) pitch, yaw, roll."""
    pitch, yaw, _ = np.radians(head_deg).T
    return np.degrees(np.arccos(np.clip(np.cos(pitch) * np.cos(yaw), -1, 1)))


def figures(
    pairs: Sequence[tuple[Truth, FaceTrack]], low: float, high: float
) -> tuple[int, AngleFigures]:
    """Frames of that range, and what a contestant does in them."""
    found, active, head = [], [], []
    for truth, track in pairs:
        turned = turned_deg(truth.head_deg)
        rows = (turned >= low) & (turned < high)
        found.append(track.valid[rows])
        columns = [INDEX[name] for name in truth.names]
        error = np.abs(np.nan_to_num(track.weights[:, columns]) - truth.weights)
        active.append(error[rows][truth.weights[rows] > ACTIVE])
        head.append(np.abs(track.head_deg - truth.head_deg)[rows & track.valid].ravel())
    return sum(map(len, found)), AngleFigures(*(_mean(part) for part in (found, active, head)))


def _mean(parts: Sequence[np.ndarray]) -> float:
    together = np.concatenate(parts)
    return float(together.mean()) if len(together) else np.nan


def angle_table(results: Mapping[str, Sequence[tuple[Truth, FaceTrack]]]) -> str:
    """A line a range and figure, a column a contestant; the best of a line has a star."""
    lines = [_line("degrees from the camera", results)]
    for low, high in BINS:
        found = {name: figures(pairs, low, high) for name, pairs in results.items()}
        frames = next(iter(found.values()))[0]
        name = f"{low}-{high}, {frames} frames"
        if not frames:
            lines.append(f"{name}: none in these clips")
            continue
        values = [figure for _, figure in found.values()]
        lines.append(_row(f"{name}: face found", ".3f", [f.found for f in values], max))
        lines.append(_row("  error where active", ".3f", [f.active for f in values], min))
        lines.append(_row("  head angle, degrees", ".2f", [f.head_deg for f in values], min))
    return "\n".join(lines)


def _row(name: str, form: str, values: Sequence[float], best) -> str:
    known = [value for value in values if not np.isnan(value)]
    top = best(known) if known else None
    cells = (
        "-" if np.isnan(v) else f"{v:{form}}" + ("*" if v == top and len(known) > 1 else "")
        for v in values
    )
    return _line(name, cells)


def _line(name: str, cells) -> str:
    return f"{name:30}" + "".join(f"{cell:>16}" for cell in cells)
