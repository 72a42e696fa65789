# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds that need contact: the lips at P, B and M, lower lip and upper teeth at F and V.

A blend of targets only comes near; here contact is made. A contact is whole for the sound's own
time and is approached and left in ``REACH_S``.
"""

from __future__ import annotations

import numpy as np

from ..core.phones import INDEX
from .mouth_table import MouthTable

# 10 mm of opening in this time is 180 mm/s, within what lips do (Löfqvist and Gracco 1997
# measured lower lips closing at 100 to 250 mm/s).
REACH_S = 0.055
# The frame before the sound and the frame after it touch, too: between two keys values are mixed.
MARGIN_S = 0.012
# Longer than this nobody presses the lips together in speech: they part a little.
LONGEST_S = 0.20
PARTED = 0.055
# The last cue may still be growing (live): contact grows with it.
GROWN_S = 0.03
# How much of the jaw's opening is left while the lips touch; the rest is mouthClose.
JAW_KEPT = 0.55
# Channels that part the lips, and those that are pressed at contact.
PARTING = ("mouthLowerDown", "mouthUpperUp", "mouthFunnel", "mouthShrugUpper")
PRESSED = {"mouthRollLower": 0.10, "mouthRollUpper": 0.06, "mouthPress": 0.22}
# Lower lip at the upper teeth.
BITTEN = {"mouthRollLower": 0.55, "mouthUpperUp": 0.30, "mouthShrugLower": 0.10}
BITE_JAW = 0.05


def hold_contacts(
    channel: dict[str, np.ndarray],
    edges: np.ndarray,
    phone: np.ndarray,
    factors: np.ndarray,
    times_s: np.ndarray,
    table: MouthTable,
    strength: float,
) -> None:
    """Change values, in place, so that contacts are made.

    Args:
        channel: Name without a side to (N,) values.
        edges: (M + 1,) seconds; phone i goes from ``edges[i]`` to ``edges[i + 1]``.
        phone: (M,) index into ``PHONES``.
        factors: (M,) strength of each cue.
        times_s: (N,) seconds.
        table: Names the channels.
        strength: How far lips move.
    """
    bite, force = _contact(edges, phone == INDEX["f"], factors, times_s, None)
    bite = bite * np.clip(force, 0.0, 1.0)
    _mix(channel, "jawOpen", np.minimum(channel["jawOpen"], BITE_JAW), bite)
    _mix(channel, "mouthLowerDown", 0.0, bite)
    _mix(channel, "mouthFunnel", 0.0, 0.8 * bite)
    _mix(channel, "mouthPucker", 0.0, 0.5 * bite)
    for name, value in BITTEN.items():
        _mix(channel, name, value * min(strength, 1.2), bite)
    shut, force = _contact(edges, phone == INDEX["p"], factors, times_s, LONGEST_S)
    parted = _parted(edges, phone, times_s)
    jaw = channel["jawOpen"] * (1 - shut * (1 - JAW_KEPT))
    jaw = np.clip(np.maximum(jaw, 1.2 * PARTED * parted), 0.0, 1.0)
    channel["jawOpen"] = jaw
    for name in PARTING:
        channel[name] = channel[name] * (1 - shut)
    for name, value in PRESSED.items():
        _mix(channel, name, value * np.clip(force * strength, 0.0, 1.5), shut * (1 - parted))
    channel["mouthClose"] = np.clip(shut * jaw - PARTED * parted, 0.0, 1.0)


def _mix(
    channel: dict[str, np.ndarray], name: str, value: np.ndarray | float, share: np.ndarray
) -> None:
    channel[name] = channel[name] * (1 - share) + value * share


def _runs(edges: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First phone and end (exclusive) of each run of neighbours."""
    change = np.diff(np.concatenate([[False], which, [False]]).astype(np.int8))
    return np.flatnonzero(change == 1), np.flatnonzero(change == -1)


def _contact(
    edges: np.ndarray,
    which: np.ndarray,
    factors: np.ndarray,
    times_s: np.ndarray,
    longest_s: float | None,
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) how near the contact of these phones is, 0..1, and (N,) their cues' strength."""
    first, end = _runs(edges, which)
    if not len(first):
        return np.zeros(len(times_s)), np.ones(len(times_s))
    starts, ends = edges[first] - MARGIN_S, edges[end] + MARGIN_S
    whole = np.ones(len(first))
    if end[-1] == len(which):
        whole[-1] = min((edges[-1] - edges[first[-1]]) / GROWN_S, 1.0)
    best = np.zeros(len(times_s))
    force = np.ones(len(times_s))
    after = np.searchsorted(starts, times_s)
    for index in (after - 1, after):
        i = np.clip(index, 0, len(first) - 1)
        away = np.maximum(starts[i] - times_s, times_s - ends[i])
        share = np.clip(1 - away / REACH_S, 0.0, 1.0)
        near = share * share * (3 - 2 * share) * whole[i]
        force = np.where(near > best, factors[first[i]], force)
        best = np.maximum(best, near)
    return best, force


def _parted(edges: np.ndarray, phone: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """(N,) how far a contact that is too long has to part, 0..1."""
    first, end = _runs(edges, phone == INDEX["p"])
    long = edges[end] - edges[first] > LONGEST_S + REACH_S
    # Before silence the lips may stay as they are.
    last = np.minimum(end, len(phone) - 1)
    long &= ~((end < len(phone)) & (phone[last] == INDEX["sil"]))
    first, end = first[long], end[long]
    if not len(first):
        return np.zeros(len(times_s))
    starts, ends = edges[first] + LONGEST_S, edges[end]
    i = np.clip(np.searchsorted(starts, times_s, side="right") - 1, 0, len(first) - 1)
    rise = np.clip((times_s - starts[i]) / REACH_S, 0.0, 1.0)
    fall = np.clip(1 - (times_s - ends[i]) / REACH_S, 0.0, 1.0)
    return np.minimum(rise * rise * (3 - 2 * rise), fall)
