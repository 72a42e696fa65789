# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads without shapes, made from the shipped one, whose right shapes are therefore known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.retarget.head_asset import load_asset
from engine.retarget.transfer.landmarks import template_points
from engine.retarget.transfer.request import FacePoints, MeshPart


@dataclass(frozen=True)
class Target:
    """A head to transfer onto.

    Attributes:
        part: Its mesh.
        guess: Points of the face mesh on it.
        own: ARKit name -> (N, 3), what the shapes should be.
        parts: Name -> rows of the vertices that come from a part of the shipped head.
    """

    part: MeshPart
    guess: FacePoints
    own: dict[str, np.ndarray]
    parts: dict[str, np.ndarray]


def warp(points: np.ndarray) -> np.ndarray:
    """Another person: a longer, narrower face with a larger chin and nose, still symmetric."""
    x, y, z = points.T
    lower = np.clip((0.02 - z) / 0.1, 0, 1)
    nose = np.exp(-((x / 0.02) ** 2 + ((z - 0.0) / 0.02) ** 2 + ((y + 0.11) / 0.03) ** 2))
    return np.stack(
        [x * (0.96 - 0.06 * lower), y * 1.03 - 0.004 * nose, z * 1.04 - 0.004 * lower], 1
    )


def other_head(turned: bool = True) -> Target:
    """The shipped head warped, with other vertices.

    Every polygon gets a vertex inside it; the edges between two polygons are then turned
    (``turned``), so that none of the old ones is left.
    """
    asset = load_asset()
    vertices = asset.vertices.astype(np.float64)
    polygons = np.split(asset.face_vertices, np.cumsum(asset.face_sizes)[:-1])
    places = np.concatenate([vertices, [vertices[p].mean(0) for p in polygons]])
    corners = np.array(
        [
            (a, b, len(vertices) + number)
            for number, p in enumerate(polygons)
            for a, b in zip(p, np.roll(p, -1), strict=True)
        ]
    )
    if turned:
        corners = _turn_edges(corners, len(vertices))
    own = {}
    for name, delta in asset.deltas.items():
        moved = warp(vertices + delta) - warp(vertices)
        own[name] = np.concatenate([moved, [moved[p].mean(0) for p in polygons]])
    part = MeshPart("head", warp(places), np.full(len(corners), 3), corners.ravel())
    points = template_points()
    guess = FacePoints(warp(points.points), points.weights)
    parts = {}
    for name, (first, end) in asset.parts.items():
        inside = [k for k, p in enumerate(polygons) if first <= p[0] < end]
        parts[name] = np.concatenate([np.arange(first, end), len(vertices) + np.array(inside)])
    return Target(part, guess, own, parts)


def _turn_edges(corners: np.ndarray, old: int) -> np.ndarray:
    """Each edge between two old vertices is replaced by one between the two new ones beside it."""
    edges: dict[tuple[int, int], list[int]] = {}
    for row, (a, b, _) in enumerate(corners.tolist()):
        edges.setdefault((min(a, b), max(a, b)), []).append(row)
    out = corners.copy()
    for (a, b), rows in edges.items():
        if len(rows) == 2 and a < old and b < old:
            first, second = rows
            a, b, m = corners[first]
            n = corners[second][2]
            out[first], out[second] = (a, n, m), (n, b, m)
    return out
