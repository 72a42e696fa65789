# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the ARKit channels of a fit come from: another head's shapes, carried onto a character.

A character that has no ARKit keys cannot be recognised by them, and may have a mouth that moves
and nothing else. So a head with the 52 shapes, the shipped one as a rule, is laid onto it without
landmarks: where its shapes explain best what the character's keys do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .head_asset import load_asset
from .match.motion import Key, Motion, key_mass, moments, observe

# Points compared while looking for the place, and for the fit itself.
_COARSE = 220
_POINTS = 1800
# Parts of the shipped head whose motion every rig has in the mesh with the keys.
_PARTS = ("skin", "tongue")
# What a rig of visemes moves.
_MOUTH = ("jaw", "mouth", "tongue")
# In units of the face's spread: how far motion is blurred, and how far a point may lie from it.
_BLUR, _REACH = 0.12, 0.6
_NEIGHBOURS = 6
# A face that lies this far off, in spreads, costs as much as motion that nothing explains.
_FAR = 1.2
_SEARCHES = 110
# How many channels have to be given by the keys.
_BEST = 5


@dataclass(frozen=True)
class SourceHead:
    """A head with ARKit shapes.

    Attributes:
        points: float64 (Q, 3), vertices; it looks along -y, z is up, +x is its left.
        deltas: ARKit name -> float64 (Q, 3), in the same axes and unit.
    """

    points: np.ndarray
    deltas: Mapping[str, np.ndarray]

    @cached_property
    def flat(self) -> np.ndarray:
        """float64 (Q, 3 C): the displacements side by side."""
        return np.concatenate(list(self.deltas.values()), axis=1)


@dataclass(frozen=True)
class Laid:
    """A source head's shapes on a character.

    Attributes:
        vertices: int64 (P,), which of the character's vertices are compared.
        weights: float64 (P,), share of the surface that each stands for.
        channels: ARKit name -> float64 (P, 3), displacements in the character's axes and unit.
        missed: How much of what the character's keys do the channels cannot explain, 0..1, or the
            keys of the channels, whichever is less; above 0.8 the heads have hardly found each
            other.
        matrix, origin: A point p of the character is at ``(p - origin) @ matrix.T`` on the source.
    """

    vertices: np.ndarray
    weights: np.ndarray
    channels: dict[str, np.ndarray]
    missed: float
    matrix: np.ndarray
    origin: np.ndarray


def shipped_source() -> SourceHead:
    """The shipped head without eyeballs, teeth and lashes.

    Raises:
        FacewrightError: Its file is missing or damaged.
    """
    head = load_asset()
    kept = np.concatenate([np.arange(*head.parts[part]) for part in _PARTS])
    deltas = {name: d[kept].astype(np.float64) for name, d in head.deltas.items()}
    return SourceHead(head.vertices[kept].astype(np.float64), deltas)


def lay_source(
    base: np.ndarray,
    deltas: np.ndarray | Sequence[Key],
    source: SourceHead | None = None,
    axes: np.ndarray | None = None,
    *,
    in_place: bool = False,
) -> Laid:
    """Carries a head's ARKit shapes onto a character, without landmarks.

    Args:
        base: (N, 3), the character's vertices at rest.
        deltas: Its keys, see ``match.motion.observe``.
        source: The head with the shapes; None is the shipped one.
        axes: (3, 3), rows are the character's left, back and up in its own axes; None where it
            stands as Blender's do, looking along -y with z up.
        in_place: The source lies where the character is already, e.g. an older mesh of it.

    Raises:
        FacewrightError: Shapes do not fit, nothing moves, or the shipped head cannot be read.
    """
    source = source or shipped_source()
    turn = np.eye(3) if axes is None else np.asarray(axes, np.float64)
    motion = observe(base, deltas, _POINTS)
    if in_place:
        matrix, origin = np.eye(3), np.zeros(3)
        missed = min(_Likeness(motion.thinned(_COARSE), source).missed(matrix, origin))
    else:
        matrix, origin, missed = _find_place(motion, source, turn)
    placed = motion.moved(matrix, origin)
    carried, near = _carried(source, placed.points, _unit(placed))
    back = np.linalg.inv(matrix).T
    return Laid(
        motion.vertices,
        motion.weights * near,
        {name: carried[i] @ back for i, name in enumerate(source.deltas)},
        missed,
        matrix,
        origin,
    )


