# SPDX-License-Identifier: GPL-3.0-or-later
"""How far solved values lie from the truth. One definition of every figure that is quoted.

A frame without a face counts as weights of 0: the animator gets no movement there. Angles and
positions are compared only where a face was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# A shape takes part in the correlations where its truth moves at all.
MOVES = 0.03
# Below this spread a solved curve is flat: it correlates with nothing.
FLAT = 1e-4
ACTIVE, AT_REST = 0.05, 0.02
BLINK = 0.5
# Two blinks are the same if they overlap once each is this much longer, frames.
BLINK_SLACK = 2


@dataclass(frozen=True)
class WeightErrors:
    """Solved weights against true ones.

    Attributes:
        correlation: Shape -> Pearson's r, over all frames; 0 where the solved curve is flat.
            Shapes that the clip does not move are missing.
        active: Mean absolute error where the truth is above 0.05.
        false_activation: Mean solved weight where the truth is at most 0.02.
        jitter: Standard deviation of the solved curve's second difference where the truth stands
            still for three frames, mean of the shapes.
    """

    correlation: dict[str, float]
    active: float
    false_activation: float
    jitter: float

    @property
    def mean_correlation(self) -> float:
        """Mean over the shapes that move; NaN if none does."""
        return float(np.mean(list(self.correlation.values()))) if self.correlation else np.nan

    def worst(self, below: float = 0.5) -> list[str]:
        """Shapes that follow the truth at less than this, the worst first."""
        ordered = sorted(self.correlation.items(), key=lambda item: item[1])
        return [name for name, r in ordered if r < below]


@dataclass(frozen=True)
class AxisErrors:
    """Three numbers a frame (angles, or a position) against the true ones.

    Attributes:
        mean: float64 (3,), mean absolute error of each axis.
        shape: float64 (3,), the same once a constant (the median error) is taken away.
    """

    mean: np.ndarray
    shape: np.ndarray


@dataclass(frozen=True)
class Blinks:
    """Counts of blinks: in the truth, of these found, and found where there is none."""

    true: int
    found: int
    false: int


def compare_weights(truth: np.ndarray, solved: np.ndarray, names: Sequence[str]) -> WeightErrors:
    """Compare (T, N) solved weights, NaN without a face, with (T, N) true ones."""
    solved = np.nan_to_num(np.asarray(solved, np.float64), nan=0.0)
    truth = np.asarray(truth, np.float64)
    moving = np.flatnonzero(truth.std(axis=0) > MOVES)
    return WeightErrors(
        {names[i]: _correlation(truth[:, i], solved[:, i]) for i in moving},
        _mean(np.abs(solved - truth)[truth > ACTIVE]),
        _mean(solved[truth <= AT_REST]),
        _jitter(truth, solved),
    )


def _correlation(truth: np.ndarray, solved: np.ndarray) -> float:
    return 0.0 if solved.std() < FLAT else float(np.corrcoef(truth, solved)[0, 1])


def _jitter(truth: np.ndarray, solved: np.ndarray) -> float:
    still = np.abs(np.diff(truth, axis=0)) < 1e-6
    still = still[1:] & still[:-1]
    bend = np.diff(solved, 2, axis=0)
    return _mean([bend[rows, i].std() for i, rows in enumerate(still.T) if rows.any()])


def _mean(values) -> float:
    return float(np.mean(values)) if len(values) else np.nan


def compare_axes(truth: np.ndarray, solved: np.ndarray) -> AxisErrors:
    """Compare (T, 3) solved angles in degrees or positions in cm, NaN without a face."""
    error = np.asarray(solved, np.float64) - truth
    error = error[np.isfinite(error).all(axis=1)]
    if not len(error):
        return AxisErrors(np.full(3, np.nan), np.full(3, np.nan))
    centred = error - np.median(error, axis=0)
    return AxisErrors(np.abs(error).mean(axis=0), np.abs(centred).mean(axis=0))


def blink_spans(closed: np.ndarray) -> list[tuple[int, int]]:
    """First and past-the-end frame of each stretch in which the eye is closed beyond one half.

    Args:
        closed: (T,), the weight of ``eyeBlinkLeft``; NaN counts as open.
    """
    shut = np.nan_to_num(np.asarray(closed, np.float64)) > BLINK
    edges = np.diff(np.concatenate([[0], shut.astype(np.int8), [0]]))
    pairs = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    return [(int(start), int(end)) for start, end in pairs]


def compare_blinks(
    truth: Sequence[tuple[int, int]],
    solved: Sequence[tuple[int, int]],
    unclear: Sequence[tuple[int, int]] = (),
) -> Blinks:
    """Match blinks by time.

    Args:
        truth: Spans as ``blink_spans`` gives them.
        solved: The same of the solved curve.
        unclear: Spans in which a blink is neither demanded nor wrong.
    """
    found = sum(any(_meet(span, other) for other in solved) for span in truth)
    known = (*truth, *unclear)
    return Blinks(len(truth), found, sum(not any(_meet(s, k) for k in known) for s in solved))


def blink_peak(truth: Sequence[tuple[int, int]], closed: np.ndarray) -> float:
    """How far the solved lid closes in the blinks of the truth: mean of the peaks, 1 at best."""
    closed = np.nan_to_num(np.asarray(closed, np.float64))
    slack = BLINK_SLACK
    return _mean([closed[max(0, a - slack) : b + slack].max() for a, b in truth])


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] + BLINK_SLACK and one[1] > other[0] - BLINK_SLACK
