# SPDX-License-Identifier: GPL-3.0-or-later
"""How strong the shapes are that other heads get.

The shipped head's keys are MakeHuman's face units, some of them made stronger or mended for its
own looks (``tools/head_build/keys.py`` and ``mend.py``). What is linear in that is undone here, so
that another head can get the units as their authors meant them.
"""

from __future__ import annotations

import numpy as np

from ...core.arkit import NAMES
from ..head_asset import HeadAsset

# "authored": the units' own amounts; "shipped": as on the shipped head.
AMOUNTS = ("authored", "shipped")
DEFAULT = "authored"

# What head_build multiplied the skin's units with. browOuterUp was smoothed there and given its
# peak back, which cannot be undone: this is the one factor that is nearest to its unit.
GAINS = {
    "eyeLookUp": 0.7,
    "eyeLookDown": 1.15,
    "eyeLookIn": 1.5,
    "eyeLookOut": 1.5,
    "browInnerUp": 1.4,
    "browOuterUp": 1 / 0.73,
    "cheekSquint": 1.2,
}
# The same of the tongue.
TONGUE = {"tongueOut": 1.5}
# How far the eyeballs turn, as a share of the shipped head's 28, 28, 22 and 26 degrees. The units
# turn and shift them; on MakeHuman's base mesh the pupil goes where a turn about the eyeball's own
# centre by so many degrees would take it.
TURNS = {
    "eyeLookIn": 22 / 28,
    "eyeLookOut": 22 / 28,
    "eyeLookUp": 11 / 22,
    "eyeLookDown": 16 / 26,
}
# The share of eyeWide that is part of eyeLookUp.
LOOK_UP_WIDE = 0.9
# How far a blink's upper lid comes forward for each metre that it comes down, and the most of it.
LID_FORWARD, LID_DROP = 0.16, 0.01


def skin_moves(asset: HeadAsset, amounts: str) -> dict[str, np.ndarray]:
    """ARKit name -> (n, 3) float64, metres: the skin's displacements in the shipped head's axes.

    Args:
        asset: The shipped head; its skin comes first.
        amounts: One of ``AMOUNTS``.
    """
    _, count = asset.parts["skin"]
    moves = {name: asset.deltas[name][:count].astype(np.float64) for name in NAMES}
    return moves if amounts == "shipped" else {n: _unit(n, moves) for n in NAMES}


def eye_turn(name: str, amounts: str) -> float:
    """How far the eyeballs turn in one shape, as a share of the shipped head's angle."""
    stem = name.removesuffix("Left").removesuffix("Right")
    return 1.0 if amounts == "shipped" else TURNS.get(stem, 1.0)


def tongue_gain(name: str, amounts: str) -> float:
    """What the tongue's displacements are divided by in one shape."""
    return 1.0 if amounts == "shipped" else TONGUE.get(name, 1.0)


def _unit(name: str, moves: dict[str, np.ndarray]) -> np.ndarray:
    """The face unit that the shipped head's key was made from."""
    stem = name.removesuffix("Left").removesuffix("Right")
    own = moves[name]
    if stem == "eyeLookUp":
        own = own - LOOK_UP_WIDE * moves[name.replace("LookUp", "Wide")]
    if stem == "eyeBlink":
        own = own.copy()
        own[:, 1] += LID_FORWARD * np.clip(-own[:, 2], 0, LID_DROP)
    return own / GAINS.get(stem, 1.0)
