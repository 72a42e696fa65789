# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a head is its own mirror image, and making shapes so."""

from __future__ import annotations

import numpy as np

from ...core.arkit import mirror_name
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


def mirror_pairs(surface: Surface, middle_x: float, tolerance: float) -> np.ndarray:
    """(N,) the vertex at the mirrored place of each, -1 where there is none.

    Args:
        surface: All meshes; of several vertices at one place, the one whose normal is mirrored.
        middle_x: The plane of symmetry.
        tolerance: How near it must be.
    """
    from scipy.spatial import cKDTree

    mirrored = surface.vertices * [-1, 1, 1] + [2 * middle_x, 0, 0]
    count = min(6, len(mirrored))
    gaps, near = cKDTree(surface.vertices).query(mirrored, k=count)
    gaps, near = gaps.reshape(-1, count), near.reshape(-1, count)
    alike = np.einsum("nkd,nd->nk", surface.normals[near], surface.normals * [-1, 1, 1])
    # Lips that touch share a place; what faces the other way is not the partner.
    score = np.where(gaps < tolerance, alike - gaps / tolerance, -np.inf)
    best = score.argmax(1)
    rows = np.arange(len(mirrored))
    return np.where(np.isfinite(score[rows, best]), near[rows, best], -1)


def symmetrised(shapes: dict[str, np.ndarray], pairs: np.ndarray) -> dict[str, np.ndarray]:
    """Shapes that are each other's mirror images where the mesh is.

    Args:
        shapes: ARKit name -> (N, 3); a name whose mirror image is missing stays as it is.
        pairs: From ``mirror_pairs``.
    """
    paired = pairs >= 0
    out = {}
    for name, moves in shapes.items():
        other = shapes.get(mirror_name(name))
        out[name] = moves.copy()
        if other is not None:
            flipped = other[pairs[paired]] * [-1, 1, 1]
            out[name][paired] = (moves[paired] + flipped) / 2
    return out
