# SPDX-License-Identifier: GPL-3.0-or-later
"""Which stretches are learned from, which say when to stop, and which are kept for the measure.

Frames beside each other look and sound alike, so single frames kept aside would measure memory.
Whole stretches are kept aside, and a second around each is used for nothing.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

LEARN, STOP, MEASURE = range(3)
# A long recording is dealt in stretches of so many seconds; a shorter one is one stretch.
_STRETCH_S = 20.0
_MARGIN_S = 1.0
# Of every eight stretches one says when to stop and two are measured on.
_PATTERN = (LEARN, LEARN, MEASURE, LEARN, LEARN, STOP, LEARN, MEASURE)
# Fewer stretches would leave one of the three without any.
_FEWEST = len(_PATTERN)


@dataclass(frozen=True)
class Stretch:
    """A part of a recording.

    Attributes:
        recording: Number of the recording.
        begin_s, end_s: Seconds of its sound.
        use: ``LEARN``, ``STOP`` or ``MEASURE``.
    """

    recording: int
    begin_s: float
    end_s: float
    use: int


def deal(lengths_s: list[float], offset: int = 0) -> list[Stretch]:
    """Deal recordings into stretches.

    Args:
        lengths_s: Length of each recording, seconds.
        offset: Another offset, 0 to 7, deals other stretches to each use.

    Returns:
        Stretches in order. Where one use is followed by another in the same recording, a second
        between them belongs to neither.
    """
    total = sum(lengths_s)
    length_s = min(_STRETCH_S, max(total / _FEWEST, 1e-3))
    parts: list[tuple[int, float, float]] = []
    for recording, seconds in enumerate(lengths_s):
        count = max(1, round(seconds / length_s))
        edges = np.linspace(0.0, seconds, count + 1)
        parts += [(recording, *pair) for pair in itertools.pairwise(edges)]
    uses = [_PATTERN[(number + offset) % len(_PATTERN)] for number in range(len(parts))]
    stretches = []
    for number, (recording, begin_s, end_s) in enumerate(parts):
        margin_s = min(_MARGIN_S, (end_s - begin_s) / 4) / 2
        for beside, sign in ((number - 1, -1), (number + 1, 1)):
            if not 0 <= beside < len(parts) or parts[beside][0] != recording:
                continue
            if uses[beside] == uses[number]:
                continue
            begin_s, end_s = (
                (begin_s + margin_s, end_s) if sign < 0 else (begin_s, end_s - margin_s)
            )
        stretches.append(Stretch(recording, float(begin_s), float(end_s), uses[number]))
    return stretches
