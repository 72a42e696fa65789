# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the points are in heat maps."""

from __future__ import annotations

import numpy as np


def places_in(maps: np.ndarray) -> np.ndarray:
    """The places of the peaks: the hottest cell, and its neighbours' share in it.

    Args:
        maps: float (n, rows, columns), one map a point, hotter is likelier.

    Returns:
        float64 (n, 2): x, y, from 0 at the first cell's outer edge to 1 at the last one's.
    """
    maps = np.asarray(maps, np.float64)
    count, rows, columns = maps.shape
    top = maps.reshape(count, -1).argmax(1)
    y, x = np.unravel_index(top, (rows, columns))
    steps = np.arange(-1, 2)
    ys, xs = y[:, None, None] + steps[:, None], x[:, None, None] + steps[None, :]
    inside = (ys >= 0) & (ys < rows) & (xs >= 0) & (xs < columns)
    around = maps[np.arange(count)[:, None, None], ys.clip(0, rows - 1), xs.clip(0, columns - 1)]
    # Above the coldest of the nine: a raised ground must not pull the place to the middle.
    heat = np.where(inside, around - around.min((1, 2), keepdims=True), 0.0)
    total = heat.sum((1, 2))
    flat = total <= 0
    total[flat] = 1.0
    shift_x, shift_y = (heat * steps[None, :]).sum((1, 2)), (heat * steps[:, None]).sum((1, 2))
    return np.stack([(x + shift_x / total + 0.5) / columns, (y + shift_y / total + 0.5) / rows], 1)
