# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a head is its own mirror image, and making shapes so."""

from __future__ import annotations

import numpy as np

from .closest import NearestOnSurface
from .request import FacePoints
from .surface import Surface

# How far the mirrored skin may lie from the skin, in face widths, in all but a few places.
_TOLERANCE = 0.006


def find_middle(skin: Surface, points: FacePoints) -> float | None:
    """The x of the plane of symmetry of the face, or None where there is none.

    Args:
        skin: The skin.
        points: Of the face mesh; they tell where the face is.
    """
    known = points.points[np.isfinite(points.points).all(1)]
    width = float(np.ptp(known[:, 0]))
    middle = known.mean(0)
    near = np.flatnonzero(np.linalg.norm(skin.vertices - middle, axis=1) < 0.8 * width)
    if len(near) < 50:
        return None
    near = near[:: max(len(near) // 1500, 1)]
    surface = NearestOnSurface(skin)
    boxed = float(skin.vertices[:, 0].min() + skin.vertices[:, 0].max()) / 2
    for x in (0.0, boxed):
        mirrored = skin.vertices[near] * [-1, 1, 1] + [2 * x, 0, 0]
        gaps = surface.find(mirrored).distances
        if np.quantile(gaps, 0.9) < _TOLERANCE * width:
            return x
    return None
