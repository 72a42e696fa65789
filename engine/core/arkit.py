# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 ARKit blend-shape names: order, sides, regions.

Order and spelling: Apple, ``ARFaceAnchor.BlendShapeLocation``. ``Left`` is the actor's left.
Every array of 52 weights in this project is in the order of ``NAMES``.
"""

from __future__ import annotations

from typing import Final

_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")

NAMES: Final[tuple[str, ...]] = (
    *(f"eye{part}Left" for part in _EYE),
    *(f"eye{part}Right" for part in _EYE),
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
COUNT: Final = len(NAMES)
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(NAMES)}

# MediaPipe's blend-shape network: index 0 is a rest score, then alphabetical, without tongueOut.
MEDIAPIPE_NAMES: Final[tuple[str, ...]] = (
    "_neutral",
    *sorted(name for name in NAMES if name != "tongueOut"),
)


def mirror_name(name: str) -> str:
    """The name of the same movement on the other side; a name without a side is its own mirror."""
    if name.endswith("Left"):
        return f"{name.removesuffix('Left')}Right"
    if name.endswith("Right"):
        return f"{name.removesuffix('Right')}Left"
    return name


# Index of each name's mirror partner: ``weights[..., MIRROR]`` swaps the actor's sides.
MIRROR: Final[tuple[int, ...]] = tuple(INDEX[mirror_name(name)] for name in NAMES)

# Directions of the whole jaw and mouth: mirror partners, but no two sides of one movement.
DIRECTIONS: Final = frozenset({"jawLeft", "jawRight", "mouthLeft", "mouthRight"})

# Both eyes look to one side: what is out for the one is in for the other.
GAZE_PARTNERS: Final[dict[str, str]] = {
    "eyeLookOutLeft": "eyeLookInRight",
    "eyeLookInRight": "eyeLookOutLeft",
    "eyeLookInLeft": "eyeLookOutRight",
    "eyeLookOutRight": "eyeLookInLeft",
}

REGIONS: Final[tuple[str, ...]] = ("brows", "eyelids", "gaze", "cheeks", "jaw", "mouth", "tongue")


def region_of(name: str) -> str:
    """The part of the face that a name moves, one of ``REGIONS``."""
    if name.startswith("eyeLook"):
        return "gaze"
    for prefix, region in (
        ("brow", "brows"),
        ("eye", "eyelids"),
        ("cheek", "cheeks"),
        ("nose", "cheeks"),
        ("jaw", "jaw"),
        ("tongue", "tongue"),
    ):
        if name.startswith(prefix):
            return region
    return "mouth"


REGION_INDICES: Final[dict[str, tuple[int, ...]]] = {
    region: tuple(i for i, name in enumerate(NAMES) if region_of(name) == region)
    for region in REGIONS
}


def live_link_name(name: str) -> str:
    """Live Link Face spells the same names in PascalCase: ``jawOpen`` -> ``JawOpen``."""
    return name[:1].upper() + name[1:]
