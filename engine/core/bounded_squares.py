# SPDX-License-Identifier: GPL-3.0-or-later
"""Least squares between bounds, for few unknowns.

Newton's method on the unknowns that are free, projected onto the bounds (Bertsekas 1982,
"Projected Newton methods for optimization problems with simple constraints"). With a matrix that
is positive definite it ends at the one minimum, mostly in a handful of steps.
"""

from __future__ import annotations

import numpy as np

_STEPS = 60
_HALVINGS = 30


def solve_bounded(
    matrix: np.ndarray, vector: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """The x between the bounds with the smallest ½ xᵀ A x − bᵀ x.

    Args:
        matrix: float64 (n, n), A, symmetric and positive definite.
        vector: float64 (n,), b.
        low, high: float64 (n,), low <= high.

    Returns:
        float64 (n,).
    """
    x = np.clip(np.linalg.solve(matrix, vector), low, high)
    tiny = 1e-10 * max(float(np.abs(vector).max(initial=0.0)), 1e-300)
    for _ in range(_STEPS):
        slope = matrix @ x - vector
        held = ((x <= low) & (slope > 0)) | ((x >= high) & (slope < 0))
        free = np.flatnonzero(~held)
        if not len(free) or np.abs(slope[free]).max() <= tiny:
            break
        step = np.zeros_like(x)
        step[free] = -np.linalg.solve(matrix[np.ix_(free, free)], slope[free])
        size = 1.0
        for _ in range(_HALVINGS):
            moved = np.clip(x + size * step, low, high) - x
            # Armijo's rule on the projected path.
            if slope @ moved + 0.5 * moved @ matrix @ moved <= 1e-4 * (slope @ moved):
                break
            size /= 2
        if not moved.any():
            break
        x = x + moved
    return x
