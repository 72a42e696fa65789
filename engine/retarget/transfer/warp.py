# SPDX-License-Identifier: GPL-3.0-or-later
"""A smooth warp of space from pairs of points: biharmonic splines with linear precision."""

from __future__ import annotations

import numpy as np


class Warp:
    """Takes source points to target points, smoothly in between.

    The kernel is r, the biharmonic Green's function in three dimensions (Carr et al. 2001,
    "Reconstruction and representation of 3D objects with radial basis functions").

    Args:
        source: (n, 3).
        target: (n, 3).
        slack: (n,) or a number: how loosely each pair is held, as a share of the size of the
            cloud; 0 is exact.
    """

    def __init__(
        self, source: np.ndarray, target: np.ndarray, slack: np.ndarray | float = 0.0
    ) -> None:
        self._middle = source.mean(0)
        self._size = float(np.sqrt(((source - self._middle) ** 2).sum(1).mean())) or 1.0
        self._centres = (source - self._middle) / self._size
        n = len(source)
        plain = np.concatenate([np.ones((n, 1)), self._centres], 1)
        system = np.zeros((n + 4, n + 4))
        gaps = np.linalg.norm(self._centres[:, None] - self._centres[None], axis=2)
        # The kernel r is conditionally negative definite, hence the sign of the slack.
        system[:n, :n] = gaps - np.diag(np.broadcast_to(slack, n) + 1e-9)
        system[:n, n:] = plain
        system[n:, :n] = plain.T
        right = np.concatenate([target - source, np.zeros((4, 3))])
        self._solution = np.linalg.lstsq(system, right, rcond=None)[0]

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(m, 3) -> (m, 3)."""
        n = len(self._centres)
        moved = np.empty((len(points), 3))
        for first in range(0, len(points), 20000):
            p = (points[first : first + 20000] - self._middle) / self._size
            gaps = np.sqrt(
                np.maximum(
                    (p**2).sum(1)[:, None] + (self._centres**2).sum(1) - 2 * p @ self._centres.T, 0
                )
            )
            plain = np.concatenate([np.ones((len(p), 1)), p], 1)
            moved[first : first + 20000] = gaps @ self._solution[:n] + plain @ self._solution[n:]
        return points + moved


class NearWarp:
    """Takes points along with those around them: never further than any of these goes.

    A spline would carry the bulge of lips on into the mouth, and further (Shepard 1968 does not).

    Args:
        source: (n, 3).
        target: (n, 3).
        blur: Distance within which points count alike.
    """

    def __init__(self, source: np.ndarray, target: np.ndarray, blur: float) -> None:
        self._source, self._moves, self._blur = source, target - source, blur

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(m, 3) -> (m, 3)."""
        gaps = ((points[:, None] - self._source[None]) ** 2).sum(2)
        weights = (gaps + self._blur**2) ** -1.5
        return points + (weights @ self._moves) / weights.sum(1, keepdims=True)
