# SPDX-License-Identifier: GPL-3.0-or-later
"""Text to the phones that a person may say for it.

A word is a row of slots, and a slot holds the phones that may stand there, each with a cost; the
empty phone means that it may be left out. espeak-ng gives the words as the regions of a language
say them, both in the sentence and one by one; ``variants`` adds what people do when they speak.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass, field

from ..core.phones import STRESS, VOWELS, of_ipa
from . import espeak, variants
from .slots import Slot, merged
from .written_text import clauses

# A language's voices, the first the usual one. What is not here is called as espeak-ng calls it.
_VOICES = {
    "en": ("en-us", "en"),
    "en-us": ("en-us", "en"),
    "en-gb": ("en", "en-us"),
    "es": ("es", "es-419"),
    "pt": ("pt-br", "pt"),
    "pt-br": ("pt-br", "pt"),
    "pt-pt": ("pt", "pt-br"),
    "fr": ("fr",),
    "fr-fr": ("fr",),
    "zh": ("cmn",),
    "no": ("nb",),
}
# Mandarin: espeak-ng writes tones as figures (a 3 as ɜ), curled tongues as a point.
_MANDARIN = (
    (re.compile(r"[ɜ0-9]"), ""),
    (re.compile(r"(?<=[ptkɕs.])h"), ""),
    (re.compile(r"ts\."), "tʂ"),
    (re.compile(r"s\."), "ʂ"),
    (re.compile(r"nɡ$"), "ŋ"),
)


@dataclass(frozen=True)
class Word:
    """A word to look for in the sound.

    Attributes:
        slots: Its phones in order.
        spoken: False where it may be left out freely, as in round brackets.
        pause: Whether a mark of punctuation follows.
        window: Seconds within which it is spoken, from subtitles; None where nobody knows.
    """

    slots: tuple[Slot, ...]
    spoken: bool = True
    pause: bool = False
    window: tuple[float, float] | None = None


@dataclass
class _Sequence:
    """Slots of a clause and the indices at which words begin."""

    slots: list[Slot] = field(default_factory=list)
    starts: set[int] = field(default_factory=set)


def spell(text: str, language: str = "en", window: tuple[float, float] | None = None) -> list[Word]:
    """Words of a text with their pronunciations.

    Args:
        text: As a person typed it; stage directions in square brackets are left out.
        language: ISO 639 code, with or without a region: ``"en"``, ``"pt-br"``, ``"zh"``.
        window: Handed on to every word.

    Raises:
        FacewrightError: ``text-unreadable`` (letters that the language is not written in; Japanese
            must be in kana), ``language-unknown``, ``espeak-missing``.
    """
    voices = voices_of(language)
    words: list[Word] = []
    for clause in clauses(text, language):
        found = _words(clause.text, voices, language.split("-")[0].lower())
        for index, slots in enumerate(found):
            pause = clause.ends and index == len(found) - 1
            words.append(Word(slots, clause.spoken, pause, window))
    return words


def voices_of(language: str) -> tuple[str, ...]:
    """espeak-ng's voices for a language, the usual one first."""
    name = language.strip().lower().replace("_", "-")
    if name in _VOICES:
        return _VOICES[name]
    base = name.split("-")[0]
    if base in _VOICES:
        return _VOICES[base]
    return (name,) if name == base or espeak.knows(name) else (base,)


@functools.lru_cache(maxsize=4096)
def _words(text: str, voices: tuple[str, ...], base: str) -> tuple[tuple[Slot, ...], ...]:
    whole = _sequence(espeak.sounds(text, voices[0]), base)
    others = [_sequence(espeak.sounds(text, voice), base) for voice in voices[1:]]
    tokens = text.split()
    if len(tokens) > 1:
        alone = [word for token in tokens for word in espeak.sounds(token, voices[0])]
        others.append(_sequence(alone, base))
    slots, starts = whole.slots, whole.starts
    for other in others:
        slots, place = merged(slots, other.slots)
        starts = {place[0][i] for i in starts} | {place[1][i] for i in other.starts}
    cuts = [*sorted(starts), len(slots)]
    cuts[0] = 0
    rows = [slots[a:b] for a, b in itertools.pairwise(cuts) if b > a]
    return tuple(tuple(row) for row in variants.loosened(rows, base))


def _sequence(words: list[list[str]], base: str) -> _Sequence:
    found = _Sequence()
    for word in words:
        found.starts.add(len(found.slots))
        for sound in word:
            stress = 2 if STRESS[0] in sound else 1 if STRESS[1] in sound else 0
            if base in ("zh", "cmn"):
                for pattern, instead in _MANDARIN:
                    sound = pattern.sub(instead, sound)
            phones = of_ipa(sound)
            for index, phone in enumerate(phones):
                vowel = phone in VOWELS
                glide = vowel and index > 0 and phones[index - 1] in VOWELS
                found.slots.append(Slot({phone: 0.0}, stress if vowel else 0, glide))
    found.starts = {i for i in found.starts if i < len(found.slots)}
    return found
