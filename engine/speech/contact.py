# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds that need contact: the lips at P, B and M, lower lip and upper teeth at F and V.

A blend of targets only comes near; here contact is made. A contact is whole for the sound's own
time and is approached and left in ``REACH_S``, sooner where the next one is near. The jaw stays
where the sounds around have it, as in captured takes; what it opens, ``mouthClose`` takes back.
"""

from __future__ import annotations

import numpy as np

from ..core.phones import INDEX

# 10 mm of opening in this time is 180 mm/s, within what lips do (Löfqvist and Gracco 1997
# measured lower lips closing at 100 to 250 mm/s).
REACH_S = 0.055
# Lips leave faster than they come: a short vowel behind them would be over before they are apart.
LEAVE_S = 0.035
# Between two contacts that are near each other the mouth still opens, as fast as this.
LEAST_REACH_S = 0.012
# The frame before the sound and the frame after it touch, too: between two keys values are mixed.
MARGIN_S = 0.012
# Longer than this nobody presses the lips together in speech: they part a little.
LONGEST_S = 0.175
PARTED = 0.055
# Lips that rest stay together until the sound: this share of a silence before it, at most so much.
RESTED, RESTED_S = 0.5, 0.3
# Two contacts with no key in the opening between them are one; more than this is too long.
JOINED_S = 0.2
# The last cue may still be growing (live): contact grows with it.
GROWN_S = 0.03
# Above these the jaw comes up to help the lips; of the rest this share stays.
SHUT_JAW, BITE_JAW, JAW_ABOVE = 0.20, 0.13, 0.3
# Channels that part the lips, and those that are pressed at contact. Little is enough: these are
# on top of lips that touch.
PARTING = ("mouthLowerDown", "mouthUpperUp", "mouthFunnel")
PRESSED = {"mouthRollLower": 0.06, "mouthRollUpper": 0.04, "mouthPress": 0.12}
# Lips overlap when they pucker or smile while they touch.
SOFTENED = {"mouthPucker": 0.85, "mouthSmile": 0.7, "jawForward": 0.6}
# Lower lip at the upper teeth: jawOpen less mouthClose, and what the lips do.
# By eye on the shipped head: its lower lip meets the edge of the upper teeth, which show above it.
BITE_OPENING = 0.08
BITTEN = {"mouthRollLower": 0.7, "mouthUpperUp": 0.45}
BITE_SOFTENED = {"mouthLowerDown": 0.3, "mouthFunnel": 0.3, "mouthPucker": 0.7, "mouthStretch": 0.6}
# Outside of contacts mouthClose leaves this share of the jaw's opening, and at least so much of
# it; puckered lips are thicker and need more.
APART, APART_LEAST, APART_PUCKERED = 0.3, 0.05, 0.04


def hold_contacts(
    channel: dict[str, np.ndarray],
    edges: np.ndarray,
    phone: np.ndarray,
    factors: np.ndarray,
    times_s: np.ndarray,
    strength: float,
) -> None:
    """Change values, in place, so that contacts are made.

    Args:
        channel: Name without a side to (N,) values; names that are missing are added.
        edges: (M + 1,) seconds; phone i goes from ``edges[i]`` to ``edges[i + 1]``.
        phone: (M,) index into ``PHONES``.
        factors: (M,) strength of each cue.
        times_s: (N,) seconds.
        strength: How far lips move.
    """
    for name in ("mouthClose", *PARTING, *PRESSED, *SOFTENED, *BITTEN, *BITE_SOFTENED):
        channel.setdefault(name, np.zeros(len(times_s)))
    jaw = np.clip(channel["jawOpen"], 0.0, 1.0)
    least = APART_LEAST + APART_PUCKERED * channel["mouthPucker"]
    most = np.minimum((1 - APART) * jaw, np.maximum(jaw - least, 0.0))
    close = np.clip(channel["mouthClose"], 0.0, most)

    bite, force = _contact(edges, phone, "f", factors, times_s)
    bite = bite * np.clip(force, 0.0, 1.0)
    jaw = _mixed(jaw, _raised(jaw, BITE_JAW), bite)
    close = _mixed(close, np.maximum(jaw - BITE_OPENING, 0.0), bite)
    for name, kept in BITE_SOFTENED.items():
        channel[name] = channel[name] * (1 - (1 - kept) * bite)
    for name, value in BITTEN.items():
        channel[name] = _mixed(channel[name], value * min(strength, 1.2), bite)

    times_s = _parting_keys(edges, phone, times_s)
    shut, force = _contact(edges, phone, "p", factors, times_s)
    parted = _parted(edges, phone, times_s)
    jaw = _mixed(jaw, _raised(jaw, SHUT_JAW), shut)
    jaw = np.maximum(jaw, 1.2 * PARTED * parted)
    for name in PARTING:
        channel[name] = channel[name] * (1 - shut * shut)
    for name, kept in SOFTENED.items():
        channel[name] = channel[name] * (1 - (1 - kept) * shut)
    for name, value in PRESSED.items():
        pressed = value * np.clip(force * strength, 0.0, 1.5)
        channel[name] = _mixed(channel[name], pressed, shut * (1 - parted))
    channel["jawOpen"] = jaw
    channel["mouthClose"] = np.clip(_mixed(close, jaw, shut) - PARTED * parted, 0.0, None)


def lip_contact(
    edges: np.ndarray, phone: np.ndarray, factors: np.ndarray, times_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How near the lips' contact at P, B and M is, and how far one that is too long has to part.

    Args:
        edges, phone, factors, times_s: As for ``hold_contacts``.

    Returns:
        Two arrays (N,), 0..1.
    """
    shut, _ = _contact(edges, phone, "p", factors, times_s)
    return shut, _parted(edges, phone, times_s)


