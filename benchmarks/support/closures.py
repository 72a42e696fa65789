# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether lips that should touch do, on the shipped head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.support.lip_gap import lip_gap_mm
from engine.core.cues import Cue

TOUCHING_MM = 1.0
# Keys are joined by straight lines and looked at between them, too.
LOOKS_PER_S = 500.0


@dataclass(frozen=True)
class Closures:
    """What was seen.

    Attributes:
        touching: Share of the time of P, B and M in which the lips are less than 1 mm apart.
        whole: Share of these sounds that touch for at least 90 % of their time.
        longest_s: The longest that lips touch without a break outside of silence.
        over_250: How often they do for more than 250 ms.
        deepest_mm: The deepest overlap of the lips, at most 0.
        count: Sounds.
    """

    touching: float
    whole: float
    longest_s: float
    over_250: int
    deepest_mm: float
    count: int


def closures(
    cues: list[Cue], curves: Callable[[list[Cue], np.ndarray], np.ndarray], fps: float
) -> Closures:
    """Measure curves(cues, times) with keys at ``fps``."""
    keys_s = np.arange(cues[0].start, cues[-1].end, 1 / fps)
    weights = curves(cues, keys_s)
    times = np.arange(cues[0].start, keys_s[-1], 1 / LOOKS_PER_S)
    right = np.clip(np.searchsorted(keys_s, times, side="right"), 1, len(keys_s) - 1)
    share = ((times - keys_s[right - 1]) / (keys_s[right] - keys_s[right - 1]))[:, None]
    gap = lip_gap_mm(weights[right - 1] * (1 - share) + weights[right] * share)
    touching = gap < TOUCHING_MM
    silent = np.zeros(len(times), bool)
    shares, inside = [], np.zeros(len(times), bool)
    for cue in cues:
        now = slice(*np.searchsorted(times, (cue.start, cue.end)))
        if cue.spoken == "sil":
            silent[now] = True
        elif cue.spoken == "p" and now.stop > now.start:
            inside[now] = True
            shares.append(touching[now].mean())
    change = np.diff(np.concatenate([[0], touching & ~silent, [0]]).astype(int))
    runs = (np.flatnonzero(change < 0) - np.flatnonzero(change > 0)) / LOOKS_PER_S
    return Closures(
        float(touching[inside].mean()),
        float((np.array(shares) >= 0.9).mean()),
        float(runs.max(initial=0.0)),
        int((runs > 0.25).sum()),
        float(min(gap.min(), 0.0)),
        len(shares),
    )
