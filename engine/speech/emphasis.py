# SPDX-License-Identifier: GPL-3.0-or-later
"""Who speaks up opens the mouth wider: loudness becomes the strength of the vowels.

Each vowel is compared with the same vowel elsewhere in the recording, because an open one is
louder than a close one by itself (Lehiste and Peterson 1959). Consonants keep their strength: a
closure is as complete in a whisper as in a shout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.cues import Cue
from ..core.phones import VOWELS

LEVELS_HZ = 100
# Jaws open about twice as far in shouted speech, which is some 20 dB louder (Schulman 1989).
_DOUBLE_DB = 20.0
_LEAST, _MOST = 0.7, 1.4
# A vowel that was heard so often has a level of its own; a rare one leans on all others.
_TRUST = 4.0
# Fewer vowels than this have no usual level.
_FEWEST = 4
# Quieter than any recorded speech.
_FLOOR_DB = -120.0


def emphasised(
    cues: Sequence[Cue], level_db: np.ndarray, first_s: float = 0.0, amount: float = 1.0
) -> list[Cue]:
    """The same cues with vowels stronger where they are loud, and weaker where they are soft.

    Args:
        cues: In order of time.
        level_db: float (T,), how loud the sound is, 100 values a second. Only differences count.
        first_s: Seconds at which the first of them begins.
        amount: 1 as people do, 0 for not at all.
    """
    vowels = [i for i, cue in enumerate(cues) if cue.spoken in VOWELS]
    if not amount or len(vowels) < _FEWEST or not len(level_db):
        return list(cues)
    louder_db = vowel_prominence_db(
        [cues[i] for i in vowels], np.asarray(level_db, np.float64), first_s
    )
    strong = list(cues)
    for i, louder in zip(vowels, louder_db, strict=True):
        strong[i] = replace(cues[i], strength=cues[i].strength * strength_of(louder, amount))
    return strong


def strength_of(louder_db: float, amount: float = 1.0) -> float:
    """How far the mouth goes for a vowel that is so much louder than usual, 1 as usual."""
    return float(np.clip(2.0 ** (amount * louder_db / _DOUBLE_DB), _LEAST, _MOST))


def vowel_prominence_db(
    vowels: Sequence[Cue], level_db: np.ndarray, first_s: float = 0.0
) -> np.ndarray:
    """How much louder each vowel is than it usually is in this recording, float64 (n,), dB.

    Args:
        vowels: Cues of vowels.
        level_db, first_s: As for ``emphasised``.
    """
    levels = np.array([_level_of(cue, level_db, first_s) for cue in vowels])
    from_usual = levels - np.median(levels)
    usual = np.zeros(len(vowels))
    names = np.array([cue.spoken for cue in vowels])
    for name in np.unique(names):
        same = names == name
        count = same.sum()
        usual[same] = np.median(from_usual[same]) * count / (count + _TRUST)
    return from_usual - usual


def _level_of(cue: Cue, level_db: np.ndarray, first_s: float) -> float:
    """The level of a vowel's louder half: its edges belong to its neighbours."""
    low, high = ((t - first_s) * LEVELS_HZ for t in (cue.start, cue.end))
    first = int(np.clip(round(low), 0, len(level_db) - 1))
    stop = max(first + 1, min(round(high), len(level_db)))
    inside = np.nan_to_num(level_db[first:stop], nan=_FLOOR_DB, neginf=_FLOOR_DB)
    inside = np.sort(np.maximum(inside, _FLOOR_DB))
    return float(inside[len(inside) // 2 :].mean())
