# SPDX-License-Identifier: GPL-3.0-or-later
"""ARKit's weights that move landmarks as FLAME's expression and jaw do.

With d the landmarks' displacements by expression and jaw alone (the head's own turn taken away,
scaled so that FLAME's eyes lie as far apart as the shipped head's), and S the displacements that
the shapes make at the same points of the shipped head (``arkit_landmarks.json``, made by
``tools/arkit_landmarks.py``), the weights x are those of the smallest

    Σ_p w_p |d_p − (S x)_p|² + ridge · |x|² + 2 sparsity · Σ x      with 0 <= x <= 1.

Of two shapes that undo each other the weaker one is put to 0 and the rest is solved again, until
no two are left. What the
points do not tell stays open (NaN): lids and gaze, because DECA's lids hardly move and FLAME's eyes
are not in its parameters; cheeks, because no point lies there; the tongue, which FLAME lacks.
``docs/morphable_engines.md`` says what else can hardly be told apart.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ...core.arkit import COUNT, INDEX, NAMES
from ...core.bounded_squares import solve_bounded
from ...core.errors import FacewrightError

FILE = Path(__file__).with_name("arkit_landmarks.json")
# The outer corners of the eyes: they hardly move, and are in every set of points.
EYE_CORNERS = (36, 45)
# What iBUG's points do not tell.
UNTOLD = tuple(name for name in NAMES if name.startswith(("eye", "cheek", "tongue")))
OPPOSITES = (
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
    ("mouthSmileLeft", "mouthFrownLeft"),
    ("mouthSmileRight", "mouthFrownRight"),
    ("browDownLeft", "browOuterUpLeft"),
    ("browDownRight", "browOuterUpRight"),
)
# Lids tell nothing here; the chin is on a line that every model draws elsewhere.
_LIDS = (37, 38, 40, 41, 43, 44, 46, 47)
_CHIN, _CHIN_WEIGHT = range(17), 0.5
# In mean squared millimetres over the points. The ridge shares a movement among shapes that do the
# same; the sparsity leaves shapes at rest that would explain little. Both were chosen on faces of
# the shipped head and of ICT-FaceKit: without them every shape that another head makes differently
# calls for several others.
RIDGE, SPARSITY = 0.05, 0.05


@dataclass(frozen=True)
class Basis:
    """``arkit_landmarks.json``.

    Attributes:
        ibug: The points' numbers among iBUG's 68.
        points: float64 (P, 3), millimetres, at rest; x to the left, y up, z out of the face.
        moves: float64 (52, P, 3), millimetres, of each shape at 1, in ARKit order.
    """

    ibug: tuple[int, ...]
    points: np.ndarray
    moves: np.ndarray


@cache
def load_basis(path: Path = FILE) -> Basis:
    """Reads the file.

    Raises:
        FacewrightError: ``model-corrupt``.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        ibug = tuple(int(point) for point in table["ibug"])
        points = np.array(table["points_mm"], np.float64).reshape(len(ibug), 3)
        moves = np.array([table["moves_mm"][name] for name in NAMES], np.float64)
        moves = moves.reshape(COUNT, len(ibug), 3)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FacewrightError(
            f"The file {path.name} cannot be read.", "Install Facewright again.", "model-corrupt"
        ) from error
    return Basis(ibug, points, moves)


class ArkitFit:
    """Weights from landmarks. May be called from several threads.

    Args:
        ibug: The iBUG number of each landmark that it is given.
        basis: What the shapes do; None for the shipped head's.

    Raises:
        FacewrightError: See ``load_basis``.
    """

    def __init__(self, ibug: tuple[int, ...], basis: Basis | None = None) -> None:
        basis = basis or load_basis()
        shared = [point for point in basis.ibug if point in ibug]
        own = [basis.ibug.index(point) for point in shared]
        self._take = [ibug.index(point) for point in shared]
        self._corners = [ibug.index(point) for point in EYE_CORNERS]
        places = basis.points[[basis.ibug.index(point) for point in EYE_CORNERS]]
        self._width = float(np.linalg.norm(places[1] - places[0]))
        weights = np.array(
            [0.0 if p in _LIDS else _CHIN_WEIGHT if p in _CHIN else 1.0 for p in shared]
        )
        self._weights = weights / weights.sum()
        self._told = [INDEX[name] for name in NAMES if name not in UNTOLD]
        moves = basis.moves[self._told][:, own]
        self._moves = moves.reshape(len(moves), -1)
        self._right = (moves * self._weights[:, None]).reshape(len(moves), -1)
        self._matrix = self._right @ self._moves.T + RIDGE * np.eye(len(moves))
        self._opposites = [
            tuple(self._told.index(INDEX[name]) for name in pair) for pair in OPPOSITES
        ]

    def __call__(self, rest: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """The weights.

        Args:
            rest: float (L, 3), the person's landmarks without expression, in any unit, axes as in
                ``Basis``.
            moved: float (L, 3), with it, the head held still.

        Returns:
            float32 (52,), 0..1, in ARKit order; NaN for ``UNTOLD``.
        """
        rest, moved = np.asarray(rest, np.float64), np.asarray(moved, np.float64)
        right, left = rest[self._corners]
        scale = self._width / max(float(np.linalg.norm(left - right)), 1e-9)
        wanted = scale * (moved - rest)[self._take]
        out = np.full(COUNT, np.nan, np.float32)
        out[self._told] = self._solve(self._right @ wanted.ravel() - SPARSITY)
        return out

    def _solve(self, vector: np.ndarray) -> np.ndarray:
        low, high = np.zeros(len(vector)), np.ones(len(vector))
        while True:
            found = solve_bounded(self._matrix, vector, low, high)
            both = [pair for pair in self._opposites if found[list(pair)].min() > 0]
            if not both:
                return found
            for pair in both:
                high[min(pair, key=lambda one: found[one])] = 0.0
