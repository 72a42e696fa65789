# SPDX-License-Identifier: GPL-3.0-or-later
"""The best way through a lattice: Viterbi's algorithm over whole phones, not over frames.

A phone from one moment to another is scored by all its frames and by how long it is (a hidden
semi-Markov model: Ostendorf, Digalakis and Kimball, From HMM's to segment models, 1996). Each joint
has a window of moments, so that memory and time grow with the windows and not with the recording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.phones import PHONES
from .lattice import EMPTY, FILLER, SILENCE, Arc, Lattice

# Frames of 10 ms up to which every length is tried; beyond, each one more costs the same.
_LONGEST = 32
_TAIL = 0.05
_SHORTEST = {"sil": 6, "t": 2, "schwa": 2, "r": 2, "j": 2, "w": 2, "h": 2, "l": 2, "n": 2}
_SHORTEST_OTHER = 3
_SHORTEST_FILLER = 15
# Mean of the natural logarithm of a phone's frames on the training voices (0.15 to 0.3 more than
# Kokoro's, whose stress marks take some of it), and a spread that is narrower than theirs (0.5),
# because the score of the frames weighs more than it should.
_USUAL = dict(
    zip(
        PHONES,
        (2.0, 1.9, 1.95, 1.75, 1.65, 1.8, 1.75, 2.05, 2.05, 1.85, 1.65, 1.75, 1.9, 1.75, 1.75)
        + (1.9, 1.95, 2.0, 2.15, 2.05, 1.85, 2.05, 1.95, 1.95, 1.6),
        strict=True,
    )
)
_SPREAD = 0.37


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
    # total[p, t]: of the frames before moment t as phone p, or as FILLER, counted from the end.
    total = np.zeros((len(PHONES) - FILLER, count + 1))
    np.cumsum(score.T, axis=1, out=total[:FILLER, 1:])
    total[FILLER] = -filler_cost * np.arange(count + 1)
    reached = [_Reached(0, np.zeros(1, np.float32), 0.0)]
    for joint in range(1, len(graph.arcs)):
        low, high = int(windows[joint, 0]), int(windows[joint, 1])
        best = np.full(high - low + 1, -np.inf)
        for arc in graph.arcs[joint]:
            np.maximum(best, _spoken(arc, reached[arc.source], low, high, total), out=best)
        peak = float(best.max())
        if not np.isfinite(peak):
            return []
        reached.append(_Reached(low, (best - peak).astype(np.float32), peak))
    end = reached[-1]
    if end.low + len(end.values) != count + 1 or not np.isfinite(end.values[-1]):
        return []
    return _traced(graph, reached, total, count)


@dataclass(frozen=True)
class _Reached:
    """Scores of a joint at the moments from ``low`` on, less their greatest one."""

    low: int
    values: np.ndarray
    peak: float

    def until(self, row: np.ndarray) -> np.ndarray:
        """Scores less what is summed up in ``row``: float64."""
        return self.values + self.peak - row[self.low : self.low + len(self.values)]


def _traced(graph: Lattice, reached: list[_Reached], total: np.ndarray, count: int) -> list[Step]:
    """Back from the end; when each arc began is found again, which is cheaper than kept."""
    steps = []
    joint, end = graph.last, count
    while joint:
        ways = [_origin(arc, reached[arc.source], end, total) for arc in graph.arcs[joint]]
        choice = max(range(len(ways)), key=lambda way: ways[way][0])
        arc, first = graph.arcs[joint][choice], ways[choice][1]
        steps.append(Step(arc, first, end))
        joint, end = arc.source, first
    return steps[::-1]


def _origin(arc: Arc, source: _Reached, end: int, total: np.ndarray) -> tuple[float, int]:
    """Best score of having spoken an arc by a moment, and when it began."""
    if arc.phone == EMPTY:
        at = end - source.low
        inside = 0 <= at < len(source.values)
        return (float(source.values[at] + source.peak) - arc.cost if inside else -np.inf), end
    row = total[arc.phone]
    shortest = _shortest(arc.phone)
    values = source.until(row)[: max(0, end - shortest - source.low + 1)]
    if not len(values):
        return -np.inf, end
    if arc.phone >= 0 and arc.phone != SILENCE:
        lengths = end - source.low - np.arange(len(values))
        known = _LENGTHS[arc.phone][1]
        values = values + known[np.clip(_LONGEST - lengths, 0, None)]
        values -= _TAIL * np.maximum(lengths - _LONGEST, 0)
    at = int(values.argmax())
    return float(values[at] + row[end]) - arc.cost, source.low + at


def _shortest(phone: int) -> int:
    return _SHORTEST_FILLER if phone == FILLER else _LENGTHS[phone][0]


def _spoken(arc: Arc, source: _Reached, low: int, high: int, total: np.ndarray) -> np.ndarray:
    """Best score of having spoken an arc by each moment low..high, float64."""
    if arc.phone == EMPTY:
        values = source.values + source.peak
        return _taken(values, low - source.low, high - source.low + 1) - arc.cost
    row = total[arc.phone]
    relative = source.until(row)
    peak = relative.max()
    if not np.isfinite(peak):
        return np.full(high - low + 1, -np.inf)
    relative = (relative - peak).astype(np.float32)
    after = peak + row[low : high + 1] - arc.cost
    shortest = _shortest(arc.phone)
    if arc.phone in (FILLER, SILENCE):
        return _any_longer(relative, low - shortest - source.low, high - low + 1) + after
    # Every length up to the longest, as rows of a view: row d is length longest - d.
    lengths = _LENGTHS[arc.phone][1]
    padded = _taken(relative, low - _LONGEST - source.low, high - shortest + 1 - source.low)
    table = np.lib.stride_tricks.as_strided(
        padded, (len(lengths), high - low + 1), (padded.strides[0], padded.strides[0])
    )
    best = (table + lengths[:, None]).max(0)
    slope = _TAIL * np.arange(len(relative), dtype=np.float32)
    longer = _any_longer(relative + slope, low - _LONGEST - 1 - source.low, high - low + 1)
    longer += (
        lengths[0] - _TAIL * np.arange(low - _LONGEST, high - _LONGEST + 1) + (_TAIL * source.low)
    )
    return np.maximum(best, longer) + after


def _any_longer(values: np.ndarray, first: int, count: int) -> np.ndarray:
    """The best of ``values`` up to each of ``count`` places from ``first`` on."""
    best = np.maximum.accumulate(values)
    places = np.arange(first, first + count)
    return np.where(places < 0, -np.inf, best[np.clip(places, 0, len(best) - 1)])


def _taken(values: np.ndarray, first: int, end: int) -> np.ndarray:
    """``values[first:end]``, minus infinity outside."""
    found = np.full(end - first, -np.inf, values.dtype)
    inside, until = max(0, first), min(len(values), end)
    if inside < until:
        found[inside - first : until - first] = values[inside:until]
    return found


def _length_scores() -> list[tuple[int, np.ndarray]]:
    """By phone: the shortest length, and the log-density of each length from the longest down."""
    found = []
    for phone in PHONES:
        shortest = _SHORTEST.get(phone, _SHORTEST_OTHER)
        lengths = np.log(np.arange(_LONGEST, shortest - 1, -1))
        density = -0.5 * ((lengths - _USUAL[phone]) / _SPREAD) ** 2
        found.append((shortest, density.astype(np.float32)))
    return found


_LENGTHS = _length_scores()
