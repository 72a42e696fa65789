# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way a character's face looks, found from how its keys move it.

A mesh comes with any axes, any scale per axis, mirrored or not. Of the 24 ways in which three axes
can be named, the one counts in which the character's keys look most like the template's. Left is
never a matter of names: it is up x front, in right-handed axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from .likeness import direction
from .motion import Key, Motion, key_mass, moments, observe
from .template import MIRROR, template

# How much of the likeness a rig that stands as Blender's do (up +z, looking along -y) is given.
PRIOR = 0.01
COARSE = 300
# A head that stands askew is looked for in smaller and smaller turns, degrees, from the best of
# the 24; what is found must look so much more like a face.
CLIMB_DEG = (22.5, 22.5, 11.25)
CLIMB_GAIN = 0.02
# Ways of looking whose left is nearer than this (cosine) agree about sides.
SAME_LEFT = 0.5
# So many known keys make a face; with fewer its way of looking must stand out more.
MANY_KNOWN = 10
CERTAIN, CERTAIN_OF_FEW = 0.03, 0.15


@dataclass(frozen=True)
class FaceFrame:
    """A face's own frame.

    Attributes:
        left, front, up: (3,) unit vectors along the character's axes; left is up x front.
        matrix: (3, 3), and ``centre`` (3,): ``(points - centre) @ matrix.T`` are in the face's
            frame: +x left, -y front, +z up, spread 1 along each axis (a bit less than 25 mm on a
            grown-up's face), about the middle of what keys move.
        score: mean likeness of the keys to the template's, -1..1.
        margin: by how much the score is above that of the best other orientation that has its
            left elsewhere.
        known: of how many keys the names were given.
    """

    left: np.ndarray
    front: np.ndarray
    up: np.ndarray
    matrix: np.ndarray
    centre: np.ndarray
    score: float
    margin: float
    known: int = 0

    @property
    def is_certain(self) -> bool:
        """Whether left and right can be told by where vertices are."""
        few = 0 < self.known < MANY_KNOWN
        return self.margin >= (CERTAIN_OF_FEW if few else CERTAIN)

    def place(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) points of the character in the face's frame."""
        return (np.asarray(points) - self.centre) @ self.matrix.T

    def turn(self, moves: np.ndarray) -> np.ndarray:
        """(N, 3) displacements of the character in the face's frame."""
        return np.asarray(moves) @ self.matrix.T


def find_face_frame(
    base: np.ndarray,
    deltas: np.ndarray | Sequence[Key],
    known: dict[int, int] | None = None,
) -> FaceFrame:
    """Find where a face looks; see ``observe`` for the arguments.

    Args:
        base: (N, 3) vertices at rest.
        deltas: (K, N, 3) or K dense or sparse keys.
        known: key -> index of its ARKit name; of these the side is not believed.

    Raises:
        FacewrightError: shapes do not fit, or nothing moves.
    """
    return frame_of(observe(base, deltas), known)


def frame_of(motion: Motion, known: dict[int, int] | None = None) -> FaceFrame:
    """Find the frame of an observed motion."""
    mass = key_mass(motion)[motion.face].sum(axis=0)
    centre, spread = moments(motion.points, mass)
    even = motion.moved(np.diag(1 / spread), centre).thinned(COARSE)
    allowed = allowed_names(len(motion.size), known)
    scores = np.array([_score(even, turn, centre, allowed) for turn in ROTATIONS])
    order = np.argsort(-(scores + PRIOR * _IS_BLENDER))
    turn, score = _climbed(even, ROTATIONS[order[0]], scores[order[0]], centre, allowed)
    rivals = [other for other in order if ROTATIONS[other][0] @ turn[0] < SAME_LEFT]
    rival = float(scores[rivals[0]])
    if score > scores[order[0]]:  # a head askew: its rivals may be askew, or be itself
        for other in rivals[:4]:
            climbed, rival = _climbed(even, ROTATIONS[other], scores[other], centre, allowed)
            if climbed[0] @ turn[0] < SAME_LEFT:
                break
    return FaceFrame(
        left=turn[0].copy(),
        front=-turn[1],
        up=turn[2].copy(),
        matrix=turn / spread,
        centre=centre,
        score=score,
        margin=score - rival,
        known=len(known or ()),
    )


def _climbed(
    even: Motion, turn: np.ndarray, score: float, centre: np.ndarray, allowed: np.ndarray
) -> tuple[np.ndarray, float]:
    """The best way of looking near one of the 24, and its score."""
    best, found = turn, float(score)
    for degrees in CLIMB_DEG:
        tried = [_about(axis, sign * degrees) @ best for axis in range(3) for sign in (1, -1)]
        scores = [_score(even, candidate, centre, allowed) for candidate in tried]
        if max(scores) > found:
            best, found = tried[int(np.argmax(scores))], max(scores)
    return (best, found) if found > score + CLIMB_GAIN else (turn, float(score))


def _about(axis: int, degrees: float) -> np.ndarray:
    """(3, 3) rotation about one of the face's own axes."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(3)
    one, other = (axis + 1) % 3, (axis + 2) % 3
    turn[one, one] = turn[other, other] = cos
    turn[one, other], turn[other, one] = -sin, sin
    return turn


def allowed_names(count: int, known: dict[int, int] | None) -> np.ndarray:
    """(K, 52) bool: a known key may be its name or that of the other side, others anything."""
    allowed = np.ones((count, len(MIRROR)), bool)
    for key, name in (known or {}).items():
        allowed[key] = False
        allowed[key, [name, MIRROR[name]]] = True
    return allowed


def _score(even: Motion, turn: np.ndarray, centre: np.ndarray, allowed: np.ndarray) -> float:
    from scipy.optimize import linear_sum_assignment

    turned = even.moved(turn, np.zeros(3))
    alike = direction(turned, template().coarse)
    alike = np.where(allowed, alike, -1.0)[~even.still]
    rows, columns = linear_sum_assignment(-alike)
    return float(alike[rows, columns].mean())


def _rotations() -> np.ndarray:
    found = []
    for axes in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), axes] = signs
            if np.linalg.det(turn) > 0:
                found.append(turn)
    return np.array(found)


# (24, 3, 3): rows are the face's left, back and up in the character's axes.
ROTATIONS = _rotations()
_IS_BLENDER = np.array([np.array_equal(turn, np.eye(3)) for turn in ROTATIONS])
