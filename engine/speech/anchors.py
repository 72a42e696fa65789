# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a long recording each part of the text is about: windows for the joints of its lattice.

Runs of phones that are heard as the text has them are anchors (Moreno et al., A recursive algorithm
for the forced alignment of very long audio segments, 1998, with phones instead of words).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ..core.phones import INDEX
from .lattice import Lattice
from .slots import NOTHING
from .spelling import Word

# Phones of an anchor; longer ones in longer texts, where chance finds more.
_RUN, _RUN_LONG = 5, 7
_LONG_TEXT = 4000
# A joint is looked for from this many anchors before it to as many behind it, and so many frames
# further: one anchor may be a chance one.
_REACH = 3
_MARGIN = 100
# How often a run may be said in the text to be an anchor.
_MOST = 6
_LEFT_OUT = frozenset(INDEX[phone] for phone in ("sil", "schwa", "h"))


def heard_phones(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The phones that are the best of 2 frames or more, one after the other.

    Args:
        score: float32 (T, 25).

    Returns:
        Their indices and their middle frames, int64 (N,) each; weak sounds and silence left out.
    """
    best = score.argmax(1)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(best)) + 1, [len(best)]])
    phones, lengths = best[edges[:-1]], np.diff(edges)
    middles = (edges[:-1] + edges[1:]) // 2
    keep = (lengths >= 2) & ~np.isin(phones, list(_LEFT_OUT))
    phones, middles = phones[keep], middles[keep]
    # A flicker in the middle of a phone cut it in two.
    once = np.concatenate([[True], phones[1:] != phones[:-1]]) if len(phones) else keep[:0]
    return phones[once], middles[once]


def anchors(words: Sequence[Word], graph: Lattice, score: np.ndarray) -> np.ndarray:
    """Joints and the frames where they are heard, rising in both.

    Returns:
        int64 (N, 2): joint, frame.
    """
    said, joints = _written(words, graph)
    phones, frames = heard_phones(score)
    run = _RUN_LONG if len(said) > _LONG_TEXT else _RUN
    places = defaultdict(list)
    for i in range(len(said) - run + 1):
        places[tuple(said[i : i + run])].append(i)
    pairs = []
    for i in range(len(phones) - run + 1):
        found = places.get(tuple(phones[i : i + run].tolist()), ())
        if len(found) <= _MOST:
            middle = run // 2
            pairs += [(joints[place + middle], int(frames[i + middle])) for place in found]
    return np.array(_longest_rising(sorted(pairs)), np.int64).reshape(-1, 2)


def windows(graph: Lattice, found: np.ndarray, frames: int) -> np.ndarray:
    """The moments of each joint that the anchors leave open, int64 (J, 2), both included."""
    joints = np.arange(len(graph.arcs))
    after = np.searchsorted(found[:, 0], joints)
    times = np.concatenate([np.zeros(_REACH), found[:, 1], np.full(_REACH, frames)]).astype(int)
    # times[k + REACH] is anchor k; the REACH-th before a joint and the REACH-th from it on.
    low = np.where(after < _REACH, 0, times[after] - _MARGIN)
    high = np.where(after + _REACH > len(found), frames, times[after + 2 * _REACH - 1] + _MARGIN)
    return np.stack([low, high], 1).clip(0, frames)


def _written(words: Sequence[Word], graph: Lattice) -> tuple[list[int], list[int]]:
    """The usual phones of the text, and the joints at which they begin."""
    said: list[int] = []
    joints: list[int] = []
    for word, begin in zip(words, graph.begins, strict=True):
        for place, slot in enumerate(word.slots):
            phone = slot.main
            if phone == NOTHING or INDEX[phone] in _LEFT_OUT:
                continue
            if not said or said[-1] != INDEX[phone]:
                said.append(INDEX[phone])
                joints.append(begin + place)
    return said, joints


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain that rises in joint and frame (patience sorting, Fredman 1975)."""
    # Of one joint the later frames first, so that a chain takes one of them.
    pairs = sorted(pairs, key=lambda pair: (pair[0], -pair[1]))
    tails: list[int] = []
    holders: list[int] = []
    before: list[int] = []
    for index, (_joint, frame) in enumerate(pairs):
        place = bisect_left(tails, frame)
        before.append(holders[place - 1] if place else -1)
        if place == len(tails):
            tails.append(frame)
            holders.append(index)
        else:
            tails[place] = frame
            holders[place] = index
    chain = []
    index = holders[-1] if holders else -1
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    return chain[::-1]
