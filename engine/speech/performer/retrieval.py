# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech put together from stretches of the performer's own captured motion.

Unit selection after Hunt and Black (1996): every unit of new sound, from the middle of a phone to
the middle of the next, gets candidates that sound alike, and dynamic programming finds the chain
whose units fit and whose joints are smooth. Stretches that followed each other when they were
captured join without a seam, so whole words come back as they were performed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.cues import Cue
from ...core.curve_math import smoothstep
from ...core.progress import Progress

# A unit is compared at so many places along its time.
_PLACES = 5
# A unit of silence is no longer than this, s.
_LONGEST_S = 0.3
_SHORTEST_S = 0.03
# Candidates a unit.
_CANDIDATES = 24
# What a unit costs that is twice or half as long, what a joint costs, and what its speed costs.
_WARP_COST, _JOIN_COST, _SPEED_COST = 0.6, 0.25, 0.5
# Half of a cross-fade, s.
_FADE_S = 0.04
# Units compared at once: 2 MB for each thousand captured units.
_BLOCK = 512
# More would compare for minutes: what was captured in about two hours.
MOST_UNITS = 80_000


@dataclass(frozen=True)
class Stock:
    """Captured motion to choose from.

    Attributes:
        keys: float32 (S, D), how each step of 20 ms sounds; for ``choose`` scaled so that distances
            compare.
        weights: float32 (S, C), what the face did, scaled alike.
        units: int32 (U, 2), first step and step after the last of each unit.
        bounds: int32 (U, 2), the steps of the recording that a unit lies in: as far as it reaches.
    """

    keys: np.ndarray
    weights: np.ndarray
    units: np.ndarray
    bounds: np.ndarray


def unit_edges(cues: Sequence[Cue], end_s: float) -> np.ndarray:
    """Edges of units: the middles of cues; long ones are cut further. float64 (U + 1,) seconds."""
    middles = [(cue.start + cue.end) / 2 for cue in cues]
    edges = [0.0]
    for time_s in [*(m for m in middles if 0 < m < end_s), end_s]:
        if time_s - edges[-1] < _SHORTEST_S:
            continue
        parts = int(np.ceil((time_s - edges[-1]) / _LONGEST_S))
        edges += list(np.linspace(edges[-1], time_s, parts + 1)[1:])
    return np.array(edges)


def choose(
    stock: Stock, keys: np.ndarray, edges: np.ndarray, progress: Progress | None = None
) -> np.ndarray:
    """The chain of captured units for new sound.

    Args:
        stock: What there is to choose from, at least one unit.
        keys: float32 (T, D), how each step of the new sound sounds.
        edges: float (U + 1,), edges of the new units, steps.
        progress: Told of each block of units; may cancel.

    Returns:
        int64 (U,), numbers of the stock's units.
    """
    progress = progress or Progress()
    wanted = _described(keys, edges[:-1], edges[1:])
    lengths = np.log(np.maximum(np.diff(edges), 1e-3))
    has = _described(stock.keys, stock.units[:, 0], stock.units[:, 1])
    has_lengths = np.log(np.diff(stock.units, axis=1)[:, 0].astype(float))
    has_square = (has**2).sum(axis=1)
    begins, ends = _joints(stock)
    following = _following(stock)
    count = min(_CANDIDATES, len(has))
    chosen = np.empty((len(wanted), count), np.int64)
    came_from = np.zeros((len(wanted), count), np.int64)
    cost = np.zeros(count)
    for first in range(0, len(wanted), _BLOCK):
        progress.step(first, len(wanted), "sounds")
        rows = slice(first, first + _BLOCK)
        far = (wanted[rows] ** 2).sum(axis=1)[:, None] + has_square - 2 * wanted[rows] @ has.T
        far += _WARP_COST * ((lengths[rows, None] - has_lengths) / np.log(2)) ** 2
        best = np.argpartition(far, count - 1, axis=1)[:, :count]
        fits = np.take_along_axis(far, best, axis=1)
        for row in range(len(best)):
            number = first + row
            now = best[row]
            if number:
                before = chosen[number - 1]
                join = _apart(ends[before], begins[now]) * _JOIN_COST
                join[following[before][:, None] == now] = 0  # captured as one motion
                total = cost[:, None] + join
                came_from[number] = total.argmin(axis=0)
                cost = total.min(axis=0) + fits[row]
            else:
                cost = fits[row].astype(float)
            chosen[number] = now
    progress.step(len(wanted), len(wanted), "sounds")
    chain = np.empty(len(wanted), np.int64)
    at = int(cost.argmin()) if len(wanted) else 0
    for number in range(len(wanted) - 1, -1, -1):
        chain[number] = chosen[number, at]
        at = came_from[number, at]
    return chain


def render(stock: Stock, chain: np.ndarray, edges: np.ndarray, count: int) -> np.ndarray:
    """The motion of a chain: warped to the new times, cross-faded at the joints.

    Args:
        stock: What the chain was chosen from.
        chain: int (U,), from ``choose``.
        edges: float (U + 1,), edges of the new units, steps.
        count: Steps of the new sound.

    Returns:
        float32 (count, C); NaN where no unit reaches.
    """
    total = np.zeros((count, stock.weights.shape[1]))
    share = np.zeros(count)
    fade = _FADE_S * 50
    for unit, begin, end in zip(chain, edges[:-1], edges[1:], strict=True):
        here = min(fade, (end - begin) / 2)
        times = np.arange(max(0, int(np.ceil(begin - here))), min(count, int(end + here) + 1))
        if not len(times):
            continue
        first, last = stock.units[unit]
        source = first + (times + 0.0 - begin) * (last - first) / (end - begin)
        source = np.clip(source, stock.bounds[unit, 0], stock.bounds[unit, 1] - 1)
        low = np.minimum(source.astype(int), stock.bounds[unit, 1] - 1)
        high = np.minimum(low + 1, stock.bounds[unit, 1] - 1)
        part = (source - low)[:, None]
        motion = stock.weights[low] * (1 - part) + stock.weights[high] * part
        ramp = np.minimum(times - (begin - here), (end + here) - times) / (2 * here)
        weight = smoothstep(np.maximum(ramp, 1e-3))
        total[times] += weight[:, None] * motion
        share[times] += weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total / share[:, None]).astype(np.float32)


def _described(keys: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Units as the sound at some places along them: float32 (U, _PLACES * D)."""
    shares = (np.arange(_PLACES) + 0.5) / _PLACES
    places = begins[:, None] + shares * (ends - begins)[:, None]
    rows = np.clip(np.round(places - 0.5), 0, len(keys) - 1).astype(int)
    return keys[rows].reshape(len(begins), -1) / np.float32(_PLACES**0.5)


def _joints(stock: Stock) -> tuple[np.ndarray, np.ndarray]:
    """Place and speed at the beginning and at the end of each unit."""
    speed = np.gradient(stock.weights, axis=0) * _SPEED_COST
    state = np.hstack([stock.weights, speed])
    return state[stock.units[:, 0]], state[np.minimum(stock.units[:, 1], stock.bounds[:, 1] - 1)]


def _following(stock: Stock) -> np.ndarray:
    """int64 (U,): the unit that goes on where a unit ends, -1 at the end of a recording."""
    following = np.full(len(stock.units), -1)
    goes_on = (stock.units[:-1, 1] == stock.units[1:, 0]) & (
        stock.bounds[:-1] == stock.bounds[1:]
    ).all(axis=1)
    following[:-1][goes_on] = np.flatnonzero(goes_on) + 1
    return following


def _apart(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    square = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    return np.maximum(square - 2 * some @ others.T, 0).astype(float)
