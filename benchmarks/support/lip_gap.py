# SPDX-License-Identifier: GPL-3.0-or-later
"""How far apart the lips of the shipped head are for given weights."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.core.arkit import NAMES
from engine.retarget.head_asset import load_asset

# The middle of the mouth: towards the corners lips touch in any pose. The mesh has columns of
# vertices at these places; they are taken at rest and stay the same when the mouth narrows.
COLUMNS_MM = (-5.8, 0.0, 5.8)
COLUMN_HALF_MM = 1.0
# Skin in front of the teeth and about the line where the lips meet, at rest.
FRONT_MM = -96.0
BELOW_MM, ABOVE_MM = 9.0, 9.0
WIDTH_MM = 14.0


@lru_cache(maxsize=1)
def _lips() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (L, 3) in mm, their deltas (52, L, 3) in mm, and which are of the lower lip."""
    head = load_asset()
    first, end = head.parts["skin"]
    place = head.vertices[first:end] * 1000
    deltas = np.stack([head.deltas[name][first:end] * 1000 for name in NAMES])
    drop = -deltas[NAMES.index("jawOpen"), :, 2]
    near = (np.abs(place[:, 0]) < WIDTH_MM) & (place[:, 1] < FRONT_MM)
    # Where the lips meet: between the lowest of what the jaw does not move and the highest of
    # what it moves.
    middle = near & (np.abs(place[:, 0]) < COLUMN_HALF_MM)
    line = place[middle & (drop > 15), 2].max()
    near &= (place[:, 2] > line - BELOW_MM) & (place[:, 2] < line + ABOVE_MM)
    near &= (drop > 15) | (drop < 5)
    return place[near], deltas[:, near], drop[near] > 15


def lip_gap_mm(weights: np.ndarray) -> np.ndarray:
    """The widest vertical gap between the lips about the middle of the mouth.

    Args:
        weights: (N, 52), ARKit order.

    Returns:
        float64 (N,) millimetres; below 0 where the lips overlap everywhere.
    """
    place, deltas, lower = _lips()
    columns = _columns(place[:, 0], lower)
    gap = np.full(len(weights), -np.inf)
    for begin in range(0, len(weights), 4000):
        part = slice(begin, begin + 4000)
        moved = place[:, 2] + np.asarray(weights[part], np.float64) @ deltas[..., 2]
        for below, above in columns:
            here = moved[:, above].min(1) - moved[:, below].max(1)
            gap[part] = np.maximum(gap[part], here)
    return gap


def _columns(x: np.ndarray, lower: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Indices of the lower and of the upper lip for each column about the middle."""
    columns = []
    for centre in COLUMNS_MM:
        here = np.abs(x - centre) < COLUMN_HALF_MM
        columns.append((np.flatnonzero(here & lower), np.flatnonzero(here & ~lower)))
    return columns
