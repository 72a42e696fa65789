# SPDX-License-Identifier: GPL-3.0-or-later
"""Facial motion with known weights, for clips that measure accuracy: smooth bumps, no jumps.

Deterministic: the same seed gives the same motion on every machine.
"""

from __future__ import annotations

import numpy as np

from engine.core.arkit import COUNT, INDEX, NAMES, mirror_name

RATE = 30  # frames a second

# One sideways shape is no pair, and eyes glance together.
_ALONE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
_GLANCES = (("eyeLookInLeft", "eyeLookOutRight"), ("eyeLookOutLeft", "eyeLookInRight"))
# The mouth is closed over an open jaw; alone this shape is never seen.
_CLOSED_OVER_JAW = ("jawOpen", "mouthClose")
_ONE_SIDED = (
    *("eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight"),
    *("browOuterUpLeft", "noseSneerRight"),
)
# What stands for no movement of a face when both are there: the stronger stays.
_OPPOSED = (
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
    *((f"eyeLookUp{side}", f"eyeLookDown{side}") for side in ("Left", "Right")),
    *((f"eyeLookIn{side}", f"eyeLookOut{side}") for side in ("Left", "Right")),
)
# Movements a minute in mixtures; everything else has _USUAL.
_USUAL = 5.0
_OFTEN = {"eyeBlink": 24, "eyeLook": 12, "jawOpen": 24, "mouthSmile": 14, "mouthFunnel": 14,
          "mouthPucker": 14, "mouthUpperUp": 12, "mouthLowerDown": 14}  # fmt: skip


def groups() -> list[tuple[str, ...]]:
    """The 52 shapes by what moves together: both sides of a pair, both eyes of a glance."""
    found: list[tuple[str, ...]] = []
    for name in NAMES:
        other = mirror_name(name)
        if name == "mouthClose":
            found.append(_CLOSED_OVER_JAW)
        elif name in _ALONE or other == name:
            found.append((name,))
        elif name.endswith("Left") and not name.startswith(("eyeLookIn", "eyeLookOut")):
            found.append((name, other))
    return [*found, *_GLANCES]


def bump(frames: int) -> np.ndarray:
    """float64 (frames,): from just above 0 to 1 in the middle (of an odd count) and back."""
    phase = np.linspace(0, np.pi, frames + 2)[1:-1]
    return np.sin(phase) ** 1.4


def one_at_a_time(frames_each: int = 9, rest: int = 12) -> np.ndarray:
    """Every group alone up to 1, then some shapes on one side only.

    Args:
        frames_each: Length of each movement.
        rest: Frames of the neutral face at the beginning.

    Returns:
        float64 (T, 52), ARKit order.
    """
    parts = [np.zeros((rest, COUNT))]
    for group in [*groups(), *((name,) for name in _ONE_SIDED)]:
        part = np.zeros((frames_each, COUNT))
        part[:, [INDEX[name] for name in group]] = bump(frames_each)[:, None]
        parts.append(part)
    return np.concatenate(parts)


def mixture(frames: int, seed: int, rest: int = 12) -> np.ndarray:
    """Overlapping movements of random strength, full blinks among them.

    Args:
        frames: Length.
        seed: Of the random numbers.
        rest: Frames of the neutral face at the beginning.

    Returns:
        float64 (frames, 52), ARKit order, 0..1.
    """
    random = np.random.default_rng(seed)
    weights = np.zeros((frames, COUNT))
    for group in groups():
        a_minute = max((v for k, v in _OFTEN.items() if group[0].startswith(k)), default=_USUAL)
        for _ in range(max(1, random.poisson(a_minute * frames / RATE / 60))):
            _add_movement(weights, group, rest, random)
    for pair in _OPPOSED:
        one, other = (weights[:, INDEX[name]] for name in pair)
        weaker = one < other
        one[weaker], other[~weaker] = 0, 0
    closed, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
    weights[:, closed] = np.minimum(weights[:, closed], weights[:, jaw])
    return weights


def _add_movement(
    weights: np.ndarray, group: tuple[str, ...], rest: int, random: np.random.Generator
) -> None:
    blink = group[0].startswith("eyeBlink")
    length = int(random.integers(5, 8)) if blink else int(random.integers(8, 22))
    start = int(random.integers(rest, max(rest + 1, len(weights) - length)))
    strength = 1.0 if blink else random.uniform(0.3, 1.0)
    pair = len(group) == 2 and group[1] == mirror_name(group[0])
    uneven = random.uniform(0.6, 1.0) if pair and not blink else 1.0
    first = int(random.integers(2)) if pair else 0
    for member, share in ((first, 1.0), (1 - first, uneven))[: len(group)]:
        column = weights[start : start + length, INDEX[group[member]]]
        curve = strength * share * bump(length)[: len(column)]
        np.maximum(column, curve, out=column)


def sway(frames: int, amplitudes: tuple[float, ...], seed: int, rest: int = 12) -> np.ndarray:
    """Slow wandering about zero, for head angles and positions.

    Args:
        frames: Length.
        amplitudes: Largest value of each of A columns.
        seed: Of the random numbers.
        rest: Frames in which it grows from zero.

    Returns:
        float64 (frames, A), in the unit of the amplitudes.
    """
    random = np.random.default_rng(seed)
    seconds = np.arange(frames) / RATE
    result = np.zeros((frames, len(amplitudes)))
    for column, amplitude in enumerate(amplitudes):
        for cycles_a_second in (0.17, 0.31, 0.53):
            turn = 2 * np.pi * (cycles_a_second * seconds + random.random())
            result[:, column] += random.uniform(0.4, 1.0) * np.sin(turn)
        result[:, column] *= amplitude / np.abs(result[:, column]).max()
    # Smoothstep: neither the angle nor its speed jumps at the end of the rest.
    grow = np.clip(np.arange(frames) / max(rest, 1), 0, 1)
    return result * (grow**2 * (3 - 2 * grow))[:, None]
