# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ARKit name each key of a character is, told from what it does to the face alone.

The face is laid onto the shipped head, keys and names are paired so that all are most alike
together, the pairs tell how to lay the face better, and so on until nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...core.arkit import INDEX, NAMES
from .face_frame import FaceFrame, allowed_names, frame_of
from .likeness import Likeness, compare
from .motion import Key, observe
from .symmetry import partners, symmetric
from .template import template
from .warp import affine, warped

# Guesses with less confidence are not given out as names.
SURE = 0.25
# How often the face is laid anew: the first time affinely, then with a warp.
ROUNDS = 4
SETTLE = 6
NEVER = -9.0
# A pair's say in laying the face is the square of its likeness, at least this.
LEAST_TRUST = 0.02
# Confidence is a logistic function of likeness (0.5 at HALF) and of how far the best other name is.
HALF = 0.32
STEEP = 9.0
MARGIN = 3.0


@dataclass(frozen=True)
class Guess:
    """What a key looks like.

    Attributes:
        name: ARKit name.
        confidence: 0..1.
        likeness: cosine between the key's motion and the template's, -1..1.
        margin: by how much the best other name scores less; negative if another is more alike
            (the name is then the best that is left, or was given).
    """

    name: str
    confidence: float
    likeness: float
    margin: float


@dataclass(frozen=True)
class Recognition:
    """The keys of one character.

    Attributes:
        frame: where the face is and looks.
        guesses: key -> best guess, for every key that moves and got one; the 52 names are each
            given at most once.
        still: keys without motion.
        partner: key -> the key that does the same on the other side (itself if it does so on
            both); keys without one are missing.
    """

    frame: FaceFrame
    guesses: dict[int, Guess]
    still: tuple[int, ...]
    partner: dict[int, int]

    def names(self, least: float = SURE) -> dict[int, str]:
        """key -> ARKit name, of guesses with at least this confidence."""
        return {key: g.name for key, g in self.guesses.items() if g.confidence >= least}


def recognise(
    base: np.ndarray,
    deltas: np.ndarray | Sequence[Key],
    known: Mapping[int, str] | None = None,
) -> Recognition:
    """Tell what the keys of a character are.

    Several meshes go in as one; see ``observe``. Left and right come from where vertices are and
    never from names.

    Args:
        base: (N, 3) vertices at rest, any axes and units.
        deltas: (K, N, 3) or K keys, each dense (N, 3) or sparse (indices (M,), (M, 3)).
        known: key -> ARKit name, for keys whose name is known. Such a key is given that name or
            the one of the other side, whatever it looks like; its confidence says how much it
            looks like it, and the other keys are found among the names that are left.

    Raises:
        FacewrightError: shapes do not fit, or nothing moves.
    """
    motion = observe(base, deltas)
    given = {key: INDEX[name] for key, name in (known or {}).items()}
    frame = frame_of(motion, given)
    allowed = allowed_names(len(motion.size), given)
    motion = motion.moved(frame.matrix, frame.centre)
    pairs: list[tuple[int, int]] = []
    partner = partners(motion)
    for number in range(ROUNDS):
        likeness = compare(motion, template().motion)
        before = pairs
        pairs, score = _settle(likeness, partner, allowed, motion.still, pairs)
        if number == ROUNDS - 1 or (number > 1 and pairs == before):
            break
        alike = np.array([likeness.direction[key, name] for key, name in pairs])
        trust = np.maximum(alike, LEAST_TRUST) ** 2
        if number == 0:
            matrix, origin = affine(motion, template().motion, pairs, trust)
            frame = replace(
                frame,
                matrix=matrix @ frame.matrix,
                centre=frame.centre + np.linalg.solve(frame.matrix, origin),
            )
            motion = motion.moved(matrix, origin)
        else:
            motion = warped(motion, template().motion, pairs, trust)
    return Recognition(
        frame=frame,
        guesses={key: _guess(key, name, likeness, score) for key, name in pairs},
        still=tuple(int(key) for key in np.nonzero(motion.still)[0]),
        partner={key: int(other) for key, other in enumerate(partner) if other >= 0},
    )


def _settle(
    likeness: Likeness,
    partner: np.ndarray,
    allowed: np.ndarray,
    still: np.ndarray,
    pairs: list[tuple[int, int]],
) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Pair keys and names until the pairs agree with themselves; also the (K, 52) scores."""
    from scipy.optimize import linear_sum_assignment

    moving = np.nonzero(~still)[0]
    score = symmetric(likeness.score(pairs), partner)
    for _ in range(SETTLE):
        possible = np.where(allowed, score, NEVER)[moving]
        rows, names = linear_sum_assignment(-possible)
        found = [
            (int(moving[row]), int(name))
            for row, name in zip(rows, names, strict=True)
            if possible[row, name] > NEVER
        ]
        if found == pairs:
            break
        pairs = found
        score = symmetric(likeness.score(pairs), partner)
    return pairs, score


def _guess(key: int, name: int, likeness: Likeness, score: np.ndarray) -> Guess:
    others = np.delete(score[key], name)
    margin = float(score[key, name] - others.max())
    alike = float(likeness.direction[key, name])
    height = STEEP * (alike - HALF) + MARGIN * margin
    return Guess(NAMES[name], float(1 / (1 + np.exp(-height))), alike, margin)
