# SPDX-License-Identifier: GPL-3.0-or-later
"""MediaPipe's smoothing of landmarks over time: a One-Euro filter per coordinate.

The form of MediaPipe's ``one_euro_filter.cc`` and ``landmarks_smoothing_calculator.cc``, with the
constants of the face landmarker graph. The speed is that of the points as measured, in face sizes
per second, so that the smoothing does not depend on how large the face is in the picture.
"""

from __future__ import annotations

import numpy as np

from ..core.one_euro import OneEuro

MIN_CUTOFF_HZ = 0.05
BETA = 80.0
DERIVATIVE_CUTOFF_HZ = 1.0


class LandmarkFilter:
    """Filters a set of points, one call per frame."""

    def __init__(self) -> None:
        self._filter = OneEuro(MIN_CUTOFF_HZ, BETA, DERIVATIVE_CUTOFF_HZ, speed_of_raw=True)

    def reset(self) -> None:
        """Forgets everything, as after a gap."""
        self._filter.reset()

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
        before_s = self._filter.time_s
        if size < 1e-6 or (before_s is not None and time_s <= before_s):
            return points
        return self._filter(points, time_s, unit=size)
