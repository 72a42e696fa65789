# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer keys within an error bound, for curves that an artist will edit by hand."""

from __future__ import annotations

import numpy as np


def reduce_keys(frames: np.ndarray, values: np.ndarray, tolerance: float) -> np.ndarray:
    """The keys that are enough when the curve runs in straight lines between them.

    Ramer, Douglas and Peucker's split with the error measured along the value axis, every open
    interval of a level split at once. The first, the last, the lowest and the highest key stay.

    Args:
        frames: float (n,), increasing.
        values: float (n,), finite.
        tolerance: Largest error in value units at any of the n frames; 0 drops only keys that
            lie on the line exactly.

    Returns:
        int64 (m,), increasing indices of the keys to keep. Linear interpolation between them is
        within ``tolerance`` of every value.
    """
    count = len(values)
    if count <= 2:
        return np.arange(count)
    x, y = np.asarray(frames, np.float64), np.asarray(values, np.float64)
    kept = np.unique([0, int(y.argmin()), int(y.argmax()), count - 1])
    while True:
        starts, ends = kept[:-1], kept[1:]
        segment = np.repeat(np.arange(len(starts)), ends - starts)
        left, right = starts[segment], ends[segment]
        share = (x[:-1] - x[left]) / (x[right] - x[left])
        error = np.abs(y[:-1] - (y[left] + share * (y[right] - y[left])))
        worst = np.maximum.reduceat(error, starts)
        open_ = worst > tolerance
        if not open_.any():
            return kept
        # The first frame that reaches its segment's worst error splits that segment.
        hit = np.flatnonzero((error >= worst[segment]) & open_[segment])
        _, first = np.unique(segment[hit], return_index=True)
        kept = np.union1d(kept, hit[first])
