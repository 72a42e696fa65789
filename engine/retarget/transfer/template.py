# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped head, prepared as what shapes are taken from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ..head_asset import HeadAsset, load_asset
from .amounts import DEFAULT, skin_moves
from .contours import find_contours, mirrored_lines
from .landmarks import mirrored_mean, template_points
from .request import FacePoints, MeshPart
from .sides import label_sides
from .surface import Surface, triangulate
from .zbuffer import draw, view_from

# Directions from which the outside is looked at: yaw, pitch.
OUTSIDE = (
    (0, 0),
    (-50, 0),
    (50, 0),
    (-100, 0),
    (100, 0),
    (180, 0),
    (0, 50),
    (0, -45),
    (-30, -30),
    (30, -30),
)


def template_part(asset: HeadAsset) -> MeshPart:
    """The whole shipped head as one mesh."""
    return MeshPart("head", asset.vertices, asset.face_sizes, asset.face_vertices)


@dataclass(frozen=True)
class Template:
    """The shipped head.

    Attributes:
        asset: As read.
        skin: The skin alone; its vertices are the asset's first ones.
        points: Of the face mesh.
        labels: (n,) lip or lid of each vertex of the skin.
        contours: Edges of lips and lids, ``find_contours``.
        outside: (n,) bool, vertices of the skin that can be seen from outside.
        amounts: How strong the shapes are, one of ``amounts.AMOUNTS``.
        moves: ARKit name -> (n, 3) displacements of the skin in metres, ``amounts.skin_moves``.
    """

    asset: HeadAsset
    skin: Surface
    points: FacePoints
    labels: np.ndarray
    contours: dict[str, np.ndarray]
    outside: np.ndarray
    amounts: str
    moves: dict[str, np.ndarray]

    def part(self, name: str) -> np.ndarray:
        """(k,) vertices of the asset that belong to a part."""
        return np.arange(*self.asset.parts[name])


@cache
def load_template(amounts: str = DEFAULT) -> Template:
    """Read and prepare it once per process.

    Args:
        amounts: How strong its shapes are, one of ``amounts.AMOUNTS``.

    Raises:
        FacewrightError: Its files are missing or damaged.
    """
    if amounts != DEFAULT:
        plain = load_template()
        return replace(plain, amounts=amounts, moves=skin_moves(plain.asset, amounts))
    asset = load_asset()
    first, end = asset.parts["skin"]
    vertices = asset.vertices.astype(np.float64)
    triangles = triangulate(asset.face_sizes, asset.face_vertices)
    skin = Surface(vertices[first:end], triangles[(triangles < end).all(1)])
    points = mirrored_mean(template_points(), 0.0)
    labels = label_sides(skin, points)
    eyes = np.r_[np.arange(*asset.parts["eye_left"]), np.arange(*asset.parts["eye_right"])]
    balls = triangles[np.isin(triangles, eyes).all(1)]
    shown = Surface(vertices, np.concatenate([skin.triangles, balls]))
    padded = np.zeros(len(vertices), np.int8)
    padded[first:end] = labels
    is_skin = np.arange(len(shown.triangles)) < len(skin.triangles)
    contours = mirrored_lines(find_contours(shown, is_skin, padded, points), 0.0)
    seen = seen_from_outside(shown, points)[first:end]
    moves = skin_moves(asset, amounts)
    return Template(asset, skin, points, labels, contours, seen, amounts, moves)


def seen_from_outside(shown: Surface, points: FacePoints) -> np.ndarray:
    """(N,) bool: vertices of triangles that are seen from some side.

    Args:
        shown: Skin and what hides it.
        points: Of the face mesh; the pictures show three times its width.
    """
    known = points.points[np.isfinite(points.points).all(1)]
    low, high = known.min(0), known.max(0)
    span = 1.9 * float((high - low).max())
    centre = (low + high) / 2
    visible = np.zeros(len(shown.vertices), bool)
    for yaw, pitch in OUTSIDE:
        seen = draw(shown.vertices, shown.triangles, view_from(yaw, pitch, centre, span, 420)).faces
        visible[shown.triangles[np.unique(seen[seen >= 0])]] = True
    return visible
