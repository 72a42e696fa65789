# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries displacements from the registered template to the other head's own vertices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .gradients import GradientEquations
from .registration import Face, Registration, SidedNearest
from .surface import Surface
from .template import Template

# Skin further from the template than this, in face widths, does not move.
_REACH = 0.35
# What counts besides the gradients: the displacements themselves, and smoothness.
_POSITION, _SMOOTH = 1.0, 0.02
# Gradients count at least so much everywhere, so that what is told nothing follows the rest.
_LEAST_TRUST = 1e-3


@dataclass(frozen=True)
class Correspondence:
    """Where each vertex of the other skin lies on the template.

    Attributes:
        faces: (N,) triangle of the template's skin, -1 where there is none.
        weights: (N, 3) barycentric.
        trust: (N,) 0..1.
    """

    faces: np.ndarray
    weights: np.ndarray
    trust: np.ndarray


def correspond(template: Template, face: Face, fit: Registration) -> Correspondence:
    """Nearest points on the registered template, lips to lips and lids to lids."""
    skin = face.skin
    everywhere = np.ones(len(fit.skin.triangles), bool)
    outer = template.outside[fit.skin.triangles].all(1)
    sided = SidedNearest(fit.skin, template.labels, everywhere)
    hit = sided.find(skin.vertices, face.labels, skin.normals, 0.2)
    loose = sided.find(skin.vertices, face.labels, skin.normals, -2.0)
    faces, weights = hit.faces.copy(), hit.weights.copy()
    far = hit.distances > np.minimum(4 * loose.distances + 0.02 * fit.width, _REACH * fit.width)
    faces[far], weights[far] = loose.faces[far], loose.weights[far]
    distances = np.where(far, loose.distances, hit.distances)
    trust = np.exp(-((distances / (0.03 * fit.width)) ** 2))
    trust *= np.where(far, 0.02, 1.0)
    # What neither head shows from outside was never compared.
    shown = face.outside & outer[np.maximum(faces, 0)]
    trust = np.where(shown, trust, 0.3 * trust) + 1e-4
    faces = np.where(distances > _REACH * fit.width, -1, faces)
    return Correspondence(faces, weights, trust)


def carry(
    template: Template, face: Face, fit: Registration, match: Correspondence, moves: np.ndarray
) -> np.ndarray:
    """Displacements of the other skin's vertices.

    The gradients of the template's deformation and, softly, its displacements decide together.

    Args:
        template: The shipped head.
        face: The other head.
        fit: The registration.
        match: From ``correspond``.
        moves: (n, 3 k) displacements of the template's vertices, in the other head's unit and
            orientation, k shapes side by side.

    Returns:
        (N, 3 k) float64.
    """
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.linalg import splu

    known = np.flatnonzero(match.faces >= 0)
    corners = fit.skin.triangles[match.faces[known]]
    shape = (len(face.skin.vertices), len(template.skin.vertices))
    places = (np.repeat(known, 3), corners.ravel())
    matrix = coo_array((match.weights[known].ravel(), places), shape).tocsr()
    # Far vertices do not move, those without trust take what makes the whole smooth.
    trust = np.where(match.faces >= 0, match.trust, 0.0)
    rest = Surface(fit.similar(template.skin.vertices), template.skin.triangles)
    gradients = GradientEquations(face.skin, np.maximum(trust, _LEAST_TRUST), matrix, rest)
    right = _POSITION * trust[:, None] * (matrix @ moves)
    for first in range(0, moves.shape[1], 3):
        right[:, first : first + 3] += gradients.right(moves[:, first : first + 3])
    laplacian = face.skin.laplacian()
    system = gradients.stiffness + _SMOOTH * (laplacian.T @ laplacian)
    system = system.tocsr()[known][:, known] + diags_array(_POSITION * trust[known])
    out = np.zeros_like(right)
    out[known] = splu(system.tocsc()).solve(right[known])
    return out
