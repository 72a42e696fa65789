# SPDX-License-Identifier: GPL-3.0-or-later
"""The expressions of a VRM avatar as ARKit weights, and back: a table of our own.

An avatar without the 52 Perfect Sync clips is driven by a handful of presets. What a preset looks
like is up to its avatar; these are the movements that their names ask for, not measurements.
Names: VRM 0.x BlendShapePreset and VRM 1.0 expressions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.arkit import COUNT, INDEX, mirror_name

# VRM 0.x name, VRM 1.0 name, and what it moves; "*" stands for both sides.
_TABLE: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("A", "aa", {"jawOpen": 0.6, "mouthLowerDown*": 0.2, "mouthUpperUp*": 0.1}),
    ("I", "ih", {"jawOpen": 0.1, "mouthStretch*": 0.5, "mouthLowerDown*": 0.3}),
    ("U", "ou", {"jawOpen": 0.15, "mouthPucker": 0.8}),
    ("E", "ee", {"jawOpen": 0.3, "mouthStretch*": 0.3, "mouthLowerDown*": 0.2}),
    ("O", "oh", {"jawOpen": 0.4, "mouthFunnel": 0.7}),
    ("Blink", "blink", {"eyeBlink*": 1.0}),
    ("Blink_L", "blinkLeft", {"eyeBlinkLeft": 1.0}),
    ("Blink_R", "blinkRight", {"eyeBlinkRight": 1.0}),
    ("Joy", "happy", {"mouthSmile*": 0.9, "cheekSquint*": 0.6, "eyeSquint*": 0.5}),
    ("Angry", "angry", {"browDown*": 1.0, "noseSneer*": 0.4, "mouthPress*": 0.3}),
    ("Sorrow", "sad", {"browInnerUp": 0.9, "mouthFrown*": 0.7}),
    ("Fun", "relaxed", {"mouthSmile*": 0.6, "cheekSquint*": 0.3}),
    (
        "Surprised",
        "surprised",
        {"browInnerUp": 0.8, "browOuterUp*": 0.8, "eyeWide*": 0.8, "jawOpen": 0.3},
    ),
    ("LookUp", "lookUp", {"eyeLookUp*": 1.0}),
    ("LookDown", "lookDown", {"eyeLookDown*": 1.0}),
    ("LookLeft", "lookLeft", {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}),
    ("LookRight", "lookRight", {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0}),
)


def _row(moves: Mapping[str, float]) -> np.ndarray:
    row = np.zeros(COUNT)
    for pattern, weight in moves.items():
        left = pattern.replace("*", "Left")
        names = {left, mirror_name(left)} if "*" in pattern else {left}
        for name in names:
            row[INDEX[name]] = weight
    return row


# float64 (presets, 52)
_ROWS = np.array([_row(moves) for _, _, moves in _TABLE])
# Places in the table, the one that moves more before the one that moves part of it.
_EMOTIONS = tuple(
    place
    for place, (name, _, _) in enumerate(_TABLE)
    if name in {"Joy", "Angry", "Sorrow", "Fun", "Surprised"}
)
_PLACE = {
    name.lower(): (place, spelling)
    for place, (old, new, _) in enumerate(_TABLE)
    for spelling, name in enumerate((old, new))
}


def no_presets() -> np.ndarray:
    """``weights_of``'s argument where no preset is told: float64 (presets, 2), all 0."""
    return np.zeros((len(_TABLE), 2))


def preset_place(name: str) -> tuple[int, int] | None:
    """The place of a preset in ``weights_of``'s argument, or None for another name."""
    return _PLACE.get(name.lower())


def weights_of(presets: np.ndarray) -> np.ndarray:
    """ARKit weights of an avatar's presets.

    Args:
        presets: float64 (presets, 2), 0..1, by its name in VRM 0.x and by the one in VRM 1.0. Some
            senders tell a preset by both names and move only one; the larger counts.

    Returns:
        float64 (52,), 0..1.
    """
    return np.clip(presets.max(axis=1) @ _ROWS, 0.0, 1.0)


def presets_of(weights: np.ndarray) -> dict[str, float]:
    """What an avatar without Perfect Sync shows of the weights, by VRM 0.x names.

    No movement is told twice, as an avatar adds its presets up. An emotion is there as far as all
    of its movements in the table are, and what it moves is taken off the weights before the next.
    Round lips go to U and O, wide ones to I, the rest of the open jaw to A. Blink is what both lids
    do, Blink_L and Blink_R what one does beyond.

    Args:
        weights: float (52,), ARKit order.

    Returns:
        All presets of the table, 0..1.
    """
    rest = np.clip(weights, 0.0, 1.0)
    values = dict.fromkeys((name for name, _, _ in _TABLE), 0.0)
    for place in _EMOTIONS:
        moved = _ROWS[place] > 0
        part = min(float(np.min(rest[moved] / _ROWS[place, moved])), 1.0)
        values[_TABLE[place][0]] = part
        rest = np.maximum(rest - part * _ROWS[place], 0.0)

    def of(*names: str) -> float:
        return float(np.mean([rest[INDEX[name]] for name in names]))

    rounded, funnel = of("mouthPucker"), of("mouthFunnel")
    wide = of("mouthStretchLeft", "mouthStretchRight")
    left, right = of("eyeBlinkLeft"), of("eyeBlinkRight")
    both = min(left, right)
    return values | {
        "A": max(of("jawOpen") - max(rounded, funnel, wide), 0.0),
        "I": wide,
        "U": rounded,
        "O": funnel,
        "Blink": both,
        "Blink_L": left - both,
        "Blink_R": right - both,
        "LookUp": of("eyeLookUpLeft", "eyeLookUpRight"),
        "LookDown": of("eyeLookDownLeft", "eyeLookDownRight"),
        "LookLeft": of("eyeLookOutLeft", "eyeLookInRight"),
        "LookRight": of("eyeLookInLeft", "eyeLookOutRight"),
    }
