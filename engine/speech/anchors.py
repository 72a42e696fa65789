# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a long recording each part of the text is about: windows for the joints of its lattice.

Runs of phones that are heard as the text has them are anchors (Moreno et al., A recursive algorithm
for the forced alignment of very long audio segments, 1998, with phones instead of words).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ..core.phones import INDEX
from .lattice import Lattice
from .slots import NOTHING
from .spelling import Word

# Phones of a run. In a long text chance finds too many: there longer ones narrow the search first.
_RUN, _LONGER_RUNS = 3, (4, 5)
_MOST_PAIRS = 12000
# How often a run may be said in a text, or in 200 phones of a longer one, to be an anchor.
_MOST = 40
# A chain is continued from one of the last runs, or for a price from one of the best so far.
_BEHIND, _LEADERS, _JUMP = 256, 16, 8.0
# Anchors closer than this say nothing more.
_APART = 30
# A joint is looked for from this many anchors before it to as many behind it, and so many frames
# further: one anchor may be a chance one.
_REACH = 2
_MARGIN = 100
_LEFT_OUT = frozenset(INDEX[phone] for phone in ("sil", "schwa", "h"))


def heard_phones(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The phones that are the best of 2 frames or more, one after the other.

    Args:
        score: float32 (T, 25).

    Returns:
        Their indices and their middle frames, int64 (N,) each; weak sounds and silence left out.
    """
    smooth = score.copy()
    smooth[1:] += score[:-1]
    smooth[:-1] += score[1:]
    best = smooth.argmax(1)
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
    heard = phones.tolist()
    run = _RUN
    pairs = _runs_in_both(said, heard, run)
    if len(pairs) > _MOST_PAIRS:
        for run in _LONGER_RUNS:
            longer = _runs_in_both(said, heard, run)
            if len(longer) <= _MOST_PAIRS:
                break
        longer = longer[:: 1 + len(longer) // (2 * _MOST_PAIRS)]
        narrowed = _near(pairs, _chain(longer, run))
        if len(narrowed) <= 3 * _MOST_PAIRS:
            pairs, run = narrowed, _RUN
        else:
            pairs = longer
    found: list[tuple[int, int]] = []
    for text, sound in _chain(pairs, run):
        joint, frame = joints[text + run // 2], int(frames[sound + run // 2])
        if not found or (frame - found[-1][1] >= _APART and joint > found[-1][0]):
            found.append((joint, frame))
    return np.array(found, np.int64).reshape(-1, 2)


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


def _runs_in_both(said: list[int], heard: list[int], run: int) -> np.ndarray:
    """Where runs of phones begin in both: int64 (N, 2), sorted by what was heard."""
    most = max(_MOST, len(said) // 200)
    places = defaultdict(list)
    for i in range(len(said) - run + 1):
        places[tuple(said[i : i + run])].append(i)
    pairs = []
    for i in range(len(heard) - run + 1):
        found = places.get(tuple(heard[i : i + run]), ())
        if len(found) <= most:
            pairs += [(place, i) for place in found]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _near(pairs: np.ndarray, chain: np.ndarray) -> np.ndarray:
    """The pairs between the chain's neighbours on both sides."""
    last = pairs.max(0) + 1
    edges = np.concatenate([np.zeros((_REACH, 2), np.int64), chain, np.tile(last, (_REACH, 1))])
    after = np.searchsorted(chain[:, 1], pairs[:, 1])
    low, high = edges[after, 0], edges[after + 2 * _REACH - 1, 0]
    return pairs[(pairs[:, 0] >= low) & (pairs[:, 0] <= high)]


def _chain(pairs: np.ndarray, run: int) -> np.ndarray:
    """The best chain of runs that rises in both: rows of ``pairs``.

    A run gains the phones that it adds; what is left out on one side alone costs the logarithm of
    its length (as in Li, Minimap2: pairwise alignment for nucleotide sequences, 2018).
    """
    if not len(pairs):
        return pairs
    best = np.empty(len(pairs))
    before = np.full(len(pairs), -1)
    leaders = np.empty(0, np.int64)
    for i, pair in enumerate(pairs):
        near = np.arange(max(0, i - _BEHIND), i)
        earlier = np.concatenate([near, leaders])
        steps = pair - pairs[earlier]
        gain = np.minimum(steps.min(1), run)
        value = best[earlier] + gain - 0.5 * np.log2(1 + np.abs(steps[:, 0] - steps[:, 1]))
        value[len(near) :] -= _JUMP
        value[gain <= 0] = -np.inf
        best[i] = run
        if len(value) and value.max() > run:
            at = int(value.argmax())
            best[i], before[i] = value[at], earlier[at]
        if i % _LEADERS == 0:
            leaders = np.append(leaders, i)
            leaders = leaders[np.argsort(-best[leaders])[:_LEADERS]]
    chain = []
    at = int(best.argmax())
    while at >= 0:
        chain.append(at)
        at = before[at]
    return pairs[chain[::-1]]
