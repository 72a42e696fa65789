# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the short, fast movements that smoothing must not touch: blinks and lip contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.arkit import INDEX
from ..core.curve_math import runs, smoothstep
from .columns import frame_interval


@dataclass(frozen=True)
class EventShape:
    """What counts as an event.

    Attributes:
        prominence: Least rise above the lowest value nearby, in weight units.
        speed: Least speed of the fastest rise or fall inside the event, weight units per second.
        window_s: How far "nearby" reaches to each side, seconds.
    """

    prominence: float
    speed: float
    window_s: float


# A spontaneous blink closes in about 0.1 s and is over in 0.15 to 0.4 s; a bilabial closure
# lasts 0.05 to 0.15 s. A slow movement of the same size is no event: smoothing keeps it anyway.
BLINK = EventShape(prominence=0.2, speed=2.0, window_s=0.35)
LIP_CONTACT = EventShape(prominence=0.08, speed=0.8, window_s=0.2)


def blink_signal(weights: np.ndarray, side: str) -> np.ndarray:
    """The closure of one eye: float (T, 52) -> (T,). ``side`` is "Left" or "Right"."""
    return weights[:, INDEX[f"eyeBlink{side}"]]


def lip_signal(weights: np.ndarray) -> np.ndarray:
    """How closed the lips are: float (T, 52) -> (T,), 0 at rest, negative while they are apart.

    ARKit's mouthClose closes the lips over an open jaw, so the opening is what remains of jawOpen
    after it, plus the lifted lips; pressing or rolling the lips in is contact.
    """

    def mean(*names: str) -> np.ndarray:
        return weights[:, [INDEX[name] for name in names]].mean(axis=1)

    opening = np.maximum(weights[:, INDEX["jawOpen"]] - weights[:, INDEX["mouthClose"]], 0)
    lifted = mean(
        "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"
    )
    contact = mean("mouthPressLeft", "mouthPressRight") + mean("mouthRollLower", "mouthRollUpper")
    return 0.5 * contact - opening - 0.5 * lifted


def event_share(
    signal: np.ndarray, time_s: np.ndarray, shape: EventShape, fade_s: float = 0.06
) -> np.ndarray:
    """How much of the raw signal to keep at each frame.

    A frame belongs to an event while the signal stands above the lowest value nearby; the event
    counts if it rises far and fast enough, and clear of the signal's own noise.

    Args:
        signal: float (T,), finite, larger inside an event.
        time_s: float64 (T,), seconds, increasing.
        shape: What counts as an event.
        fade_s: Time over which the share falls from 1 to 0 outside an event, seconds.

    Returns:
        float64 (T,): 1 inside events and on the frame to each side, 0 far from them.
    """
    count = len(signal)
    if count < 3:
        return np.zeros(count)
    prominence = max(shape.prominence, 8 * _noise(signal))
    rise = signal - _lowest_nearby(signal, shape.window_s / frame_interval(time_s))
    slope = np.abs(np.diff(signal)) / np.diff(time_s)
    inside = np.zeros(count, bool)
    for first, stop in runs(rise > 0.25 * prominence):
        fastest = slope[max(first - 1, 0) : stop].max()
        if rise[first:stop].max() >= prominence and fastest >= shape.speed:
            inside[max(first - 1, 0) : stop + 1] = True
    return _fade(inside, time_s, fade_s)


def _noise(signal: np.ndarray) -> float:
    """Standard deviation of the frame-to-frame noise, from second differences.

    The median absolute deviation does not see the events themselves, which are rare.
    """
    return float(1.4826 * np.median(np.abs(np.diff(signal, 2))) / np.sqrt(6))


def _lowest_nearby(signal: np.ndarray, reach: float) -> np.ndarray:
    """Running minimum over ``reach`` frames to each side, by doubling windows."""
    reach = max(round(reach), 1)
    padded = np.pad(signal, reach, mode="edge")
    width, lowest = 1, padded
    while 2 * width <= 2 * reach + 1:
        lowest = np.minimum(lowest[:-width], lowest[width:])
        width *= 2
    rest = 2 * reach + 1 - width
    return np.minimum(lowest[: len(signal)], lowest[rest : rest + len(signal)])


def _fade(inside: np.ndarray, time_s: np.ndarray, fade_s: float) -> np.ndarray:
    """1 where ``inside``, falling smoothly to 0 over ``fade_s`` to both sides."""
    if not inside.any():
        return np.zeros(len(inside))
    since = time_s - np.maximum.accumulate(np.where(inside, time_s, -np.inf))
    until = np.minimum.accumulate(np.where(inside, time_s, np.inf)[::-1])[::-1] - time_s
    return 1 - smoothstep(np.minimum(since, until) / max(fade_s, 1e-6))
