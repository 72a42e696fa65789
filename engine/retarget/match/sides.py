# SPDX-License-Identifier: GPL-3.0-or-later
"""On which side of the face each key is, by the position of the vertices it moves, and whether
the sides in names agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.arkit import DIRECTIONS
from .face_frame import FaceFrame
from .motion import Key, Motion, key_mass, lengths, observe
from .template import mirrored

# In units of the face's spread: how far off the middle a vertex counts wholly to its side.
MIDDLE = 0.15
# With a balance beyond this a key is of one side.
ONE_SIDED = 0.3
# Two keys of a pair are this far apart before their names are called swapped.
SWAPPED = 0.25
# A single key without its partner must be clearer than a pair.
SWAPPED_ALONE = 0.45


@dataclass(frozen=True)
class KeySide:
    """Where a key works.

    Attributes:
        side: "left", "right" (the actor's), "both", or "" for a key without motion.
        balance: -1 (all on the right) .. 1 (all on the left), by energy of the motion.
        direction: -1 (all motion to the right) .. 1 (to the left).
    """

    side: str
    balance: float
    direction: float


def key_sides(
    base: np.ndarray, deltas: np.ndarray | Sequence[Key], frame: FaceFrame
) -> list[KeySide]:
    """The side of each key; see ``observe`` for base (N, 3) and deltas (K, N, 3)."""
    return sides_of(observe(base, deltas), frame)


def sides_of(motion: Motion, frame: FaceFrame) -> list[KeySide]:
    """The side of each key of an observed motion (in the character's own axes)."""
    motion = motion.moved(frame.matrix, frame.centre)
    sideways = np.tanh(motion.points[:, 0] / MIDDLE)
    mass = key_mass(motion)
    balance = mass @ sideways
    far = np.maximum(lengths(motion.fields), 1e-30)
    direction = np.einsum("kp,pk->k", mass, motion.fields[:, 0] / far)
    return [
        KeySide("" if still else _side(b), float(b), float(d))
        for still, b, d in zip(motion.still, balance, direction, strict=True)
    ]


@dataclass(frozen=True)
class PairSide:
    """A pair of names and where its keys are.

    Attributes:
        name: the ARKit name with Left.
        measure: above 0 where the names are on their own sides, below where they are swapped,
            -1..1; None in doubt.
    """

    name: str
    measure: float | None


def pair_sides(
    names: Mapping[int, str], sides: Sequence[KeySide], frame: FaceFrame
) -> list[PairSide]:
    """Whether each pair of names is where its vertices are.

    Args:
        names: key -> ARKit name, one key a name (of several the first counts).
        sides: of ``key_sides``.
        frame: of the same character; one that may look anywhere leaves all pairs in doubt.
    """
    key_of: dict[str, int] = {}
    for key, name in names.items():
        key_of.setdefault(name, key)
    stems = sorted({n if "Left" in n else mirrored(n) for n in key_of if mirrored(n) != n})
    return [
        PairSide(
            name,
            _measure(name, key_of.get(name), key_of.get(mirrored(name)), sides)
            if frame.is_certain
            else None,
        )
        for name in stems
    ]


def fits_side(name: str, side: KeySide) -> bool:
    """Whether a key is where its channel is: on its side, on both, or going in its direction."""
    sign = 1 if name.endswith("Left") else -1
    if name in DIRECTIONS:
        return sign * side.direction > ONE_SIDED
    if mirrored(name) == name:
        return side.side == "both"
    return side.side == ("left" if sign > 0 else "right")


def _measure(
    name: str, left: int | None, right: int | None, sides: Sequence[KeySide]
) -> float | None:
    """Above 0 where the names are right, below where they are swapped, None in doubt."""
    values = []
    for key, sign in ((left, 1), (right, -1)):
        if key is None or not sides[key].side:
            continue
        side = sides[key]
        values.append(sign * (side.direction if name in DIRECTIONS else side.balance))
    if not values:
        return None
    measure = sum(values) / len(values)
    # Both keys of a pair on one side is something else than a swap.
    doubtful = len(values) == 2 and min(values) < 0 < max(values) and abs(measure) < SWAPPED_ALONE
    least = SWAPPED if len(values) == 2 else SWAPPED_ALONE
    return None if doubtful or abs(measure) < least else measure


def _side(balance: float) -> str:
    if abs(balance) < ONE_SIDED:
        return "both"
    return "left" if balance > 0 else "right"
