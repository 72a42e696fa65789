# SPDX-License-Identifier: GPL-3.0-or-later
"""Text as people write it, cut into clauses: what is spoken, and what is only written down."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.errors import FacewrightError

# What a script or a subtitle says about the sound: nobody speaks it.
_UNSPOKEN = re.compile(r"\[[^\]]*\]|\{[^}]*\}|<[^>]*>|【[^】]*】|[♪♫*#_~|]+", re.DOTALL)
_SPEAKER = re.compile(r"^\s*[-–—]?\s*([^\W\d_][^:：\n]{0,28}?)\s*[:：](?!//)\s*(?=\S|$)")
_BRACKETS = re.compile(r"(\([^()]*\)|（[^（）]*）)")
# A mark ends a clause before a space or at the end ("4.50" goes on); Chinese and Japanese marks
# always do.
_CLAUSE = re.compile(
    r"[.,!?;:…\"“”„«»]+(?=\s|$)|\s[-–—]+\s|[—…\"“”„«»]|[。、，！？；：「」『』・]|\n+"
)
_SCRIPTS = {
    "CYRILLIC": "ru uk be bg mk sr kk ky tt ba cv nog",
    "GREEK": "el grc",
    "ARABIC": "ar fa ur sd ug",
    "HEBREW": "he",
    "DEVANAGARI": "hi mr ne kok bpy",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "cmn zh yue hak",
    "THAI": "th shn",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "BENGALI": "bn as bpy",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "SINHALA": "si",
    "ETHIOPIC": "am ti",
    "MYANMAR": "my shn",
}
_READERS = {script: frozenset(languages.split()) for script, languages in _SCRIPTS.items()}
_TOO_MANY = 0.15


@dataclass(frozen=True)
class Clause:
    """Words between two marks of punctuation.

    Attributes:
        text: The words, without the marks.
        spoken: False where it may be spoken or not: in round brackets, before a colon.
        ends: Whether a mark, and so perhaps a pause, follows.
    """

    text: str
    spoken: bool = True
    ends: bool = True


def clauses(text: str, language: str) -> list[Clause]:
    """Cut a text; stage directions in square brackets and names in capitals before a colon go.

    Args:
        text: What a person typed, of any length.
        language: As ``spelling.spell`` takes it.

    Raises:
        FacewrightError: ``text-unreadable`` where the language is not written in these letters.
    """
    text = unicodedata.normalize("NFC", _UNSPOKEN.sub(" ", text)).replace("’", "'")
    found: list[Clause] = []
    for line in text.splitlines():
        speaker, line = split_speaker(line)
        if speaker and not speaker.isupper():
            found += _cut(speaker, False)
        for part in _BRACKETS.split(line):
            found += _cut(part.strip("()（）"), not _BRACKETS.fullmatch(part))
    return _readable(found, language)


def split_speaker(line: str) -> tuple[str, str]:
    """``("ANNA", "Hello.")`` of ``"ANNA: Hello."``; an empty name where no name stands there.

    A name has one to three words and each begins with a capital letter.
    """
    match = _SPEAKER.match(line)
    if not match:
        return "", line
    words = match[1].split()
    if len(words) > 3 or not all(word[0].isupper() or word[0].isdigit() for word in words):
        return "", line
    return match[1], line[match.end() :]


def _cut(text: str, spoken: bool) -> list[Clause]:
    parts = [" ".join(part.split()) for part in _CLAUSE.split(text)]
    return [Clause(part, spoken) for part in parts if any(c.isalnum() for c in part)]


def _readable(found: Sequence[Clause], language: str) -> list[Clause]:
    """The clauses without the letters that espeak-ng would spell out by name."""
    base = language.split("-")[0].lower()
    letters = [c for clause in found for c in clause.text if c.isalpha()]
    strange = [c for c in letters if not _reads(base, c)]
    if len(strange) > _TOO_MANY * len(letters):
        sample = "".join(dict.fromkeys(strange))[:8]
        if base == "ja":
            hint = "Write the text in kana (hiragana or katakana), or leave the text out."
        else:
            hint = "Choose the language of the text, or leave the text out."
        raise FacewrightError(
            f"The text has letters that cannot be read as the language {language}: {sample}.",
            hint,
            "text-unreadable",
        )
    if not strange:
        return list(found)
    drop = dict.fromkeys(map(ord, strange), " ")
    kept = [Clause(c.text.translate(drop), c.spoken, c.ends) for c in found]
    return [clause for clause in kept if any(c.isalnum() for c in clause.text)]


def _reads(base: str, letter: str) -> bool:
    if letter < "\u0250":
        return True
    script = unicodedata.name(letter, "").replace("HALFWIDTH ", "").split(" ")[0]
    return base in _READERS.get(script, (base,))
