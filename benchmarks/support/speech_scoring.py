# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores mouth cues against speech whose sounds have known times, in six mouth classes.

Every hundredth of a second counts once. A class is what a watcher sees: lips closed, lower lip at
the teeth, rounded, open, narrow, at rest. Schwa, rhotics and sounds that are not listed here are
not scored, because the mouth is free in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

CLASSES = ("PBM", "FV", "ROUND", "OPEN", "NARROW", "SIL")
RATE_HZ = 100
UNSCORED = -1
_SILENCE = CLASSES.index("SIL")
_CLOSED = CLASSES.index("PBM")
_SOUNDS = {
    "PBM": "pbm",
    "FV": "fv",
    "ROUND": "wuʊoɔO",
    "OPEN": "ɑaæɛʌɐ",
    "NARROW": "sztdnkɡŋʃʒʤʧθðliɪjehɾg",
}
_CLASS_OF_SOUND = {
    sound: CLASSES.index(name) for name, sounds in _SOUNDS.items() for sound in sounds
}
# The names of Oculus Lipsync in both of their spellings, by class.
_VISEMES = {
    "PBM": "PP",
    "FV": "FF",
    "ROUND": "ou U oh O",
    "OPEN": "aa E",
    "NARROW": "ih I SS TH DD kk nn CH RR",
    "SIL": "sil",
}
_CLASS_OF_VISEME = {
    viseme: CLASSES.index(name) for name, visemes in _VISEMES.items() for viseme in visemes.split()
}
_PAUSES = {"<bos>", "<eos>", "^", "$", ".", "!", "?", ","}
# A pause shorter than this may be no silence at all, so it is not scored.
_SHORTEST_PAUSE_S = 0.06
_SHIFTS = range(-12, 17)


@dataclass(frozen=True)
class Score:
    """How well cues agree with the truth.

    Attributes:
        shift_ms: The cues were moved by this first, later is positive.
        accuracy: Share of the scored hundredths whose class is right.
        balanced: Mean of the recalls of the classes that occur.
        recall: By class: the share of its hundredths that were found.
        precision: By class: the share of what was called so that is so; 0 where nothing was.
        frames: Scored hundredths.
    """

    shift_ms: int
    accuracy: float
    balanced: float
    recall: dict[str, float]
    precision: dict[str, float]
    frames: int


def reference(segments: Iterable, frames: int) -> np.ndarray:
    """The class of every hundredth of a second.

    Args:
        segments: Sounds in order with ``p`` (International Phonetic Alphabet or a pause mark),
            ``start`` and ``end`` in seconds, as attributes or as keys.
        frames: Length of the recording in hundredths.

    Returns:
        int8 (frames,): places in ``CLASSES``, ``UNSCORED`` where nothing is asked.
    """
    classes = np.full(frames, UNSCORED, np.int8)
    last = UNSCORED
    for segment in segments:
        sound, start, end = _fields(segment, "p")
        if sound and sound in "ˈˌ":
            continue
        if sound == "ː":
            found = last
        elif sound in _PAUSES:
            found = _SILENCE if end - start > _SHORTEST_PAUSE_S else UNSCORED
        else:
            found = _CLASS_OF_SOUND.get(sound, _CLASS_OF_SOUND.get(sound[:1], UNSCORED))
        classes[round(start * RATE_HZ) : round(end * RATE_HZ)] = found
        last = found
    return classes


def frames_of(samples: int, rate: int) -> int:
    """Hundredths of a second in a recording, a last part of one left out."""
    return int(samples / rate * RATE_HZ)


def predicted(cues: Iterable, frames: int, shift_s: float = 0.0) -> np.ndarray:
    """The class of every hundredth of a second after cues; silence where there is none.

    Args:
        cues: With ``start`` and ``end`` in seconds and ``viseme``, as attributes or as keys.
        frames: Length of the recording in hundredths.
        shift_s: Added to every time.

    Raises:
        KeyError: A viseme is none of the 15 of Oculus Lipsync.
    """
    classes = np.full(frames, _SILENCE, np.int8)
    for cue in cues:
        viseme, start, end = _fields(cue, "viseme")
        first, last = (max(0, round((time + shift_s) * RATE_HZ)) for time in (start, end))
        classes[first:last] = _CLASS_OF_VISEME[viseme]
    return classes


def score(
    refs: Mapping[str, np.ndarray], cues: Mapping[str, Sequence], shift_s: float = 0.0
) -> Score:
    """Score all recordings as one.

    Args:
        refs: ``reference`` of each recording by name.
        cues: The cues of each recording by the same names.
        shift_s: Added to every time of the cues.

    Raises:
        KeyError: A recording has no cues, or a viseme is unknown.
        ValueError: There is nothing to score.
    """
    truth = np.concatenate(list(refs.values()) or [np.empty(0, np.int8)])
    guess = np.concatenate(
        [predicted(cues[name], len(classes), shift_s) for name, classes in refs.items()]
        or [np.empty(0, np.int8)]
    )
    asked = truth != UNSCORED
    truth, guess = truth[asked], guess[asked]
    if not len(truth):
        raise ValueError("There is no sound to score.")
    recall, precision = {}, {}
    for index, name in enumerate(CLASSES):
        there, called = truth == index, guess == index
        right = float(np.count_nonzero(there & called))
        if there.any():
            recall[name] = right / np.count_nonzero(there)
        precision[name] = right / max(np.count_nonzero(called), 1)
    return Score(
        round(shift_s * 1000),
        float((truth == guess).mean()),
        float(np.mean(list(recall.values()))),
        recall,
        precision,
        len(truth),
    )


def best_shift(refs: Mapping[str, np.ndarray], cues: Mapping[str, Sequence]) -> Score:
    """The score at the one shift of all cues, -120 to 160 ms, that has the best balance."""
    scores = [score(refs, cues, hundredths / RATE_HZ) for hundredths in _SHIFTS]
    return max(scores, key=lambda found: found.balanced)


def _fields(item: object, label: str) -> tuple[str, float, float]:
    if isinstance(item, Mapping):
        return item[label], item["start"], item["end"]
    return getattr(item, label), item.start, item.end
