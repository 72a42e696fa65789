# SPDX-License-Identifier: GPL-3.0-or-later
"""When somebody speaks, as the cues tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.cues import SILENCE, Cue


def speaking(cues: Sequence[Cue], times_s: np.ndarray, around_s: float = 0.0) -> np.ndarray:
    """Whether somebody speaks at each time.

    Args:
        cues: What is spoken.
        times_s: (N,) seconds, ascending, on the cues' clock.
        around_s: So long before and after each sound counts, too.

    Returns:
        bool (N,).
    """
    inside = np.zeros(len(times_s), bool)
    for cue in cues:
        if cue.spoken != SILENCE:
            first, end = np.searchsorted(times_s, (cue.start - around_s, cue.end + around_s))
            inside[first:end] = True
    return inside
