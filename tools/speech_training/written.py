# SPDX-License-Identifier: GPL-3.0-or-later
"""Text to the International Phonetic Alphabet in one line, as Kokoro reads it."""

from __future__ import annotations

import re

from engine.speech.espeak import sounds

_MARKS = re.compile(r"([,.!?;:])")


def sounds_of(text: str, language: str) -> str:
    """Sounds of a text by espeak-ng's rules, marks of punctuation kept, words apart.

    Args:
        text: A sentence.
        language: As espeak-ng names it.

    Raises:
        FacewrightError: ``language-unknown``, ``espeak-missing``.
    """
    parts = [
        part if _MARKS.match(part) else " ".join("".join(word) for word in sounds(part, language))
        for part in _MARKS.split(text)
        if part.strip()
    ]
    return re.sub(r"\s+([,.!?;:])", r"\1", " ".join(parts))
