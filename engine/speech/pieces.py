# SPDX-License-Identifier: GPL-3.0-or-later
"""The curves of the mouth over an hour: some minutes at a time, because they need room."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from ..core.arkit import COUNT
from ..core.cues import Cue
from .mouth import curves

_FRAMES_AT_ONCE = 20_000
# What is spoken further away than this does not move the mouth.
_NEAR_S = 5.0


def long_curves(cues: Sequence[Cue], times_s: np.ndarray) -> np.ndarray:
    """As ``mouth.curves`` without a style: float32 (N, 52).

    Args:
        cues: In order of time.
        times_s: (N,) seconds, ascending.
    """
    weights = np.zeros((len(times_s), COUNT), np.float32)
    starts, ends = [cue.start for cue in cues], [cue.end for cue in cues]
    for first in range(0, len(times_s), _FRAMES_AT_ONCE):
        rows = slice(first, first + _FRAMES_AT_ONCE)
        times = times_s[rows]
        low = bisect_left(ends, times[0] - _NEAR_S)
        high = bisect_right(starts, times[-1] + _NEAR_S)
        weights[rows] = curves(cues[low:high], times)
    return weights
