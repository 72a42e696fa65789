# SPDX-License-Identifier: GPL-3.0-or-later
"""With the text: when each of its sounds is spoken.

The network says how likely each phone is in each frame, the text says which phones come in which
order; the best way through the text's lattice gives the times. What the text does not have is
decoded without it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..core.cues import SILENCE as SILENT
from ..core.cues import Cue
from ..core.errors import FacewrightError
from ..core.phones import INDEX, PHONES
from . import decode
from .anchors import anchors, windows
from .hearing import Heard
from .lattice import EMPTY, FILLER, Lattice, lattice
from .matching import matches
from .segmental import Step, best_way
from .spelling import Word, spell
from .subtitles import Block

# How much worse than the frame's best phone a phone can be: one sound that was said differently
# must not outweigh its neighbours.
_WORST = 8.0
# Added to the likelihood of closed lips: a closure that is missed or short is seen, one that begins
# a hundredth of a second early is not.
_CLOSED_BONUS = 0.6
# Lips that close for the last sound of a phrase stay closed for a moment when it is over, as long
# as the closure in all is no longer than this.
_HELD_S, _LONGEST_CLOSURE_S = 0.12, 0.24
# Of a frame that the text does not have: so much worse than the best phone is still a match.
FILLER_COST = 1.5
# Recordings up to this are searched as a whole.
_SHORT = 2500
# What the windows of all joints may hold together, 4 bytes each.
_MOST_CELLS = 80_000_000
# Speech may begin so much before its subtitle and end so much after it.
_SUBTITLE_EARLY, _SUBTITLE_LATE = 60, 80


def align(heard: Heard, text: str | Sequence[Block], language: str = "en") -> list[Cue]:
    """The cues of a recording whose text is known, one for every phone, silences included.

    Args:
        heard: Of the whole recording.
        text: What is spoken; as blocks of ``subtitles.read_text``, the times of those that have
            them narrow the search. Stretches of the recording that the text does not have are
            decoded without it, and words that are not spoken are left out.
        language: ISO 639 code of the text, with or without a region.

    Returns:
        Cues from 0 to the end of the recording, without gaps.

    Raises:
        FacewrightError: ``text-mismatch`` where the text is not what is spoken or has no words;
            and those of ``spelling.spell``.
    """
    words = words_of(text, language)
    if not words:
        raise FacewrightError(
            "The text has no words that are spoken.",
            "Write what is said, or leave the text out.",
            "text-mismatch",
        )
    if not len(heard):
        return []
    graph = lattice(words)
    score = relative(heard)
    steps = _steps(words, graph, score)
    if not steps or not matches(graph, steps, score):
        raise FacewrightError(
            f"The text does not match the sound, as far as it can be heard in the language "
            f"{language}.",
            "Check that it is the text of this recording and that the language is right, or leave "
            "the text out.",
            "text-mismatch",
        )
    return _held(_cues(steps, heard))


def words_of(text: str | Sequence[Block], language: str) -> list[Word]:
    """The words of a text or of blocks with what the blocks know of their times."""
    if isinstance(text, str):
        return spell(text, language)
    words: list[Word] = []
    for block in text:
        timed = block.start is not None and block.end is not None
        words += spell(block.text, language, (block.start, block.end) if timed else None)
    return words


def relative(heard: Heard) -> np.ndarray:
    """How much worse each phone is than the best one of its frame: float32 (T, 25), 0 or less."""
    found = decode.scores(heard.log_probs).copy()
    found[:, INDEX["p"]] += _CLOSED_BONUS
    return np.maximum(found - found.max(1, keepdims=True), -_WORST)


def _steps(words: Sequence[Word], graph: Lattice, score: np.ndarray) -> list[Step]:
    frames = len(score)
    if any(word.window for word in words):
        open_to = _subtitle_windows(words, graph, frames)
    elif frames > _SHORT:
        open_to = windows(graph, anchors(words, graph, score), frames)
    else:
        open_to = np.tile([0, frames], (len(graph.arcs), 1))
    open_to[0], open_to[-1, 1] = 0, frames
    if (open_to[:, 1] - open_to[:, 0]).sum() > _MOST_CELLS:
        return []
    return best_way(graph, score, open_to, FILLER_COST)


def _subtitle_windows(words: Sequence[Word], graph: Lattice, frames: int) -> np.ndarray:
    low = np.zeros(len(graph.arcs), np.int64)
    high = np.full(len(graph.arcs), frames, np.int64)
    for word, begin, end in zip(words, graph.begins, graph.ends, strict=True):
        if word.window:
            low[begin : end + 1] = round(word.window[0] * 100) - _SUBTITLE_EARLY
            high[begin : end + 1] = round(word.window[1] * 100) + _SUBTITLE_LATE
    # Joints are passed in order, whatever overlaps in the subtitles.
    low = np.maximum.accumulate(low).clip(0, frames)
    high = np.minimum.accumulate(high[::-1])[::-1].clip(0, frames)
    return np.stack([low, np.maximum(low, high)], 1)


def _cues(steps: Sequence[Step], heard: Heard) -> list[Cue]:
    cues: list[Cue] = []
    for step in steps:
        if step.arc.phone == EMPTY:
            continue
        start, end = step.first / 100, step.end / 100
        if step.arc.phone == FILLER:
            for cue in decode.decode(_part(heard, step.first, step.end)):
                _add(cues, Cue.of_phone(cue.phone, start + cue.start, start + cue.end))
        else:
            _add(cues, Cue.of_phone(PHONES[step.arc.phone], start, end))
    return cues


def _add(cues: list[Cue], cue: Cue) -> None:
    """A sound that ends one word and begins the next is one movement."""
    if cues and cues[-1].phone == cue.phone:
        cue = dataclasses.replace(cues.pop(), end=cue.end)
    cues.append(cue)


def _held(cues: list[Cue]) -> list[Cue]:
    """Cues whose closures last a little into the silence that follows."""
    held = list(cues)
    for place, cue in enumerate(held[:-1]):
        after = held[place + 1]
        if cue.phone == "p" and after.phone == SILENT:
            room = min(_HELD_S, _LONGEST_CLOSURE_S - (cue.end - cue.start))
            until = cue.end + min(room, (after.end - after.start) / 2)
            if until > cue.end:
                held[place] = dataclasses.replace(cue, end=until)
                held[place + 1] = dataclasses.replace(after, start=until)
    return held


def _part(heard: Heard, first: int, end: int) -> Heard:
    arrays = {field.name: getattr(heard, field.name) for field in dataclasses.fields(heard)}
    return Heard(**{name: array[first:end] for name, array in arrays.items()})
