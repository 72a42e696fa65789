# SPDX-License-Identifier: GPL-3.0-or-later
"""Eyes, teeth, tongue, lashes, brows and whatever else is not the skin."""

from __future__ import annotations

import numpy as np

from .amounts import eye_turn, tongue_gain
from .anatomy import Anatomy
from .closest import NearestOnSurface
from .registration import Registration
from .surface import Surface, triangulate
from .template import Template

_TEETH = ("upper_teeth", "upper_gum", "lower_teeth", "lower_gum")
_ROLES = {
    "teeth": _TEETH,
    "tongue": ("tongue",),
    "lash": ("lash_upper_l", "lash_lower_l", "lash_upper_r", "lash_lower_r"),
}


def settle_roles(anatomy: Anatomy, template: Template, fit: Registration) -> dict[str, np.ndarray]:
    """Decide what the islands are that are neither skin nor eye, by where they lie.

    Changes ``anatomy.roles`` from ``other`` to ``teeth``, ``tongue`` or ``lash``.

    Returns:
        Name of each of the template's parts -> its vertices (k, 3) in the other head.
    """
    from scipy.spatial import cKDTree

    asset = template.asset
    placed = {
        name: fit.warp(fit.similar(asset.vertices[first:end].astype(np.float64)))
        for name, (first, end) in asset.parts.items()
        if name != "skin"
    }
    vertices = anatomy.whole.vertices
    mouth = [name for name in placed if name in _TEETH or name == "tongue"]
    shift = _mouth_shift(anatomy, np.concatenate([placed[name] for name in mouth]), fit)
    for name in mouth:
        placed[name] = placed[name] + shift
    trees = {role: cKDTree(np.concatenate([placed[n] for n in ns])) for role, ns in _ROLES.items()}
    for island in np.unique(anatomy.islands[anatomy.roles == "other"]):
        rows = np.flatnonzero((anatomy.islands == island) & (anatomy.roles == "other"))
        gaps = {role: np.quantile(t.query(vertices[rows])[0], 0.7) for role, t in trees.items()}
        role = min(gaps, key=gaps.get)
        if gaps[role] < 0.12 * fit.width:
            anatomy.roles[rows] = role
    return placed


def _mouth_shift(anatomy: Anatomy, here: np.ndarray, fit: Registration) -> np.ndarray:
    """(3,) from the template's teeth and tongue, as placed, to what the other head has there.

    How deep they lie behind the lips differs from head to head more than anything else.
    """
    from scipy.spatial import cKDTree

    vertices = anatomy.whole.vertices
    candidates = np.flatnonzero(np.isin(anatomy.roles, ("other", "teeth", "tongue")))
    shift = np.zeros(3)
    for number in range(12):
        gaps, nearest = cKDTree(here + shift).query(vertices[candidates])
        near = gaps < (0.45 - 0.02 * number) * fit.width
        if near.sum() < 30:
            return np.zeros(3)
        own = gaps[near] <= np.quantile(gaps[near], 0.8)
        rows = candidates[near][own]
        shift = shift + (vertices[rows] - (here + shift)[nearest[near][own]]).mean(0)
        shift[0] = 0.0 if abs(shift[0]) < 0.05 * fit.width else shift[0]
    return shift


