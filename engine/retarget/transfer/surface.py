# SPDX-License-Identifier: GPL-3.0-or-later
"""Triangles, normals, islands and Laplacians of meshes as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


def triangulate(face_sizes: np.ndarray, face_vertices: np.ndarray) -> np.ndarray:
    """Fans of triangles, int64 (T, 3); polygons of fewer than three corners are left out.

    Args:
        face_sizes: (F,) corners of each polygon.
        face_vertices: (C,) vertex of each corner.
    """
    sizes = np.asarray(face_sizes, np.int64)
    corners = np.asarray(face_vertices, np.int64)
    starts = np.cumsum(sizes) - sizes
    fans = []
    for size in np.unique(sizes[sizes >= 3]):
        corner = starts[sizes == size][:, None] + np.arange(size)
        fans += [corners[corner[:, [0, k, k + 1]]] for k in range(1, size - 1)]
    return np.concatenate(fans) if fans else np.zeros((0, 3), np.int64)


def unique_edges(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges (E, 2), smaller vertex first, and how many triangles share each."""
    edges = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1
    )
    return np.unique(edges, axis=0, return_counts=True)


def weld_seams(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Which vertex stands for each, int64 (N,): those split along texture seams become one.

    Only vertices on open borders are joined: lips that touch exactly are not a seam.
    """
    edges, counts = unique_edges(triangles)
    border = np.unique(edges[counts == 1])
    parent = np.arange(len(vertices))
    if not len(border):
        return parent
    size = float(np.ptp(vertices, axis=0).max()) or 1.0
    grid = np.round(vertices[border] / (size * 2e-6)).astype(np.int64)
    _, group = np.unique(grid, axis=0, return_inverse=True)
    first = np.full(group.max() + 1, len(vertices))
    np.minimum.at(first, group.ravel(), border)
    parent[border] = first[group.ravel()]
    return parent


@dataclass(frozen=True)
class Surface:
    """A triangle mesh.

    Attributes:
        vertices: (N, 3) float64.
        triangles: (T, 3) int64.
    """

    vertices: np.ndarray
    triangles: np.ndarray

    @cached_property
    def face_normals(self) -> np.ndarray:
        """(T, 3), as long as twice the area of the triangle."""
        a, b, c = (self.vertices[self.triangles[:, i]] for i in range(3))
        return np.cross(b - a, c - a)

    @cached_property
    def normals(self) -> np.ndarray:
        """(N, 3) unit normals of the vertices, weighted by area."""
        sums = np.zeros_like(self.vertices)
        for corner in range(3):
            for axis in range(3):
                sums[:, axis] += np.bincount(
                    self.triangles[:, corner], self.face_normals[:, axis], len(self.vertices)
                )
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-30)

    @cached_property
    def edges(self) -> np.ndarray:
        """(E, 2) int64."""
        return unique_edges(self.triangles)[0]

    @cached_property
    def edge_lengths(self) -> np.ndarray:
        """(E,)."""
        return np.linalg.norm(np.subtract(*self.vertices[self.edges.T]), axis=1)

    def islands(self) -> np.ndarray:
        """(N,) int: the number of the connected piece that each vertex belongs to."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        n = len(self.vertices)
        i, j = self.edges.T
        graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n))
        return connected_components(graph, directed=False)[1]

    def distances(self, seeds: np.ndarray, limit: float) -> np.ndarray:
        """(N,) shortest way along edges to the nearest seed vertex; inf beyond the limit."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import dijkstra

        n = len(self.vertices)
        i, j = self.edges.T
        lengths = np.maximum(self.edge_lengths, 1e-12)
        graph = coo_array((lengths, (i, j)), shape=(n, n)).tocsr()
        return dijkstra(graph, directed=False, indices=np.unique(seeds), limit=limit, min_only=True)

    def laplacian(self):
        """Umbrella Laplacian (N, N) csr: mean of the neighbours less the vertex, by edge length.

        Weights 1 / length keep it near the smooth surface's where edges differ much.
        """
        from scipy.sparse import coo_array, diags_array

        n = len(self.vertices)
        i, j = self.edges.T
        typical = float(np.median(self.edge_lengths)) if len(i) else 1.0
        w = 1 / np.maximum(self.edge_lengths, 0.05 * typical)
        matrix = coo_array(
            (np.concatenate([w, w]), (np.concatenate([i, j]), np.concatenate([j, i]))), shape=(n, n)
        ).tocsr()
        total = np.maximum(np.asarray(matrix.sum(1)).ravel(), 1e-30)
        return diags_array(1 / total) @ matrix - diags_array(np.ones(n))
