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


def random_expression(random: np.random.Generator, tongue: bool = False) -> np.ndarray:
    """float32 (52,): a quarter single movements, a tenth at rest, the rest mixtures.

    Args:
        random: Source of chance.
        tongue: Whether the head can show ``tongueOut``; it does now and then.
    """
    weights = np.zeros(COUNT, np.float32)
    kind = random.random()
    if kind < 0.1:
        count = 0
    elif kind < 0.35:
        count = 1
    else:
        count = 1 + random.poisson(2.6)
    chance = None if kind < 0.35 else _CHANCE
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
