# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a text is what is spoken.

A wrong text finds some of its words in any speech, but not several in a row: where it is wrong, the
best way leaves words out or takes sound for something that the text does not have.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .lattice import EMPTY, FILLER, SILENCE, Lattice
from .segmental import Step

# So many words one after the other are a match; the whole text is, when it has fewer.
_RUN = 4
# The mean of how much worse than the best phone the text's phones in runs are, and a price for the
# share of the text (or of the speech, if that is less) that is in no run. Of synthetic voices that
# the network was not trained on, no right text was above 0.75 and 3 of 100 wrong ones below 1.05;
# of a man in a small room (GRID, sentences of six words) 9 of 10 right ones are below it, and one
# wrong text of 7. A wrong text is the user's mistake, a right one refused is ours.
_MOST = 1.05
_PRICE = 1.5


def matches(graph: Lattice, steps: Sequence[Step], score: np.ndarray) -> bool:
    """Whether the best way follows the text.

    Args:
        graph: Of the text.
        steps: The best way through it.
        score: float32 (T, 25), 0 for the best phone of a frame.
    """
    words, frames, fit = shares(graph, steps, score)
    return fit + _PRICE * (1 - max(words, frames)) <= _MOST


def shares(graph: Lattice, steps: Sequence[Step], score: np.ndarray) -> tuple[float, float, float]:
    """Shares of the words and of the frames of speech in runs, and how badly those fit."""
    begins = np.array(graph.begins)
    ends = np.array(graph.ends)
    frames = np.zeros(len(begins), np.int64)
    misfit = np.zeros(len(begins))
    left_out = np.zeros(len(begins), bool)
    broken = np.zeros(len(begins) + 1, bool)
    filler = 0
    for step in steps:
        word = int(np.searchsorted(ends, step.arc.source, "right"))
        inside = word < len(begins) and step.arc.source >= begins[word]
        if step.arc.phone == FILLER:
            broken[word] = True
            filler += int(np.count_nonzero(score[step.first : step.end, SILENCE] < -1))
        elif inside and step.arc.skips:
            left_out[word] = True
        elif inside and step.arc.phone != EMPTY:
            frames[word] += step.end - step.first
            misfit[word] -= score[step.first : step.end, step.arc.phone].sum()
    runs = _runs(left_out, broken)
    spoken = max(int(frames.sum()) + filler, 1)
    if not runs.any():
        return 0.0, 0.0, np.inf
    return (
        float(runs.mean()),
        float(frames[runs].sum() / spoken),
        float(misfit[runs].sum() / max(frames[runs].sum(), 1)),
    )


def _runs(left_out: np.ndarray, broken: np.ndarray) -> np.ndarray:
    """Which words are in a run that is long enough: bool (W,)."""
    found = np.zeros(len(left_out), bool)
    least = min(_RUN, len(left_out))
    first = 0
    for word in range(len(left_out) + 1):
        ends_here = word == len(left_out) or left_out[word] or broken[word]
        if ends_here:
            if word - first >= least:
                found[first:word] = True
            first = word + 1 if word < len(left_out) and left_out[word] else word
    return found
