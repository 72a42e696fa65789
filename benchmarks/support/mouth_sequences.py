# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech that is hard for a mouth: cues by a seed, with closures of every length."""

from __future__ import annotations

import numpy as np

from engine.core.cues import Cue
from engine.core.phones import PHONES, VOWELS

OPEN = ("a", "ae", "ah", "eh", "o")
CONSONANTS = tuple(p for p in PHONES if p not in VOWELS and p != "sil")


def spoken(phones: list[tuple[str, float]], start_s: float = 0.0) -> list[Cue]:
    """Cues of phones and their lengths in seconds, one after the other."""
    cues = []
    for phone, length in phones:
        cues.append(Cue.of_phone(phone, start_s, start_s + length))
        start_s += length
    return cues


def short_closures(seed: int = 0, count: int = 200) -> list[Cue]:
    """M and B of 40 to 60 ms between open vowels."""
    draw = np.random.default_rng(seed)
    phones = [("sil", 0.5)]
    for _ in range(count):
        phones += [("p", draw.uniform(0.04, 0.06)), (draw.choice(OPEN), draw.uniform(0.07, 0.16))]
    return spoken([*phones, ("sil", 0.5)])


def babble(seed: int = 0, syllables: int = 600, speed: float = 1.0) -> list[Cue]:
    """Syllables of any consonants and vowels with pauses, a fifth of the consonants P, B, M."""
    draw = np.random.default_rng(seed)
    phones: list[tuple[str, float]] = [("sil", 0.5)]
    last = "sil"
    for index in range(syllables):
        for _ in range(draw.integers(1, 3)):
            phone = "p" if draw.random() < 0.2 else str(draw.choice(CONSONANTS))
            if phone != last:
                phones.append((phone, draw.uniform(0.05, 0.12) / speed))
                last = phone
        last = str(draw.choice(sorted(VOWELS)))
        phones.append((last, draw.uniform(0.06, 0.2) / speed))
        if index % 12 == 11:
            phones.append(("sil", draw.uniform(0.1, 0.8)))
            last = "sil"
    return spoken([*phones, ("sil", 0.5)])