def _find_place(
    motion: Motion, source: SourceHead, turn: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """The similarity under which the source explains the keys best: matrix, origin, missed."""
    from scipy.optimize import minimize

    coarse = motion.thinned(_COARSE)
    likeness = _Likeness(coarse, source)
    upright = coarse.moved(turn, np.zeros(3))
    middle, spread = moments(upright.points, key_mass(upright)[upright.face].sum(axis=0))
    size = float(np.sqrt(spread[0] * spread[2]))
    starts = []
    for names in (tuple(source.deltas), _of_the_mouth(source)):
        aim, extent = _moments_of(source, names)
        starts.append((aim, float(np.sqrt(extent[0] * extent[2])) / size))
    unit = float(np.sqrt(extent[0] * extent[2]))

    def place(x: np.ndarray, aim: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
        cos, sin = np.cos(x[4]), np.sin(x[4])
        nod = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        matrix = scale * np.exp(x[3]) * nod
        # The origin is what comes to lie on the source's 0.
        origin = middle - np.linalg.solve(matrix, aim + unit * x[:3])
        return matrix @ turn, turn.T @ origin

    def cost(x: np.ndarray, aim: np.ndarray, scale: float) -> float:
        matrix, origin = place(x, aim, scale)
        # Far from where moments say it is, something else is explained.
        return likeness.cost(matrix, origin) + 0.02 * float((x**2).sum())

    found = []
    for aim, scale in starts:
        steps = np.vstack([np.zeros(5), np.diag([0.25, 0.35, 0.35, 0.25, 0.15])])
        options = {"initial_simplex": steps, "maxfev": _SEARCHES, "xatol": 5e-3, "fatol": 1e-3}
        best = minimize(cost, np.zeros(5), (aim, scale), method="Nelder-Mead", options=options)
        found.append((best.fun, place(best.x, aim, scale)))
    matrix, origin = min(found, key=lambda item: item[0])[1]
    return matrix, origin, min(likeness.missed(matrix, origin))


class _Likeness:
    """How well a source's shapes explain what a character's keys do, at a place."""

    def __init__(self, motion: Motion, source: SourceHead) -> None:
        from scipy.spatial import cKDTree

        self._motion, self._source = motion, source
        self._tree = cKDTree(source.points)
        self._faces = np.flatnonzero(motion.face)

    def cost(self, matrix: np.ndarray, origin: np.ndarray) -> float:
        """What is missed, and how far the face lies off."""
        placed = self._motion.moved(matrix, origin)
        distance, _ = self._tree.query(placed.points)
        off = float(placed.weights @ np.minimum(distance / _unit(placed), 2.0))
        return float(np.mean(self.missed(matrix, origin))) + off / _FAR

    def missed(self, matrix: np.ndarray, origin: np.ndarray) -> tuple[float, float]:
        """What of the keys the channels cannot give, and the reverse: 0..1."""
        from .fit_solver import explained

        placed = self._motion.moved(matrix, origin)
        # What lies off moves nothing here, so it counts as missed.
        carried, _ = _carried(self._source, placed.points, _unit(placed), self._tree)
        share = np.sqrt(placed.weights)[:, None]
        fields = placed.fields[:, :, self._faces].transpose(2, 0, 1)
        keys = (fields * share).reshape(len(self._faces), -1)
        channels = (carried * share).reshape(len(carried), -1)
        # Halves of shapes are no sum of channels, and visemes give few channels; so both ways
        # count, and of the channels those that the keys give best.
        best = np.sort(explained(keys, channels))[-_BEST:]
        return float(1 - np.mean(explained(channels, keys))), float(1 - np.mean(best))


def _carried(
    source: SourceHead, points: np.ndarray, unit: float, tree=None
) -> tuple[np.ndarray, np.ndarray]:
    """The source's shapes at points (P, 3) on it, float64 (C, P, 3); and how near (P,) it is."""
    from scipy.sparse import csr_array
    from scipy.spatial import cKDTree

    tree = tree or cKDTree(source.points)
    distance, index = tree.query(points, k=_NEIGHBOURS)
    blur = np.maximum(_BLUR * unit, 0.7 * distance[:, :1])
    share = np.exp(-0.5 * (distance / blur) ** 2)
    share /= share.sum(axis=1, keepdims=True)
    start = np.arange(0, index.size + 1, _NEIGHBOURS)
    shape = len(points), len(source.points)
    mix = csr_array((share.ravel(), index.ravel(), start), shape=shape)
    near = np.exp(-0.5 * (distance[:, 0] / (_REACH * unit)) ** 2)
    carried = (mix @ source.flat).reshape(len(points), len(source.deltas), 3).transpose(1, 0, 2)
    return carried * near[:, None], near


def _unit(placed: Motion) -> float:
    """The spread of what moves, on the source."""
    mass = key_mass(placed)[placed.face].sum(axis=0)
    _, spread = moments(placed.points, mass)
    return float(np.sqrt(spread[0] * spread[2]))


def _moments_of(source: SourceHead, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Middle and spread of where these channels move the source."""
    mass = np.zeros(len(source.points))
    for name in names:
        energy = (source.deltas[name] ** 2).sum(axis=1)
        mass += energy / max(energy.sum(), 1e-30)
    return moments(source.points, mass)


def _of_the_mouth(source: SourceHead) -> tuple[str, ...]:
    mouth = tuple(name for name in source.deltas if name.startswith(_MOUTH))
    return mouth or tuple(source.deltas)
