# SPDX-License-Identifier: GPL-3.0-or-later
"""One segment of a Bezier F-curve, cut in two without a change of its shape."""

from __future__ import annotations

import numpy as np


def split_segment(points: np.ndarray, x: float) -> np.ndarray:
    """Cuts a segment at a frame, by de Casteljau's construction.

    Args:
        points: float (4, 2), frame and value: a key, its right handle, the left handle of the
            next key, that key. Handles that together reach further than the segment is long are
            shortened first, as Blender does before it evaluates.
        x: Frame strictly between both keys.

    Returns:
        float64 (7, 2): the first key, its right handle, the new key's left handle, the new key,
        its right handle, the second key's left handle, the second key.
    """
    points = _tamed(np.asarray(points, np.float64))
    low, high = 0.0, 1.0
    # Frames increase along the segment, so halving finds the place; 60 halvings exhaust a float64.
    for _ in range(60):
        middle = 0.5 * (low + high)
        if _cut(points, middle)[3, 0] < x:
            low = middle
        else:
            high = middle
    return _cut(points, 0.5 * (low + high))


def _tamed(points: np.ndarray) -> np.ndarray:
    """Handles within the segment's length, so that it has one value at each frame."""
    first, right, left, last = points
    length = last[0] - first[0]
    reach = abs(right[0] - first[0]) + abs(last[0] - left[0])
    if reach <= length:
        return points
    share = length / reach
    return np.array([first, first + share * (right - first), last + share * (left - last), last])


def _cut(points: np.ndarray, t: float) -> np.ndarray:
    a, b, c, d = points
    ab, bc, cd = a + t * (b - a), b + t * (c - b), c + t * (d - c)
    abc, bcd = ab + t * (bc - ab), bc + t * (cd - bc)
    return np.array([a, ab, abc, abc + t * (bcd - abc), bcd, cd, d])
