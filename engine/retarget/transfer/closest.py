# SPDX-License-Identifier: GPL-3.0-or-later
"""The nearest point of a surface, among triangles that face the right way."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .surface import Surface

_NEAREST = 14
# A triangle is sampled at most this finely along its sides.
_MOST_SAMPLES = 6


class Hit(NamedTuple):
    """Nearest points.

    Attributes:
        faces: (n,) triangle; -1 where none faces the right way nearby.
        weights: (n, 3) barycentric.
        points: (n, 3).
        distances: (n,); inf where there is none.
    """

    faces: np.ndarray
    weights: np.ndarray
    points: np.ndarray
    distances: np.ndarray


class NearestOnSurface:
    """Answers many questions about one surface.

    Args:
        surface: The mesh.
        faces: (k,) triangles that may be found; None: all.
    """

    def __init__(self, surface: Surface, faces: np.ndarray | None = None) -> None:
        from scipy.spatial import cKDTree

        self._surface = surface
        chosen = np.arange(len(surface.triangles)) if faces is None else np.asarray(faces)
        corners = surface.vertices[surface.triangles[chosen]]
        sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
        spacing = 1.5 * float(np.median(sides)) if len(sides) else 1.0
        levels = np.clip(np.ceil(sides / max(spacing, 1e-30)), 1, _MOST_SAMPLES).astype(int)
        samples, owners = [], []
        for level in np.unique(levels):
            rows = np.flatnonzero(levels == level)
            for weights in _grid(level):
                samples.append(np.einsum("k,nkd->nd", weights, corners[rows]))
                owners.append(chosen[rows])
        self.empty = not len(chosen)
        self._owners = np.concatenate(owners) if owners else np.zeros(0, np.int64)
        self._tree = None if self.empty else cKDTree(np.concatenate(samples))

    def find(
        self, points: np.ndarray, normals: np.ndarray | None = None, least_cosine: float = -2.0
    ) -> Hit:
        """The nearest point for each of (n, 3) points.

        Args:
            points: Where from.
            normals: (n, 3) unit; only triangles whose normal there has at least ``least_cosine``
                with it count.
            least_cosine: See above.
        """
        n = len(points)
        faces, weights = np.full(n, -1), np.zeros((n, 3))
        found, best = np.zeros((n, 3)), np.full(n, np.inf)
        if self.empty or not n:
            return Hit(faces, weights, found, best)
        count = min(_NEAREST, len(self._owners))
        _, near = self._tree.query(points, k=count)
        candidates = self._owners[near.reshape(n, count)]
        triangles = self._surface.triangles[candidates]
        corners = self._surface.vertices[triangles]
        shares = _nearest_weights(points[:, None], corners)
        at = np.einsum("nkc,nkcd->nkd", shares, corners)
        distances = np.linalg.norm(at - points[:, None], axis=2)
        if normals is not None:
            there = np.einsum("nkc,nkcd->nkd", shares, self._surface.normals[triangles])
            there /= np.maximum(np.linalg.norm(there, axis=2, keepdims=True), 1e-30)
            cosines = np.einsum("nkd,nd->nk", there, normals)
            distances = np.where(cosines < least_cosine, np.inf, distances)
        pick = distances.argmin(1)
        rows = np.arange(n)
        best = distances[rows, pick]
        faces = np.where(np.isfinite(best), candidates[rows, pick], -1)
        return Hit(faces, shares[rows, pick], at[rows, pick], best)


def _grid(level: int) -> list[np.ndarray]:
    """Barycentric places spread over a triangle; the middle alone at level 1."""
    if level == 1:
        return [np.full(3, 1 / 3)]
    steps = [(i, j) for i in range(level) for j in range(level - i)]
    return [(np.array([i, j, level - 1 - i - j]) + 1 / 3) / level for i, j in steps]


def _nearest_weights(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Barycentric weights (n, k, 3) of the nearest point of each triangle.

    After Ericson, Real-Time Collision Detection (2005), section 5.1.5.

    Args:
        points: (n, 1, 3).
        corners: (n, k, 3, 3).
    """
    a, b, c = corners[:, :, 0], corners[:, :, 1], corners[:, :, 2]
    ab, ac = b - a, c - a
    dot = lambda p, q: np.einsum("nkd,nkd->nk", p, q)  # noqa: E731
    ap, bp, cp = points - a, points - b, points - c
    d1, d2, d3, d4, d5, d6 = (
        dot(ab, ap),
        dot(ac, ap),
        dot(ab, bp),
        dot(ac, bp),
        dot(ab, cp),
        dot(ac, cp),
    )
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    total = va + vb + vc
    total = np.where(np.abs(total) < 1e-30, 1e-30, total)
    v, w = vb / total, vc / total
    safe = lambda p, q: p / np.where(np.abs(q) < 1e-30, 1e-30, q)  # noqa: E731
    zero, one = np.zeros_like(v), np.ones_like(v)
    on_bc = safe(d4 - d3, (d4 - d3) + (d5 - d6))
    on_ac, on_ab = safe(d2, d2 - d6), safe(d1, d1 - d3)
    cases = [
        (d1 <= 0) & (d2 <= 0),
        (d3 >= 0) & (d4 <= d3),
        (d6 >= 0) & (d5 <= d6),
        (vc <= 0) & (d1 >= 0) & (d3 <= 0),
        (vb <= 0) & (d2 >= 0) & (d6 <= 0),
        (va <= 0) & (d4 - d3 >= 0) & (d5 - d6 >= 0),
    ]
    v = np.select(cases, [zero, one, zero, on_ab, zero, 1 - on_bc], v)
    w = np.select(cases, [zero, zero, one, zero, on_ac, on_bc], w)
    return np.stack([1 - v - w, v, w], axis=2)