def turn_eyes(
    anatomy: Anatomy, template: Template, fit: Registration, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and displacements (k, 3) of the eyeballs in one shape; empty where they rest."""
    rows, moves = [np.zeros(0, np.int64)], [np.zeros((0, 3))]
    for eye in anatomy.eyes:
        rotation = eye_rotation(template, fit, eye.side, name)
        if rotation is None:
            continue
        which = np.flatnonzero(eye.vertices)
        local = anatomy.whole.vertices[which] - eye.centre
        rows.append(which)
        moves.append(local @ (rotation - np.eye(3)).T)
    return np.concatenate(rows), np.concatenate(moves)


def eye_rotation(template: Template, fit: Registration, side: int, name: str) -> np.ndarray | None:
    """(3, 3) how an eyeball turns in one shape, in the other head's axes; None where it rests.

    Args:
        side: +1 the character's left eye, -1 its right.
    """
    first, end = template.asset.parts["eye_left" if side > 0 else "eye_right"]
    before = template.asset.vertices[first:end].astype(np.float64)
    delta = template.asset.deltas[name][first:end]
    if not np.abs(delta).max() > 0:
        return None
    turn = _rotation(before, before + delta)
    turn = _part_of(turn, eye_turn(name, template.amounts))
    return fit.rotation @ turn @ fit.rotation.T


def _part_of(rotation: np.ndarray, share: float) -> np.ndarray:
    """(3, 3) the same rotation by a share of its angle."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_rotvec(share * Rotation.from_matrix(rotation).as_rotvec()).as_matrix()


def _rotation(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The rotation that best takes one cloud to the other (Kabsch 1976)."""
    u, _, vt = np.linalg.svd((after - after.mean(0)).T @ (before - before.mean(0)))
    flip = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    return u @ flip @ vt


class Inside:
    """Teeth, gums and tongue, which take their motion from the template's.

    Args:
        anatomy: The other head.
        template: The shipped one.
        fit: Registration.
        placed: From ``settle_roles``.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        template: Template,
        fit: Registration,
        placed: dict[str, np.ndarray],
    ) -> None:
        self._template, self._fit = template, fit
        self._teeth = np.flatnonzero(anatomy.roles == "teeth")
        self._tongue = np.flatnonzero(anatomy.roles == "tongue")
        vertices = anatomy.whole.vertices
        self._places = vertices[self._teeth]
        self._lower = _share_of_lower_jaw(vertices, anatomy, self._teeth, placed)
        if len(self._tongue):
            first, end = template.asset.parts["tongue"]
            here = fit.similar(template.asset.vertices[first:end].astype(np.float64))
            there = vertices[self._tongue]
            stretch = np.ptp(there, axis=0) / np.maximum(np.ptp(here, axis=0), 1e-9)
            boxed = (here - (here.max(0) + here.min(0)) / 2) * stretch
            boxed = boxed + (there.max(0) + there.min(0)) / 2
            triangles = triangulate(template.asset.face_sizes, template.asset.face_vertices)
            own = triangles[((triangles >= first) & (triangles < end)).all(1)] - first
            surface = Surface(boxed, own)
            self._hit = NearestOnSurface(surface).find(there)
            self._corners = own[self._hit.faces]

    def move(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Rows and displacements (k, 3) in one shape."""
        asset, fit = self._template.asset, self._fit
        rows, moves = [np.zeros(0, np.int64)], [np.zeros((0, 3))]
        first, end = asset.parts["lower_teeth"]
        delta = asset.deltas[name][first:end].astype(np.float64)
        if len(self._teeth) and np.abs(delta).max() > 0:
            before = asset.vertices[first:end].astype(np.float64)
            rotation = _rotation(before, before + delta)
            shift = (before + delta).mean(0) - rotation @ before.mean(0)
            local = (self._places - fit.shift) @ fit.rotation / fit.scale
            moved = local @ (rotation - np.eye(3)).T + shift
            rows.append(self._teeth)
            moves.append(self._lower[:, None] * (fit.gain * moved @ fit.rotation.T))
        first, end = asset.parts["tongue"]
        delta = asset.deltas[name][first:end].astype(np.float64)
        if len(self._tongue) and np.abs(delta).max() > 0:
            gain = fit.gain / tongue_gain(name, self._template.amounts)
            moved = gain * delta @ fit.rotation.T
            rows.append(self._tongue)
            moves.append(np.einsum("nk,nkd->nd", self._hit.weights, moved[self._corners]))
        return np.concatenate(rows), np.concatenate(moves)


def _share_of_lower_jaw(
    vertices: np.ndarray, anatomy: Anatomy, rows: np.ndarray, placed: dict[str, np.ndarray]
) -> np.ndarray:
    """(k,) 0 for upper teeth, 1 for lower ones; in between for a bag that holds both."""
    from scipy.spatial import cKDTree

    if not len(rows):
        return np.zeros(0)
    upper = cKDTree(np.concatenate([placed["upper_teeth"], placed["upper_gum"]]))
    lower = cKDTree(np.concatenate([placed["lower_teeth"], placed["lower_gum"]]))
    to_upper, to_lower = (tree.query(vertices[rows])[0] for tree in (upper, lower))
    share = to_upper / np.maximum(to_upper + to_lower, 1e-12)
    out = np.clip((share - 0.35) / 0.3, 0, 1)
    for island in np.unique(anatomy.islands[rows]):
        own = anatomy.islands[rows] == island
        mean = out[own].mean()
        if mean < 0.25 or mean > 0.75:
            out[own] = round(mean)
        else:
            out[own] = _stretched(anatomy, rows[own], out[own])
    return out


def _stretched(anatomy: Anatomy, rows: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The shares of a bag (k,), made to change evenly along its skin."""
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import splu

    number = np.full(len(anatomy.whole.vertices), -1)
    number[rows] = np.arange(len(rows))
    own = anatomy.whole.triangles[(number[anatomy.whole.triangles] >= 0).all(1)]
    laplacian = Surface(anatomy.whole.vertices[rows], number[own]).laplacian()
    sure = np.abs(share - 0.5) > 0.499
    system = diags_array(np.where(sure, 0.05, 1e-3)) + laplacian.T @ laplacian
    target = np.where(sure, 0.05, 1e-3) * share
    return np.clip(splu(system.tocsc()).solve(target), 0, 1)


def attachments(
    anatomy: Anatomy, template: Template, fit: Registration, placed: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What follows the skin: lashes, brows, beards, hair.

    Returns:
        Rows (k,), the skin vertices (k, 3) each follows, and their weights (k, 3).
    """
    rows = np.flatnonzero(np.isin(anatomy.roles, ("lash", "brow", "other")))
    skin = Surface(anatomy.whole.vertices, anatomy.whole.triangles[anatomy.skin_triangles])
    nearest = NearestOnSurface(skin)
    hit = nearest.find(anatomy.whole.vertices[rows])
    corners = skin.triangles[np.maximum(hit.faces, 0)]
    fade = np.clip(1.5 - hit.distances / (0.5 * fit.width), 0, 1)
    weights = hit.weights * fade[:, None]
    # A lash moves with its root: the vertex of its island that is nearest to the skin.
    for island in np.unique(anatomy.islands[rows]):
        own = np.flatnonzero(anatomy.islands[rows] == island)
        if (anatomy.roles[rows[own]] != "lash").all():
            continue
        roots = own[hit.distances[own] <= np.quantile(hit.distances[own], 0.35) + 1e-12]
        places = anatomy.whole.vertices[rows]
        sideways = np.abs(places[own][:, None, 0] - places[roots][None, :, 0])
        gaps = sideways + 0.3 * np.linalg.norm(places[own][:, None] - places[roots][None], axis=2)
        chosen = roots[gaps.argmin(1)]
        corners[own], weights[own] = corners[chosen], weights[chosen]
    return rows, corners, weights
