# SPDX-License-Identifier: GPL-3.0-or-later
"""The moving part of a character as a few thousand points: what recognition works on.

Nothing here knows names or which way the face looks. A mesh may be a whole body, of any density,
in any unit and with any axes; what is kept is where the keys move vertices, how, and how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...core.errors import FacewrightError

# A key is dense, (N, 3), or sparse: indices (M,) and their deltas (M, 3).
Key = np.ndarray | tuple[np.ndarray, np.ndarray]

POINTS = 1900
# A key that moves less than this share of what the rig's keys usually move does nothing.
STILL = 2e-3
# A vertex belongs to the moving part when some key moves it by this share of the key's largest.
MOVED = 0.1
# What moves less than this share of a key's largest displacement counts nothing.
TREMBLE = 0.1
# Keys whose middle is this many times as far off as usual are not of the face,
FAR = 10.0
# and points this many standard deviations from where the motion is neither.
WIDE = 8.0


@dataclass(frozen=True)
class Motion:
    """Sampled motion.

    Attributes:
        points: (P, 3) float64, in the character's own axes and units, or, after ``moved``, in
            a frame of spread 1.
        fields: (P, 3, K) float32, displacement of each point along each axis by each key at 1.
            The order is the one in which products of such fields need no copies.
        weights: (P,) share of the surface that a point stands for; sums to 1.
        vertices: (P,) which vertex a point is.
        still: (K,) bool, keys without motion.
        face: (K,) bool, keys that take part in finding the frame: they move, in the face.
        size: (K,) largest displacement of each key, in the character's units.
    """

    points: np.ndarray
    fields: np.ndarray
    weights: np.ndarray
    vertices: np.ndarray
    still: np.ndarray
    face: np.ndarray
    size: np.ndarray

    def moved(self, matrix: np.ndarray, origin: np.ndarray) -> Motion:
        """The same motion with ``points`` -> ``(points - origin) @ matrix.T``."""
        return replace(
            self,
            points=(self.points - origin) @ matrix.T,
            fields=matrix.astype(np.float32) @ self.fields,
        )

    def thinned(self, count: int) -> Motion:
        """About ``count`` of the points, evenly chosen."""
        step = max(1, round(len(self.points) / count))
        if step == 1:
            return self
        return replace(
            self,
            points=self.points[::step],
            fields=self.fields[::step],
            weights=self.weights[::step] / self.weights[::step].sum(),
            vertices=self.vertices[::step],
        )


def observe(
    base: np.ndarray,
    deltas: np.ndarray | Sequence[Key],
    count: int = POINTS,
) -> Motion:
    """Sample the moving part of a character.

    Several meshes of one character (face, eyes, lashes, teeth) go in as one: the caller puts
    their vertices one after the other, in one frame of reference, and joins keys of equal name
    into one key over all vertices (zeros where a mesh lacks the key).

    Args:
        base: (N, 3) vertices at rest, any axes and units.
        deltas: (K, N, 3), or K keys, each dense (N, 3) or sparse (indices (M,), (M, 3)).
        count: at most about this many points.

    Raises:
        FacewrightError: shapes do not fit, or no key moves anything.
    """
    base = np.asarray(base, np.float64)
    if base.ndim != 2 or base.shape[1] != 3:
        raise FacewrightError(f"Vertices have shape {base.shape}, not (N, 3)", code="match-shape")
    keys = [_sparse(key, len(base), number) for number, key in enumerate(deltas)]
    far = [np.sqrt(np.einsum("ij,ij->i", move, move)) for _, move in keys]
    size = np.array([one.max(initial=0.0) for one in far])
    still = _still(size)
    if still.all():
        raise FacewrightError(
            "No shape key moves a vertex",
            hint="Choose the mesh that carries the face's shape keys.",
            code="match-still",
        )
    reach = np.zeros(len(base))
    mass = np.zeros(len(base))
    middles = np.zeros((len(keys), 3))
    for number in np.nonzero(~still)[0]:
        where, _ = keys[number]
        share = far[number] / size[number]
        reach[where] = np.maximum(reach[where], share)
        share = share**2
        middles[number] = share @ base[where] / share.sum()
    face = ~still
    face[face] = _near(middles[face])
    for number in np.nonzero(face)[0]:
        where, _ = keys[number]
        share = (far[number] / size[number]) ** 2
        mass[where] += share / share.sum()
    moving = np.nonzero((reach > MOVED) & (mass > 0))[0]
    centre, spread = moments(base[moving], mass[moving])
    even = (base[moving] - centre) / spread
    # What lies far from all that moves a face (a foot that some key drags along) is left out.
    inside = (np.abs(even) < WIDE).all(axis=1)
    moving, even = moving[inside], even[inside]
    picked = _evenly(even, count)
    vertices = moving[picked]
    fields = _gather(keys, vertices, len(base))
    weights = _weights(even[picked])
    return Motion(base[vertices], fields, weights, vertices, still, face, size)


def moments(points: np.ndarray, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle (3,) and standard deviation per axis (3,) of points with mass; never zero."""
    share = mass / mass.sum()
    centre = share @ points
    spread = np.sqrt(share @ (points - centre) ** 2)
    return centre, np.maximum(spread, 1e-6 * max(spread.max(), 1e-30))


