# SPDX-License-Identifier: GPL-3.0-or-later
"""The best way through a lattice: Viterbi's algorithm over whole phones, not over frames.

A phone from one moment to another is scored by all its frames and by how long it is (a hidden
semi-Markov model: Ostendorf, Digalakis and Kimball, From HMM's to segment models, 1996). Each joint
has a window of moments, so that memory and time grow with the windows and not with the recording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.phones import INDEX, PHONES, VOWELS
from .lattice import EMPTY, FILLER, SILENCE, Arc, Lattice

# Frames of 10 ms up to which every length is tried; beyond, each one more costs the same.
_LONGEST = 32
_TAIL = 0.05
_SHORTEST = {"sil": 6, "t": 2, "schwa": 2, "r": 2, "j": 2, "w": 2, "h": 2, "l": 2, "n": 2}
_SHORTEST_OTHER = 3
_SHORTEST_FILLER = 15
# Mean and spread of the natural logarithm of a phone's frames, measured on the training voices.
_USUAL = {"schwa": (1.6, 0.5), "t": (1.7, 0.5)}
_USUAL_VOWEL, _USUAL_CONSONANT = (2.1, 0.5), (1.95, 0.45)


@dataclass(frozen=True)
class Step:
    """What the best way does: an arc, from frame to frame (the end is not in it)."""

    arc: Arc
    first: int
    end: int


def best_way(
    graph: Lattice, score: np.ndarray, windows: np.ndarray, filler_cost: float
) -> list[Step]:
    """The best way from the first joint at frame 0 to the last joint at the end.

    Args:
        graph: Of the text.
        score: float32 (T, 25), log-likelihood of each phone, 0 for a frame's best one.
        windows: int (J, 2), the moments (0..T, both included) of each joint.
        filler_cost: Of a frame that the text does not have.

    Returns:
        Steps in order, the empty ones included; none where no way fits into the windows.
    """
    count = len(score)
    total = np.zeros((len(PHONES) + 1, count + 1), np.float64)
    np.cumsum(score.T, axis=1, out=total[:-1, 1:])
    total[-1] = -filler_cost * np.arange(count + 1)
    scores: list[np.ndarray | None] = [None] * len(graph.arcs)
    used = np.zeros(len(graph.arcs), np.int64)
    for joint, arcs in enumerate(graph.arcs):
        for arc in arcs:
            used[arc.source] = max(used[arc.source], joint)
    release: dict[int, list[int]] = {}
    for source, joint in enumerate(used):
        release.setdefault(int(joint), []).append(source)
    origin = np.full(windows[0, 1] - windows[0, 0] + 1, -np.inf)
    origin[0] = 0.0
    scores[0] = origin
    back: list[tuple[np.ndarray, np.ndarray] | None] = [None]
    for joint in range(1, len(graph.arcs)):
        low, high = int(windows[joint, 0]), int(windows[joint, 1])
        ways = [
            _spoken(arc, scores[arc.source], int(windows[arc.source, 0]), low, high, total)
            for arc in graph.arcs[joint]
        ]
        values = np.stack([way[0] for way in ways])
        choice = values.argmax(0)
        rows = np.arange(high - low + 1)
        scores[joint] = values[choice, rows]
        starts = np.stack([way[1] for way in ways])[choice, rows]
        back.append((choice.astype(np.uint8), starts.astype(np.int32)))
        for source in release.get(joint, ()):
            scores[source] = None
    if windows[-1, 1] != count or not np.isfinite(scores[-1][-1]):
        return []
    return _traced(graph, back, windows, count)


def _traced(graph: Lattice, back: list, windows: np.ndarray, count: int) -> list[Step]:
    steps = []
    joint, end = graph.last, count
    while joint:
        choice, starts = back[joint]
        at = end - windows[joint, 0]
        arc = graph.arcs[joint][choice[at]]
        first = int(starts[at])
        steps.append(Step(arc, first, end))
        joint, end = arc.source, first
    return steps[::-1]


def _spoken(
    arc: Arc, entry: np.ndarray, entry_low: int, low: int, high: int, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Best score of having spoken an arc by each moment low..high, and when it began."""
    moments = np.arange(low, high + 1)
    if arc.phone == EMPTY:
        return _taken(entry, moments - entry_low) - arc.cost, moments
    row = total[arc.phone if arc.phone != FILLER else -1]
    relative = entry - row[entry_low : entry_low + len(entry)]
    if arc.phone in (FILLER, SILENCE):
        shortest = _SHORTEST["sil"] if arc.phone == SILENCE else _SHORTEST_FILLER
        best, start = _any_longer(relative, entry_low, moments - shortest)
        return best + row[low : high + 1] - arc.cost, start
    # Every length up to the longest, as rows of a view: column d is length longest - d.
    shortest, lengths = _LENGTHS[arc.phone]
    padded = _taken(relative, np.arange(low - _LONGEST, high - shortest + 1) - entry_low)
    columns = _LONGEST - shortest + 1
    table = np.lib.stride_tricks.as_strided(
        padded, (high - low + 1, columns), (padded.strides[0], padded.strides[0])
    )
    table = table + lengths
    column = table.argmax(1)
    best = table[np.arange(len(table)), column]
    start = moments - _LONGEST + column
    sloped = relative + _TAIL * np.arange(entry_low, entry_low + len(relative))
    longer, longer_start = _any_longer(sloped, entry_low, moments - _LONGEST - 1)
    longer += lengths[0] - _TAIL * (moments - _LONGEST)
    better = longer > best
    best = np.where(better, longer, best) + row[low : high + 1] - arc.cost
    return best, np.where(better, longer_start, start)


def _any_longer(values: np.ndarray, low: int, until: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best of ``values`` (which begin at ``low``) up to each moment, and where it is."""
    best = np.maximum.accumulate(values)
    place = np.maximum.accumulate(np.where(values >= best, np.arange(len(values)), 0))
    index = np.clip(until - low, -1, len(values) - 1)
    found = np.where(index < 0, -np.inf, best[index])
    return found, place[index] + low


def _taken(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Values at consecutive indices; minus infinity outside."""
    found = np.full(len(index), -np.inf)
    first, end = max(0, int(index[0])), min(len(values), int(index[-1]) + 1)
    if first < end:
        found[first - int(index[0]) : end - int(index[0])] = values[first:end]
    return found


def _length_scores() -> list[tuple[int, np.ndarray]]:
    """By phone: the shortest length, and the log-density of each length from the longest down."""
    found = []
    for phone in PHONES:
        shortest = _SHORTEST.get(phone, _SHORTEST_OTHER)
        usual = _USUAL_VOWEL if phone in VOWELS else _USUAL_CONSONANT
        mean, spread = _USUAL.get(phone, usual)
        lengths = np.log(np.arange(_LONGEST, shortest - 1, -1))
        found.append((shortest, -0.5 * ((lengths - mean) / spread) ** 2))
    return found


_LENGTHS = _length_scores()
assert INDEX["sil"] == SILENCE
