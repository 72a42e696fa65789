# SPDX-License-Identifier: GPL-3.0-or-later
"""Names without what all of a character's keys have in common: ``Bob_Brow_Drop_L``, ``smile_0``.

A family's names are known letter by letter, so what somebody has put around all of them goes
first. ``labels`` finds more around ARKit's own names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from ...core.arkit import NAMES
from .aliases import ALIASES, BOTH_SIDED
from .profiles import profiles
from .spelling import CORRECTIONS, NOISE, SIDE_WORDS, one_separator, words
from .vocabulary import BY_WORDS, EMPTY, SAME

# This part of the keys must begin alike; others may be another mesh's or the artist's own.
_SHARE = 0.8
# With fewer keys nothing is told by what they have in common.
_LEAST_BEGINNINGS = 5
_LEAST_ENDINGS = 10
_SEPARATOR = re.compile(r"[\s_\-.:|/]+")
_NUMBER = re.compile(r"[\s_\-.]+\d{1,3}$")
# Parts of a body that are no face: "tail_puff" is nothing without its tail.
_BODY = """arm arms beard belly breast breasts chest chin ear ears eyelash eyelashes feet finger
    fingers foot forehead hair hand hands horn horns iris lash lashes leg legs neck nostril
    nostrils pupil pupils skull tail teeth thigh throat thumb toe toes tooth wing wings"""


def bare_names(names: Sequence[str]) -> dict[str, str]:
    """The names without a beginning and a number at the end that they share: bare -> full name.

    A beginning is cut off up to a separator, where four of five keys have it and it holds a word
    that stands for nothing in a face; a number where all keys have the same. A name that would
    then be another's stays whole.

    Args:
        names: All keys of a character, each once.

    Returns:
        In the order of the names.
    """
    number = _common_number(names)
    shorter = {name: name[: len(name) - len(number)] for name in names}
    beginning = _common_beginning(list(shorter.values()))
    bare = {name: text.removeprefix(beginning) for name, text in shorter.items()}
    count = Counter(bare.values()) + Counter(name for name in names if bare[name] != name)
    return {(name if count[text] > 1 else text): name for name, text in bare.items()}


def _common_number(names: Sequence[str]) -> str:
    """What all names end with: a separator and a number; empty where they differ."""
    found = {hit.group() if (hit := _NUMBER.search(name)) else "" for name in names}
    return found.pop() if len(found) == 1 and len(names) >= _LEAST_ENDINGS else ""


def _common_beginning(names: Sequence[str]) -> str:
    """The beginning to cut off; empty where there is none.

    Of several, such as ``Bob_`` and ``Bob_Face_``, it is the one that leaves the most names that
    are known as they are, of those the shortest; where none is known, the longest.
    """
    if len(names) < _LEAST_BEGINNINGS:
        return ""
    starts = Counter(
        name[: hit.end()]
        for name in names
        for hit in _SEPARATOR.finditer(name)
        if hit.end() < len(name)
    )
    found = [
        start
        for start, count in starts.items()
        if count >= _SHARE * len(names) and _says_nothing(start)
    ]
    if not found:
        return ""
    known = {start: _known_count(names, start) for start in found}
    length = -1 if any(known.values()) else 1
    best = max(found, key=lambda start: (known[start], length * len(start)))
    return "" if _known_count(names, "") > known[best] else best


def _says_nothing(start: str) -> bool:
    """Whether it holds a word that nobody knows, and none that says what a key does."""
    said = words(start)
    unknown = [word for word in said if not word.isdecimal() and word not in NOISE]
    return bool(unknown) and not _known_words() & set(unknown)


def _known_count(names: Sequence[str], start: str) -> int:
    keys = _known_names()
    return sum(one_separator(name.removeprefix(start)) in keys for name in names)


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    """ARKit's names and those of all families."""
    keys = [key for profile in profiles() for key in profile.keys]
    keys += [form for forms in ALIASES.values() for group in forms.values() for form in group]
    keys += [key for pairs in BOTH_SIDED.values() for key in pairs]
    return frozenset(one_separator(key) for key in (*NAMES, *keys))


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    """All words that say what a key does."""
    spoken = {word for name in _known_names() for word in words(name)}
    spoken |= {word for name in NAMES for word in words(name)}
    spoken |= {word for profile in profiles() for key in profile.keys for word in words(key)}
    spoken |= {word for phrase in BY_WORDS for word in phrase}
    return frozenset(
        {*spoken, *SAME, *SAME.values(), *SIDE_WORDS, *CORRECTIONS, *EMPTY, *_BODY.split()}
    )