def key_mass(motion: Motion) -> np.ndarray:
    """(K, P): where each key's motion is; a row sums to 1, or to 0 for a key without motion.

    Trembling of a mesh's every vertex, as quantised files have it, is not motion.
    """
    far = lengths(motion.fields).T.astype(np.float64)
    far = np.maximum(far - TREMBLE * far.max(axis=1, keepdims=True), 0)
    energy = far**2 * motion.weights
    total = energy.sum(axis=1, keepdims=True)
    return np.divide(energy, total, out=np.zeros_like(energy), where=total > 0)


def lengths(fields: np.ndarray) -> np.ndarray:
    """(P, K) lengths of displacements (P, 3, K)."""
    x, y, z = fields[:, 0], fields[:, 1], fields[:, 2]
    return np.sqrt(x * x + y * y + z * z)


def _sparse(key: Key, count: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(key, tuple):
        where, move = np.asarray(key[0]), np.asarray(key[1], np.float64)
        if move.shape != (len(where), 3) or (len(where) and where.max() >= count):
            raise FacewrightError(f"Key {number} does not fit its mesh", code="match-shape")
        return where, np.nan_to_num(move)
    move = np.asarray(key)
    if move.shape != (count, 3):
        raise FacewrightError(
            f"Key {number} has shape {move.shape}, its mesh {count} vertices", code="match-shape"
        )
    where = np.nonzero(move.any(axis=1))[0]
    return where, np.nan_to_num(move[where].astype(np.float64))


def _still(size: np.ndarray) -> np.ndarray:
    moving = size[size > 0]
    if not len(moving):
        return np.ones(len(size), bool)
    return size <= STILL * np.median(moving)


def _near(middles: np.ndarray) -> np.ndarray:
    """Which middles are not far off the rest: a key for the whole body is no key of a face."""
    if len(middles) < 4:
        return np.ones(len(middles), bool)
    off = np.linalg.norm(middles - np.median(middles, axis=0), axis=1)
    return off <= FAR * max(np.median(off), 1e-12)


def _evenly(points: np.ndarray, count: int) -> np.ndarray:
    """Indices of at most ``count`` points: the one nearest to the middle of each occupied cube."""
    if len(points) <= count:
        return np.arange(len(points))
    low, high = 1e-3, 4.0
    corner = points.min(axis=0)
    for _ in range(14):
        edge = np.sqrt(low * high)
        occupied = len(np.unique(_cells(points, corner, edge)))
        low, high = (edge, high) if occupied > count else (low, edge)
        if 0.93 * count < occupied <= count:
            break
    code = _cells(points, corner, high)
    inside = (points - corner) / high
    off = ((inside - np.floor(inside) - 0.5) ** 2).sum(axis=1)
    order = np.lexsort((off, code))
    first = np.r_[True, np.diff(code[order]) != 0]
    return np.sort(order[first])


def _cells(points: np.ndarray, corner: np.ndarray, edge: float) -> np.ndarray:
    cell = ((points - corner) / edge).astype(np.int64)
    return (cell[:, 0] * 65_537 + cell[:, 1]) * 65_537 + cell[:, 2]


def _gather(
    keys: list[tuple[np.ndarray, np.ndarray]], vertices: np.ndarray, count: int
) -> np.ndarray:
    place = np.full(count, -1)
    place[vertices] = np.arange(len(vertices))
    fields = np.zeros((len(vertices), 3, len(keys)), np.float32)
    for number, (where, move) in enumerate(keys):
        at = place[where]
        fields[at[at >= 0], :, number] = move[at >= 0]
    return fields


def _weights(points: np.ndarray) -> np.ndarray:
    """Shares of the surface: the square of the distance to the neighbours."""
    from scipy.spatial import cKDTree

    if len(points) < 8:
        return np.full(len(points), 1 / len(points))
    distance = cKDTree(points).query(points, k=7)[0][:, -1]
    weights = np.minimum(distance, np.percentile(distance, 95)) ** 2
    return weights / weights.sum()