def _mixed(value: np.ndarray, other: np.ndarray | float, share: np.ndarray) -> np.ndarray:
    return value * (1 - share) + other * share


def _raised(jaw: np.ndarray, level: float) -> np.ndarray:
    return np.minimum(jaw, level + JAW_ABOVE * (jaw - level))


def _runs(edges: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First phone and end (exclusive) of each run of neighbours."""
    change = np.diff(np.concatenate([[False], which, [False]]).astype(np.int8))
    return np.flatnonzero(change == 1), np.flatnonzero(change == -1)


def _margin(edges: np.ndarray, first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """What is kept shut on either side of each opening between two contacts: a part of it."""
    return np.minimum(MARGIN_S, (edges[first[1:]] - edges[end[:-1]]) / 6)


def _parting_keys(edges: np.ndarray, phone: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """The times, of which some are moved to where lips part between two contacts.

    With 24 keys a second no key may fall in the opening between two P, B or M, and they look like
    one that is held too long. Where they would, the nearest key takes the middle of the opening.
    """
    first, end = _runs(edges, phone == INDEX["p"])
    if len(first) < 2 or len(times_s) < 2:
        return times_s
    margin = _margin(edges, first, end)
    begin, until = edges[end[:-1]] + margin, edges[first[1:]] - margin
    middle = (begin + until) / 2
    key = np.clip(np.searchsorted(times_s, middle), 1, len(times_s) - 1)
    key -= middle - times_s[key - 1] < times_s[key] - middle
    step = np.diff(times_s).max()
    # This near to the middle the lips are apart by more than a millimetre.
    seen = np.abs(times_s[key] - middle) < 0.2 * (until - begin)
    joined = edges[end[1:]] - edges[first[:-1]] > JOINED_S
    moved = ~seen & joined & (np.abs(times_s[key] - middle) <= step)
    times_s = times_s.copy()
    times_s[key[moved]] = middle[moved]
    return times_s


def _contact(
    edges: np.ndarray,
    phone: np.ndarray,
    held: str,
    factors: np.ndarray,
    times_s: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) how near the contact of these phones is, 0..1, and (N,) their cues' strength."""
    which = phone == INDEX[held]
    first, end = _runs(edges, which)
    if not len(first):
        return np.zeros(len(times_s)), np.ones(len(times_s))
    margin = _margin(edges, first, end)
    silent = (first > 0) & (phone[first - 1] == INDEX["sil"])
    before = RESTED * (edges[first] - edges[first - 1])
    starts = edges[first] - np.append(MARGIN_S, margin)
    starts = np.where(silent & (held == "p"), edges[first] - np.minimum(before, RESTED_S), starts)
    ends = edges[end] + np.append(margin, MARGIN_S)
    reach = np.clip((starts[1:] - ends[:-1]) / 2, LEAST_REACH_S, REACH_S)
    come, leave = np.append(REACH_S, reach), np.append(np.minimum(reach, LEAVE_S), LEAVE_S)
    whole = np.ones(len(first))
    if end[-1] == len(which):
        whole[-1] = min((edges[-1] - edges[first[-1]]) / GROWN_S, 1.0)
    best = np.zeros(len(times_s))
    force = np.ones(len(times_s))
    after = np.searchsorted(starts, times_s)
    for index in (after - 1, after):
        i = np.clip(index, 0, len(first) - 1)
        coming = np.clip(1 - (starts[i] - times_s) / come[i], 0.0, 1.0)
        leaving = np.clip(1 - (times_s - ends[i]) / leave[i], 0.0, 1.0)
        near = coming * coming * (3 - 2 * coming) * leaving * leaving * (3 - 2 * leaving)
        near *= whole[i]
        force = np.where(near > best, factors[first[i]], force)
        best = np.maximum(best, near)
    return best, force


def _parted(edges: np.ndarray, phone: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """(N,) how far a contact that is too long has to part, 0..1.

    It parts after ``LONGEST_S``; before silence, which is closed as well, it parts first and
    closes for good at its end.
    """
    first, end = _runs(edges, phone == INDEX["p"])
    long = edges[end] - edges[first] > LONGEST_S
    first, end = first[long], end[long]
    if not len(first):
        return np.zeros(len(times_s))
    following = np.append(phone, -1)[end]
    last = following == INDEX["sil"]
    starts = edges[first] + np.where(last, -2 * REACH_S, LONGEST_S)
    ends = edges[end] - np.where(last, LONGEST_S + REACH_S, 0.0)
    i = np.clip(np.searchsorted(starts, times_s, side="right") - 1, 0, len(first) - 1)
    rise = np.clip((times_s - starts[i]) / REACH_S, 0.0, 1.0)
    fall = np.clip(1 - (times_s - ends[i]) / REACH_S, 0.0, 1.0)
    return np.minimum(rise * rise * (3 - 2 * rise), fall * fall * (3 - 2 * fall))
