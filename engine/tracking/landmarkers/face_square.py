# SPDX-License-Identifier: GPL-3.0-or-later
"""The square that networks of the 3DMM family want, from the tracker's region of a face.

They were trained on squares around iBUG's 68 points, which reach from the brows to the chin; a
region is drawn around all 478 landmarks, which reach to the hairline. How the one lies in the other
is taken from the canonical face, as ``dense`` draws it.
"""

from __future__ import annotations

import math

import numpy as np

from ...core.face_geometry import FaceGeometry
from ..completion import Completion
from ..correspondence import IBUG_VERTICES
from ..regions import MARGIN, Region


class FaceSquare:
    """Makes the squares.

    Args:
        geometry: The canonical face.
        learned: What ``dense`` adds to it; None for nothing.
        longer: The square's side by the longer side of the points' box; or
        mean: by the mean of both sides.
    """

    def __init__(
        self,
        geometry: FaceGeometry,
        learned: Completion | None = None,
        *,
        longer: float = 0.0,
        mean: float = 0.0,
    ) -> None:
        drawn = geometry.vertices
        if learned is not None:
            drawn = drawn + learned.offset.reshape(-1, 3)[: len(drawn)]
        all_low, all_high = drawn.min(0)[:2], drawn.max(0)[:2]
        points = np.stack([geometry.vertices[list(v)].mean(0) for v in IBUG_VERTICES])[:, :2]
        low, high = points.min(0), points.max(0)
        face = float((all_high - all_low).max())
        sides = high - low
        self._side = float(longer * sides.max() + mean * sides.mean()) / face / MARGIN
        # The canonical face's y points up, the picture's down.
        up = float((low + high)[1] - (all_low + all_high)[1]) / 2
        self._down = -up / face / MARGIN

    def __call__(self, region: Region) -> Region:
        """The square in the picture, turned as the region is."""
        size = max(region.width, region.height)
        down, side = self._down * size, self._side * size
        return Region(
            region.x - math.sin(region.angle) * down,
            region.y + math.cos(region.angle) * down,
            side,
            side,
            region.angle,
        )
