# SPDX-License-Identifier: GPL-3.0-or-later
"""Deformation gradients, carried from one triangle mesh to another.

After Sumner and Popovic 2004 ("Deformation transfer for triangle meshes") in the form of a Poisson
equation (Botsch, Sumner, Pauly and Gross 2006, "Deformation transfer for detail-preserving surface
editing"): what is looked for are the displacements whose gradients over the triangles are nearest,
weighted by area, to those of the shape that is transferred.
"""

from __future__ import annotations

import numpy as np

from .surface import Surface


def deformation(rest: Surface, moves: np.ndarray) -> np.ndarray:
    """(T, 3, 3): the deformation gradient of each triangle less the identity.

    The third direction is the normal's, which keeps its length (Sumner and Popovic, section 3, let
    it grow with the root of the area; a shape should not thicken the skin).

    Args:
        rest: The mesh before.
        moves: (N, 3) displacements of its vertices.
    """
    _, normals = _areas(rest)
    _, turned = _areas(Surface(rest.vertices + moves, rest.triangles))
    in_plane = np.einsum("tci,tcj->tij", moves[rest.triangles], _hats(rest))
    return in_plane + np.einsum("ti,tj->tij", turned - normals, normals)


class GradientEquations:
    """The left side of the equations for one mesh, and right sides for any shapes.

    Args:
        skin: The mesh that is to move.
        weights: (N,) how far what each vertex is told counts, 0..1.
        matrix: Sparse (N, n): the template's vertex values at the mesh's vertices.
        rest: The template's mesh (n vertices) in the orientation and size of ``skin``.

    Attributes:
        stiffness: Sparse (N, N), symmetric, positive semi-definite, without unit.
    """

    def __init__(self, skin: Surface, weights: np.ndarray, matrix, rest: Surface) -> None:
        from scipy.sparse import coo_array, diags_array

        count = len(skin.triangles)
        rows = np.repeat(3 * np.arange(count)[:, None] + np.arange(3), 3, axis=0)
        columns = np.repeat(skin.triangles.reshape(-1, 1), 3, axis=1)
        shape = (3 * count, len(skin.vertices))
        gradient = coo_array((_hats(skin).ravel(), (rows.ravel(), columns.ravel())), shape).tocsr()
        area, _ = _areas(skin)
        area = np.repeat(area * weights[skin.triangles].min(1), 3)
        self._divergence = (gradient.T @ diags_array(area)).tocsr()
        self.stiffness = (self._divergence @ gradient).tocsr()
        self._skin, self._rest = skin, rest
        # From the template's triangles to its vertices by area, and on to the mesh's.
        area, _ = _areas(rest)
        corners = rest.triangles.ravel()
        each = np.repeat(np.arange(len(area)), 3)
        spread = coo_array((area[each], (corners, each)), (len(rest.vertices), len(area))).tocsr()
        total = np.maximum(np.asarray(spread.sum(1)).ravel(), 1e-30)
        self._matrix = (matrix @ (diags_array(1 / total) @ spread)).tocsr()

    def right(self, moves: np.ndarray) -> np.ndarray:
        """(N, 3) the right side for one shape, (n, 3) displacements of the template."""
        told = self._matrix @ deformation(self._rest, moves).reshape(-1, 9)
        told = told[self._skin.triangles].mean(1).reshape(-1, 3, 3)
        return self._divergence @ told.transpose(0, 2, 1).reshape(-1, 3)


def _areas(surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    """(T,) areas, those of slivers raised to a millionth of the usual, and (T, 3) unit normals."""
    double = np.linalg.norm(surface.face_normals, axis=1)
    double = np.maximum(double, max(1e-6 * float(np.median(double)), 1e-30))
    return double / 2, surface.face_normals / double[:, None]


def _hats(surface: Surface) -> np.ndarray:
    """(T, 3, 3) gradient of the function that is 1 at one corner and 0 at the others."""
    area, normals = _areas(surface)
    corners = surface.vertices[surface.triangles]
    opposite = np.roll(corners, 1, axis=1) - np.roll(corners, -1, axis=1)
    return np.cross(normals[:, None], opposite) / (2 * area)[:, None, None]
