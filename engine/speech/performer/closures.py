# SPDX-License-Identifier: GPL-3.0-or-later
"""Closed lips at P, B and M, whatever was learned.

A network gives the mean of what it saw, and a mean of closed and nearly closed lips is open. The
contact is the general model's (``speech.contact``); how far the jaw is open behind it, and how
the lips press, stay the performer's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core.arkit import INDEX
from ...core.cues import Cue
from ...core.phones import INDEX as PHONE_INDEX
from ..contact import PARTED, PARTING, SHUT_JAW, lip_contact

_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


def close_lips(weights: np.ndarray, cues: Sequence[Cue], times_s: np.ndarray) -> np.ndarray:
    """Weights with contact where the cues want it.

    Args:
        weights: float32 (N, 52), ARKit order.
        cues: In order of time.
        times_s: (N,) ascending, on the cues' clock.

    Returns:
        A copy, float32 (N, 52). In the middle of a P, B or M ``mouthClose`` equals ``jawOpen``.
    """
    closed = weights.copy()
    if not len(cues) or not len(times_s):
        return closed
    edges = np.array([cue.start for cue in cues] + [cues[-1].end])
    phone = np.array([PHONE_INDEX[cue.spoken] for cue in cues])
    shut, parted = lip_contact(edges, phone, np.ones(len(cues)), np.asarray(times_s, float))
    jaw = closed[:, _JAW]
    jaw = jaw + shut * (np.minimum(jaw, SHUT_JAW) - jaw)
    jaw = np.maximum(jaw, 1.2 * PARTED * parted)
    close = np.minimum(closed[:, _CLOSE], jaw)
    closed[:, _JAW] = jaw
    closed[:, _CLOSE] = np.clip(close + shut * (jaw - close) - PARTED * parted, 0, 1)
    for name in PARTING:
        closed[:, _columns(name)] *= (1 - shut)[:, None]
    return closed


def _columns(name: str) -> list[int]:
    return [INDEX[key] for key in (name, f"{name}Left", f"{name}Right") if key in INDEX]
