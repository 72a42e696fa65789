# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the performer at rest in a clip.

No single frame is trusted, least of all the first. Candidates from the whole clip are put to
rest (what moves them is taken out), and those that moved least and face the camera most decide.
What a face seems to do all the time is how it is built, not what it does: narrow eyes are no
squint. So movements count from their usual lowest value among the candidates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..core.arkit import COUNT, INDEX
from .lids import lip_gap
from .performer import Performer

# Candidates kept; enough for a steady mean, few enough for an hour to need no memory.
_CANDIDATES = 600
# Of each block, the share of calmest frames that become candidates, and their least number.
_SHARE, _LEAST = 0.35, 8
# Quantile of a weight over time that counts as not moving.
_IDLE_QUANTILE = 0.2
_ROUNDS = 4
# With fewer frames than this a face would be compared with itself.
_FEWEST = 12
# More than this is an expression that was held, not a face that is built so.
_MOST_IDLE = 0.4
# How much more active than the calmest a frame may be and still count fully (sum of weights).
_TOLERANCE = 0.15
# A radian off the camera's axis counts like half a full movement.
_VIEW_COST = 0.5
# Costs of a gap between the lips as wide as the eyes are apart, and of landmarks that move by that
# distance in a second.
_GAP_COST, _SPEED_COST = 6.0, 4.0
# Frames that a movement must last to count as a performer's strongest.
_LASTING_FRAMES = 6
# Where the eyes look says nothing about the face at rest being at rest, but bends the lids.
_GAZE = [i for name, i in INDEX.items() if name.startswith("eyeLook")]
_HISTOGRAM = 200

# points (n, 1434), view (n, 3), appearance (n, 256), face at rest -> weights float (n, 52), and
# what each weight moves, float (52, 1434 + 256).
Compare = Callable[
    [np.ndarray, np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None],
    tuple[np.ndarray, np.ndarray],
]


def unrest(points: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """float (n,): parted lips and haste, which no resting face has, as a sum of weights.

    Closed lips are rare in speech, so what is usual in a clip is not what rests.

    Args:
        points: float32 (n, 478, 3), turned to the front.
        time_s: float64 (n,), increasing.
    """
    speed = np.zeros(len(points))
    if len(points) > 1:
        eyes = np.linalg.norm(points[:, 33] - points[:, 263], axis=1).mean()
        moved = np.abs(np.diff(points, axis=0)).mean((1, 2)) / eyes / np.diff(time_s)
        speed[1:] += moved / 2
        speed[:-1] += moved / 2
    return _GAP_COST * lip_gap(points) + _SPEED_COST * speed


class RestFinder:
    """Looks through a clip block by block.

    Args:
        compare: Weights of faces, given what the performer looks like at rest (or not).
    """

    def __init__(self, compare: Compare) -> None:
        self._compare = compare
        self._points = np.empty((0, 0), np.float32)
        self._view = np.empty((0, 3), np.float32)
        self._appearance = np.empty((0, 0), np.float32)
        self._cost, self._extra = np.empty(0), np.empty(0)
        self._frames = 0
        self._seen = np.zeros((COUNT, _HISTOGRAM), np.int64)
        # Face, appearance and remaining weights at rest, once they are asked for.
        self._rest: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def look(
        self, points: np.ndarray, view: np.ndarray, appearance: np.ndarray, extra: np.ndarray
    ) -> None:
        """Consider the faces of a block.

        Args:
            points: float32 (n, 1434), turned to the front.
            view: float32 (n, 3), radians.
            appearance: float32 (n, 256), NaN where unknown.
            extra: float (n,), what else speaks against a frame (``unrest``), as a sum of weights.
        """
        weights, _ = self._compare(points, view, appearance, None)
        # Not above what is usual here: blocks would not be comparable, and one with a held smile
        # would win. How a face is built adds the same to all of its frames.
        cost = _activity(weights, view) + extra
        keep = np.argsort(cost)[: max(_LEAST, int(_SHARE * len(cost)))]
        if not self._frames:
            self._points, self._appearance = points[:0], appearance[:0]
        self._points = np.concatenate([self._points, points[keep]])
        self._view = np.concatenate([self._view, view[keep]])
        self._appearance = np.concatenate([self._appearance, appearance[keep]])
        self._extra = np.concatenate([self._extra, extra[keep]])
        self._cost = np.concatenate([self._cost, cost[keep]])
        best = np.argsort(self._cost)[:_CANDIDATES]
        self._points, self._view = self._points[best], self._view[best]
        self._appearance, self._cost = self._appearance[best], self._cost[best]
        self._extra = self._extra[best]
        self._frames += len(points)
        self._rest = None

    def count_reach(self, weights: np.ndarray) -> None:
        """Remember how strong solved weights (n, 52) were."""
        cells = np.clip(weights * _HISTOGRAM, 0, _HISTOGRAM - 1).astype(np.int64)
        for channel in range(COUNT):
            self._seen[channel] += np.bincount(cells[:, channel], minlength=_HISTOGRAM)

    def performer(self) -> Performer | None:
        """What was found; None where too little was seen to tell rest from movement."""
        if self._frames < _FEWEST:
            return None
        if self._rest is None:
            self._rest = self._settle()
        return Performer(*self._rest, self.reach(), self._frames)

    def _settle(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        faces = np.concatenate([self._points, self._appearance], axis=1)
        rest = None
        for _ in range(_ROUNDS):
            weights, shapes = self._compare(self._points, self._view, self._appearance, rest)
            excess = _excess(weights)
            cost = _activity(excess, self._view) + self._extra
            calm = np.sort(cost)[len(cost) // 20]
            share = np.clip(np.exp(-(cost - calm) / _TOLERANCE), 0, 1)
            share /= share.sum()
            found = (share @ faces - (share @ excess) @ shapes).astype(np.float32)
            rest = found[: self._points.shape[1]], found[self._points.shape[1] :]
        weights, _ = self._compare(self._points, self._view, self._appearance, rest)
        return *rest, np.minimum(share @ weights, _MOST_IDLE).astype(np.float32)

    def reach(self) -> np.ndarray:
        """float32 (52,): the strongest lasting value of each weight counted so far, 0..1."""
        # The k-th largest value: single frames may be wrong, but a smile in an hour is a smile.
        counted = self._seen.sum(1)
        lasting = np.clip(counted // 200, 1, _LASTING_FRAMES)
        above = np.cumsum(self._seen[:, ::-1], axis=1) >= lasting[:, None]
        reach = (_HISTOGRAM - above.argmax(1)) / _HISTOGRAM
        return np.where(counted > 0, reach, 0.0).astype(np.float32)


def _excess(weights: np.ndarray) -> np.ndarray:
    """Movements (n, 52) above what the face always seems to do."""
    return np.maximum(weights - np.quantile(weights, _IDLE_QUANTILE, axis=0), 0)


def _activity(weights: np.ndarray, view: np.ndarray) -> np.ndarray:
    """float (n,): how far from rest, and from facing the camera, each face is."""
    total = weights.sum(1) - 0.5 * weights[:, _GAZE].sum(1)
    return total + _VIEW_COST * np.abs(view[:, :2]).sum(1)
