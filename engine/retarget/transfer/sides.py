# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lip or lid a vertex belongs to, decided by the way along the surface.

Lips that touch are near in space, but far apart along the skin. Everything that looks for
corresponding points asks this first, so that no part of one lip is taken for the other.
"""

from __future__ import annotations

import numpy as np

from .request import FacePoints
from .surface import Surface

# Points of the face mesh along each lip and lid, a little off the opening, corners left out;
# from the character's right to its left.
SEEDS: dict[str, tuple[int, ...]] = {
    "upper_lip": (40, 39, 37, 0, 267, 269, 270),
    "lower_lip": (91, 181, 84, 17, 314, 405, 321),
    "upper_lid_left": (286, 258, 257, 259, 260),
    "lower_lid_left": (256, 252, 253, 254, 339),
    "upper_lid_right": (30, 29, 27, 28, 56),
    "lower_lid_right": (110, 24, 23, 22, 26),
}
NAMES = tuple(SEEDS)
# The corners of each opening, the character's right one first, and its two sides.
OPENINGS: dict[str, tuple[int, int, str, str]] = {
    "mouth": (61, 291, "upper_lip", "lower_lip"),
    "eye_left": (362, 263, "upper_lid_left", "lower_lid_left"),
    "eye_right": (33, 133, "upper_lid_right", "lower_lid_right"),
}
# How far from its seeds a lip or lid reaches, in widths of its opening.
_REACH = 0.42
# How much nearer it must be to one than to the other, in the same widths: beside the corners the
# skin belongs to both.
_SURE = {"mouth": 0.1, "eye_left": 0.03, "eye_right": 0.03}


def code(name: str) -> int:
    """The number that stands for a lip or lid in labels; 0 stands for none."""
    return NAMES.index(name) + 1


def opposite(label: int) -> int:
    """The lip or lid on the other side of the opening."""
    return label + 1 if label % 2 else label - 1


def label_sides(
    surface: Surface, points: FacePoints, sure: dict[str, float] | None = None
) -> np.ndarray:
    """(N,) int8: the lip or lid of each vertex, 0 where it belongs to none.

    Args:
        surface: The skin.
        points: Of the face mesh, on the skin; openings whose seeds are unknown get no labels.
        sure: Opening -> how much nearer it must be to one side; None: the usual amounts.
    """
    from scipy.spatial import cKDTree

    labels = np.zeros(len(surface.vertices), np.int8)
    tree = cKDTree(surface.vertices)
    sure = _SURE if sure is None else sure
    for opening, (first, last, *names) in OPENINGS.items():
        width = float(np.linalg.norm(points.points[first] - points.points[last]))
        if not np.isfinite(width):
            continue
        ways = []
        for name in names:
            line = _dense(points.points[list(SEEDS[name])])
            if len(line) < 3:
                break
            _, seeds = tree.query(line)
            ways.append(surface.distances(seeds, _REACH * width))
        if len(ways) == 2:
            upper, lower = ways
            near = np.isfinite(upper) | np.isfinite(lower)
            far = 2 * _REACH * width
            upper, lower = np.minimum(upper, far), np.minimum(lower, far)
            clear = np.abs(upper - lower) > sure[opening] * width
            labels[near & clear & (upper < lower)] = code(names[0])
            labels[near & clear & (lower < upper)] = code(names[1])
    return labels


def _dense(line: np.ndarray) -> np.ndarray:
    """A line of points (n, 3), NaN rows left out, with three more between neighbours."""
    line = line[np.isfinite(line).all(1)]
    if len(line) < 2:
        return line
    at = np.linspace(0, len(line) - 1, 4 * len(line) - 3)
    return np.stack([np.interp(at, np.arange(len(line)), line[:, k]) for k in range(3)], 1)
