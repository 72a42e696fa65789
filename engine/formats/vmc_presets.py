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

    Lids, gaze and vowels: round lips go to U and O, wide ones to I, the rest of the open jaw to A.
    Emotions stay out, because they would close the eyes and open the mouth a second time.
    """

    def of(name: str) -> float:
        left = name.replace("*", "Left")
        return float(weights[INDEX[left]] + weights[INDEX[mirror_name(left)]]) / 2

    rounded, funnel, wide = of("mouthPucker"), of("mouthFunnel"), of("mouthStretch*")
    right = float(weights[INDEX["eyeLookInLeft"]] + weights[INDEX["eyeLookOutRight"]]) / 2
    left = float(weights[INDEX["eyeLookOutLeft"]] + weights[INDEX["eyeLookInRight"]]) / 2
    values = {
        "A": of("jawOpen") - max(rounded, funnel, wide),
        "I": wide,
        "U": rounded,
        "E": 0.0,
        "O": funnel,
        "Blink_L": float(weights[INDEX["eyeBlinkLeft"]]),
        "Blink_R": float(weights[INDEX["eyeBlinkRight"]]),
        "LookUp": of("eyeLookUp*"),
        "LookDown": of("eyeLookDown*"),
        "LookLeft": left,
        "LookRight": right,
    }
    return {name: min(max(value, 0.0), 1.0) for name, value in values.items()}
