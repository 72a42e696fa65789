# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the head's pose at the beginning into "straight ahead", one frame at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.types import FaceTrack
from .columns import HEAD_CM, HEAD_DEG, to_matrix
from .recenter import relative_pose

MODES = ("AUTO", "CAMERA")
# How long the first frames with a face are watched for the neutral pose, seconds and frames.
_WATCH_S, _FEWEST = 0.5, 8


class LiveHeadCentre:
    """Head poses relative to a neutral one; comes before ``LiveFilter``.

    Until a neutral pose is set or known, it is the median of the frames seen so far.

    Args:
        mode: ``"AUTO"``: angles and positions relative to the neutral pose, as
            ``recenter.recenter_head`` does. ``"CAMERA"``: angles as measured; positions are
            displacements from the neutral position all the same, because a distance from the
            camera means nothing in a scene. May be changed at any time.

    Raises:
        ValueError: The mode is unknown.
    """

    def __init__(self, mode: str = "AUTO") -> None:
        self.mode = mode
        self.reset()

    @property
    def mode(self) -> str:
        """One of ``MODES``."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in MODES:
            raise ValueError(f"unknown way to centre the head {mode!r}, not one of {MODES}")
        self._mode = mode

    @property
    def neutral(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Angles in degrees and position in cm, float64 (3,) each; None before the first face."""
        return self._neutral

    def reset(self) -> None:
        """Forgets the neutral pose; the next frames with a face are watched for it."""
        self._neutral: tuple[np.ndarray, np.ndarray] | None = None
        self._watched: list[FaceTrack] | None = []

    def set_neutral(self, head_deg: np.ndarray, head_cm: np.ndarray) -> None:
        """What is straight ahead from now on.

        Args:
            head_deg, head_cm: float (3,) each, as measured, see ``FaceTrack``.

        Raises:
            ValueError: A number is not finite.
        """
        neutral = np.array(head_deg, np.float64), np.array(head_cm, np.float64)
        if not np.isfinite(neutral).all():
            raise ValueError(f"a neutral head pose needs finite numbers, not {neutral}")
        self._neutral, self._watched = neutral, None

    def take_neutral(self, rows: FaceTrack) -> None:
        """The median pose of the frames with a face is straight ahead from now on.

        Args:
            rows: As measured, before centring.

        Raises:
            ValueError: No frame has a face.
        """
        if not rows.valid.any():
            raise ValueError("no frame with a face to take the neutral head pose from")
        self.set_neutral(*_median_pose(rows))

    def centre(self, row: FaceTrack) -> FaceTrack:
        """One frame with its head relative to the neutral pose; the rest as it is.

        Frames without a face pass as they are.
        """
        if not (
            row.valid[0] and np.isfinite(row.head_deg).all() and np.isfinite(row.head_cm).all()
        ):
            return row
        if self._watched is not None:
            self._watch(row)
        neutral_deg, neutral_cm = self._neutral
        if self._mode == "CAMERA":
            head_deg, head_cm = row.head_deg, row.head_cm - neutral_cm
        else:
            head_deg, head_cm = relative_pose(row.head_deg, row.head_cm, neutral_deg, neutral_cm)
        return replace(
            row, head_deg=head_deg.astype(np.float32), head_cm=head_cm.astype(np.float32)
        )

    def _watch(self, row: FaceTrack) -> None:
        """Look at one more frame for the neutral pose."""
        self._watched.append(row)
        rows = FaceTrack.concatenate(self._watched)
        self._neutral = _median_pose(rows)
        if len(rows) >= _FEWEST and rows.time_s[-1] - rows.time_s[0] >= _WATCH_S:
            self._watched = None


def _median_pose(rows: FaceTrack) -> tuple[np.ndarray, np.ndarray]:
    """Median angles and position, float64 (3,) each, of the frames with a face."""
    matrix = to_matrix(rows)[rows.valid]
    return np.median(matrix[:, HEAD_DEG], axis=0), np.median(matrix[:, HEAD_CM], axis=0)
