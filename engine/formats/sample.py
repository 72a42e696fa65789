# SPDX-License-Identifier: GPL-3.0-or-later
"""One moment of a face as another program tells it, and as a row of a track."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..core.arkit import COUNT
from ..core.mirror import mirror_values
from ..core.types import FaceTrack


def _unknown(*shape: int) -> np.ndarray:
    return np.full(shape, np.nan)


@dataclass(frozen=True)
class FaceSample:
    """What one packet, or one row of a file, says. NaN is what it does not say.

    Attributes:
        time_s: Seconds on the sender's clock, or None where the packet has no time.
        valid: False where the sender sees no face.
        weights: float64 (52,), ARKit order.
        head_deg: float64 (3,), pitch, yaw, roll as in ``core.types.FaceTrack``.
        head_cm: float64 (3,), as in ``FaceTrack``.
        gaze_deg: float64 (2, 2), per eye (left, right) pitch and yaw as in ``FaceTrack``.
        subject: Who it is, where the sender gives a name; else empty.
    """

    time_s: float | None
    valid: bool = True
    weights: np.ndarray = field(default_factory=lambda: _unknown(COUNT))
    head_deg: np.ndarray = field(default_factory=lambda: _unknown(3))
    head_cm: np.ndarray = field(default_factory=lambda: _unknown(3))
    gaze_deg: np.ndarray = field(default_factory=lambda: _unknown(2, 2))
    subject: str = ""


def to_row(sample: FaceSample, time_s: float) -> FaceTrack:
    """A track of one frame at ``time_s``: what the sample does not say rests at 0."""
    valid = np.array([sample.valid])

    def column(values: np.ndarray) -> np.ndarray:
        rest = np.nan_to_num(np.asarray(values, np.float32))
        return np.where(sample.valid, rest, np.nan).astype(np.float32)[None]

    return FaceTrack(
        np.array([time_s]),
        valid,
        valid.astype(np.float32),
        column(np.ones(COUNT)),
        column(sample.weights),
        column(sample.head_deg),
        column(sample.head_cm),
        column(sample.gaze_deg),
    )


def mirrored(sample: FaceSample) -> FaceSample:
    """The sample as a mirror shows it: the actor's left is the character's right."""
    values = mirror_values(sample.weights, sample.head_deg, sample.head_cm, sample.gaze_deg)
    return replace(sample, **values)
