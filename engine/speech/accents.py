# SPDX-License-Identifier: GPL-3.0-or-later
"""Which syllables stand out, and where people pause: what gestures go by."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.cues import SILENCE, Cue
from ..core.phones import VOWELS
from .emphasis import vowel_prominence_db
from .prosody import PITCH_HZ

# A silence of this length parts phrases; shorter ones are closures and hesitations.
PAUSE_S = 0.2
# Pitch and loudness of a syllable are judged against those around it.
_AROUND_S = 3.0
# What counts as one step of prominence: semitones, decibels, and the logarithm of duration.
_SEMITONES, _DECIBELS, _LONGER = 2.5, 3.0, 0.4
# Loudness tells least of the three, pitch most (Terken and Hermes 2000).
_WEIGHTS = (0.5, 0.2, 0.3)
# Accents are peaks of prominence at least so high and so far apart.
_LEAST, _APART_S = 0.35, 0.4


@dataclass(frozen=True)
class Accent:
    """A syllable that stands out.

    Attributes:
        time_s: The middle of its vowel.
        strength: 0..1.
        raised: Semitones by which the voice is higher than around it, 0 where it is not.
    """

    time_s: float
    strength: float
    raised: float


@dataclass(frozen=True)
class Phrase:
    """Speech between two pauses.

    Attributes:
        start_s, end_s: Seconds.
        pause_s: Length of the pause after it; 0 at the end of the recording.
    """

    start_s: float
    end_s: float
    pause_s: float


def find_phrases(cues: Sequence[Cue]) -> list[Phrase]:
    """The phrases of a recording, in order of time."""
    spoken = [cue for cue in cues if cue.spoken != SILENCE]
    if not spoken:
        return []
    phrases, start = [], spoken[0].start
    for one, following in itertools.pairwise(spoken):
        pause = following.start - one.end
        if pause >= PAUSE_S:
            phrases.append(Phrase(start, one.end, pause))
            start = following.start
    end = spoken[-1].end
    phrases.append(Phrase(start, end, max(cues[-1].end - end, 0.0)))
    return phrases


def find_accents(
    cues: Sequence[Cue], pitch_hz: np.ndarray, level_db: np.ndarray, first_s: float = 0.0
) -> list[Accent]:
    """Syllables that are higher, longer and louder than those around them.

    Args:
        cues: In order of time.
        pitch_hz: float (T,), 100 values a second, NaN without voice.
        level_db: float (T,), likewise.
        first_s: Seconds at which the first value begins.
    """
    vowels = [cue for cue in cues if cue.spoken in VOWELS]
    if not vowels or not len(level_db):
        return []
    middle = np.array([(cue.start + cue.end) / 2 for cue in vowels])
    pitch = _pitches(vowels, pitch_hz, first_s)
    raised = pitch - _local_median(middle, pitch)
    longer = np.log([max(cue.end - cue.start, 0.01) for cue in vowels])
    prominence = sum(
        weight * np.clip(np.nan_to_num(value), -2.0, 3.0)
        for weight, value in zip(
            _WEIGHTS,
            (
                raised / _SEMITONES,
                vowel_prominence_db(vowels, np.asarray(level_db, np.float64), first_s) / _DECIBELS,
                (longer - _local_median(middle, longer)) / _LONGER,
            ),
            strict=True,
        )
    )
    accents: list[Accent] = []
    taken: list[float] = []
    for i in np.argsort(-prominence, kind="stable"):
        if prominence[i] < _LEAST:
            break
        at = bisect.bisect(taken, middle[i])
        if all(abs(middle[i] - other) >= _APART_S for other in taken[max(at - 1, 0) : at + 1]):
            taken.insert(at, float(middle[i]))
            strength = float(np.clip(prominence[i] / 1.5, 0.0, 1.0))
            accents.append(
                Accent(float(middle[i]), strength, float(max(np.nan_to_num(raised[i]), 0.0)))
            )
    return sorted(accents, key=lambda accent: accent.time_s)


def _pitches(vowels: Sequence[Cue], pitch_hz: np.ndarray, first_s: float) -> np.ndarray:
    """The highest pitch of each vowel in semitones, NaN where it is not voiced."""
    found = np.full(len(vowels), np.nan)
    for i, cue in enumerate(vowels):
        first, stop = (round((t - first_s) * PITCH_HZ) for t in (cue.start, cue.end))
        inside = pitch_hz[max(first, 0) : max(stop, first + 1, 0)]
        inside = inside[np.isfinite(inside)]
        if len(inside):
            found[i] = 12 * np.log2(np.percentile(inside, 80))
    return found


def _local_median(time_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The median of the values around each time; NaN ones are left out."""
    first = np.searchsorted(time_s, time_s - _AROUND_S)
    stop = np.searchsorted(time_s, time_s + _AROUND_S, side="right")
    found = np.zeros(len(values))
    for i, (low, high) in enumerate(zip(first, stop, strict=True)):
        near = values[low:high]
        near = near[np.isfinite(near)]
        found[i] = np.median(near) if len(near) else 0.0
    return found
