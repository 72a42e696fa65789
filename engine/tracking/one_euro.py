# SPDX-License-Identifier: GPL-3.0-or-later
"""MediaPipe's smoothing of landmarks over time: a One-Euro filter per coordinate.

Source: Casiez, Roussel, Vogel, "1 Euro Filter" (CHI 2012), in the form of MediaPipe's
``one_euro_filter.cc`` and ``landmarks_smoothing_calculator.cc``, with the constants of the face
landmarker graph. The speed is measured in face sizes per second, so that the smoothing does not
depend on how large the face is in the picture.
"""

from __future__ import annotations

import math

import numpy as np

MIN_CUTOFF_HZ = 0.05
BETA = 80.0
DERIVATIVE_CUTOFF_HZ = 1.0
INITIAL_RATE_HZ = 30.0


def _alpha(cutoff_hz, rate_hz: float):
    """Weight of the new value in a first-order low-pass."""
    return 1 / (1 + rate_hz / (2 * math.pi * cutoff_hz))


class OneEuro:
    """Filters a set of points, one call per frame."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets everything, as after a gap."""
        self._time_s: float | None = None
        self._raw: np.ndarray | None = None
        self._speed: np.ndarray | None = None
        self._smooth: np.ndarray | None = None

    def __call__(self, points: np.ndarray, time_s: float) -> np.ndarray:
        """Smoothed points.

        Args:
            points: float (n, 3), pixels.
            time_s: Time of the frame in seconds; a frame that is not later than the one before
                is returned as it is, as in MediaPipe.

        Returns:
            float64 (n, 3).
        """
        points = np.asarray(points, np.float64)
        extent = np.ptp(points[:, :2], axis=0)
        size = float(extent.sum()) / 2
        if size < 1e-6 or (self._time_s is not None and time_s <= self._time_s):
            return points
        if self._time_s is None:
            self._speed = np.zeros_like(points)
            self._smooth = points
            rate = INITIAL_RATE_HZ
        else:
            rate = 1 / (time_s - self._time_s)
            speed = (points - self._raw) * (rate / size)
            self._speed = self._speed + _alpha(DERIVATIVE_CUTOFF_HZ, rate) * (speed - self._speed)
            alpha = _alpha(MIN_CUTOFF_HZ + BETA * np.abs(self._speed), rate)
            self._smooth = self._smooth + alpha * (points - self._smooth)
        self._time_s = time_s
        self._raw = points
        return self._smooth
