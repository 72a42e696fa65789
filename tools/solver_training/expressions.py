# SPDX-License-Identifier: GPL-3.0-or-later
"""Random ARKit weights: each shape alone, mixtures, blinks, rest."""

from __future__ import annotations

import numpy as np

from engine.core.arkit import COUNT, INDEX, NAMES

_ALONE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


def _groups() -> list[tuple[int, ...]]:
    """Shapes that usually move together: both sides of a pair, both eyes of a glance."""
    names = [("eyeLookInLeft", "eyeLookOutRight"), ("eyeLookOutLeft", "eyeLookInRight")]
    for name in NAMES:
        sideless = name.startswith(("jaw", "mouthLeft", "mouthRight", "eyeLookIn", "eyeLookOut"))
        if name.endswith("Left") and not sideless:
            names.append((name, f"{name.removesuffix('Left')}Right"))
        elif name in _ALONE or not name.endswith(("Left", "Right", "tongueOut", "mouthClose")):
            names.append((name,))
    names.append(("jawOpen", "mouthClose"))
    return [tuple(INDEX[name] for name in group) for group in names]


GROUPS = _groups()
_OFTEN = {"eyeBlink": 3.0, "jawOpen": 3.5, "eyeLook": 2.0, "mouthSmile": 2.0, "mouthFunnel": 2.0}
_OFTEN |= {"mouthPucker": 2.0, "mouthUpperUp": 1.5, "mouthLowerDown": 1.5}
_CHANCE = np.array(
    [
        max([v for k, v in _OFTEN.items() if NAMES[group[0]].startswith(k)], default=1.0)
        for group in GROUPS
    ]
)
_CHANCE /= _CHANCE.sum()
# Share of the expressions with the tongue out.
_TONGUE = 0.05
# What cannot go together with what: the stronger one stays.
_EXCLUSIVE = (
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
    *((f"eyeLookUp{s}", f"eyeLookDown{s}") for s in ("Left", "Right")),
    *((f"eyeLookIn{s}", f"eyeLookOut{s}") for s in ("Left", "Right")),
)


# Faces that people make, which chance would hardly ever put together: least and greatest weight
# of each shape or pair.
_FACES = (
    {"mouthSmile": (0.5, 1), "mouthUpperUp": (0.2, 0.9), "mouthLowerDown": (0, 0.8)}
    | {"cheekSquint": (0.2, 0.9), "eyeSquint": (0, 0.7), "mouthStretch": (0, 0.4)},
    {"mouthSmile": (0.4, 1), "mouthUpperUp": (0.1, 0.7), "jawOpen": (0.2, 0.8)}
    | {"cheekSquint": (0.2, 1), "eyeBlink": (0, 1), "mouthLowerDown": (0, 0.6)},
    {"mouthSmile": (0.2, 0.9), "mouthPress": (0, 0.6), "mouthDimple": (0, 0.6)},
    {"eyeBlink": (0.6, 1), "eyeLookDown": (0.3, 1), "browDown": (0, 0.3)},
    {"eyeBlink": (0.1, 0.5), "eyeLookDown": (0.4, 1)},
    {"browInnerUp": (0.4, 1), "browDown": (0, 0.7), "mouthFrown": (0, 0.7)}
    | {"eyeSquint": (0, 0.5), "mouthShrugLower": (0, 0.6)},
    {"browInnerUp": (0.3, 1), "browOuterUp": (0.3, 1), "eyeWide": (0.2, 1), "jawOpen": (0, 0.7)},
    {"browDown": (0.4, 1), "noseSneer": (0.1, 0.9), "mouthUpperUp": (0, 0.8)}
    | {"eyeSquint": (0, 0.6), "mouthPress": (0, 0.6)},
    {"mouthRollLower": (0.2, 0.9), "mouthRollUpper": (0.2, 0.9), "mouthPress": (0, 0.7)},
    {"mouthPucker": (0.3, 1), "mouthFunnel": (0, 0.6), "jawOpen": (0, 0.3)},
    {"mouthShrugLower": (0.3, 1), "mouthShrugUpper": (0.2, 0.8), "mouthFrown": (0, 0.6)},
    {"jawOpen": (0.05, 0.4), "mouthClose": (0.05, 0.4), "mouthPress": (0, 0.4)},
    {"jawOpen": (0.1, 0.5), "mouthLowerDown": (0, 0.5), "mouthUpperUp": (0, 0.4)}
    | {"mouthStretch": (0, 0.4), "mouthSmile": (0, 0.4)},
    {"jawOpen": (0.05, 0.4), "mouthFunnel": (0.2, 0.8), "mouthPucker": (0, 0.5)},
)


def _familiar_face(random: np.random.Generator, weights: np.ndarray) -> None:
    """Put one of ``_FACES`` into weights (52,), not quite the same on both sides."""
    for name, (least, greatest) in _FACES[int(random.integers(len(_FACES)))].items():
        strength = random.uniform(least, greatest)
        members = [name] if name in INDEX else [f"{name}Left", f"{name}Right"]
        for member in members:
            weights[INDEX[member]] = strength * random.uniform(0.8, 1.0)


def random_expression(random: np.random.Generator, tongue: bool = False) -> np.ndarray:
    """float32 (52,): a tenth at rest, a fifth single movements, a third familiar faces, mixtures.

    Args:
        random: Source of chance.
        tongue: Whether the head can show ``tongueOut``; it does now and then.
    """
    weights = np.zeros(COUNT, np.float32)
    kind = random.random()
    if kind < 0.1:
        count = 0
    elif kind < 0.3:
        count = 1
    elif kind < 0.6:
        _familiar_face(random, weights)
        count = random.poisson(0.7)
    else:
        count = 1 + random.poisson(2.6)
    chance = None if kind < 0.3 else _CHANCE
    chosen = random.choice(len(GROUPS), min(count, 12), replace=False, p=chance) if count else []
    for number in chosen:
        group = GROUPS[number]
        strength = random.uniform(0, 1) if random.random() < 0.8 else 1.0
        members = list(group)
        pair = len(members) == 2 and not NAMES[members[0]].startswith(("eyeLook", "jaw"))
        if pair and random.random() < 0.2:
            members = [members[int(random.integers(2))]]
        for member in members:
            weights[member] = max(weights[member], strength * random.uniform(0.8, 1.0))
    for pair in _EXCLUSIVE:
        a, b = (INDEX[name] for name in pair)
        weights[a if weights[a] < weights[b] else b] = 0.0
    close, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
    if tongue and random.random() < _TONGUE:
        out = random.uniform(0.2, 1.0)
        weights[INDEX["tongueOut"]] = out
        # A tongue needs a way between the teeth.
        weights[jaw] = max(weights[jaw], random.uniform(0.15, 0.3) + 0.2 * out)
        weights[[close, INDEX["mouthRollUpper"], INDEX["mouthRollLower"]]] = 0.0
    weights[close] = min(weights[close], weights[jaw])
    return weights
