# SPDX-License-Identifier: GPL-3.0-or-later
"""Matches keys of unknown families by the English words in their names.

A key is read only if all of its words together are a phrase of the vocabulary: a word more may be
a corrective, a part or something else altogether. The side has a veto: it must be said once, or
not at all for a key that moves both sides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...core.arkit import INDEX
from .named import ONE_KEY, Candidate, NamedMatch, NamedRow, in_order, left_over
from .spelling import (
    CORRECTIONS,
    FULL_SIDE_WORDS,
    HALVED,
    SIDE_WORDS,
    cuts,
    without_noise,
    words,
)
from .vocabulary import BY_WORDS, EMPTY, ONE_SIDED, SAME, Phrase

# Below this a phrase is too vague to act on.
THRESHOLD = 0.65
_OPPOSITE = {"Left": "Right", "Right": "Left"}
_WAYS = frozenset({"left", "right", "up", "down", "in", "out"})


@dataclass(frozen=True)
class Spoken:
    """What the words of one key say.

    Attributes:
        channels: The channels it moves: one, or the two of a both-sided key.
        score: How plainly, 0..1.
        half: The side, where it is a half of a centre channel.
        approximate: A likeness.
        refusal: Why nothing is decided, where the words nearly say something.
    """

    channels: tuple[str, ...] = ()
    score: float = 0.0
    half: str = ""
    approximate: bool = False
    refusal: str = ""


def speak(name: str) -> Spoken:
    """Reads the words of a key's name."""
    best = Spoken()
    for cut in cuts(name):
        found = tuple(word for word in words(cut) if word not in EMPTY)
        for spoken in dict.fromkeys((found, without_noise(found))):
            read = _speak(spoken)
            if read.score > best.score or (read.refusal and not best.channels):
                best = read
    return best


def match_tokens(
    names: Sequence[str], taken: Collection[str] = (), threshold: float = THRESHOLD
) -> NamedMatch:
    """Matches keys by their words.

    Args:
        names: The keys to read, in the rig's order.
        taken: ARKit names that have their key already.
        threshold: Scores below decide nothing.

    Returns:
        Rows with how "words"; ``refused`` says why a key with facial words decides nothing.
    """
    names = tuple(dict.fromkeys(names))
    said = {name: speak(name) for name in names}
    refused = {name: spoken.refusal for name, spoken in said.items() if spoken.refusal}
    for name, spoken in said.items():
        if spoken.channels and spoken.score < threshold:
            refused[name] = f"may be {' and '.join(spoken.channels)}, but may be something else"
    clear = {name: s for name, s in said.items() if s.channels and s.score >= threshold}
    rows = _sided_rows(clear, taken)
    _add_halves(rows, clear, taken, refused)
    rows = in_order(rows)
    rest = left_over(names, rows)
    return NamedMatch(rows, rest, (), {name: refused[name] for name in rest if name in refused})


def _sided_rows(clear: dict[str, Spoken], taken: Collection[str]) -> dict[str, NamedRow]:
    """Rows of keys that move one channel, then of those that move both of a pair."""
    rows: dict[str, NamedRow] = {}
    # A key for both sides is for those that have none of their own.
    for count in (1, 2):
        wanted: dict[tuple[str, ...], list[str]] = {}
        for name, spoken in clear.items():
            if not spoken.half and len(spoken.channels) == count:
                wanted.setdefault(spoken.channels, []).append(name)
        for channels, keys in wanted.items():
            if any(channel in rows or channel in taken for channel in channels):
                continue
            keys.sort(key=lambda key: -clear[key].score)
            note, more = ("", tuple(keys[1:])) if count == 1 else (ONE_KEY, ())
            approximate = clear[keys[0]].approximate
            for channel in channels:
                candidates = (Candidate(keys[0]),)
                rows[channel] = NamedRow(channel, candidates, "words", approximate, note, more)
    return rows


def _add_halves(
    rows: dict[str, NamedRow],
    clear: dict[str, Spoken],
    taken: Collection[str],
    refused: dict[str, str],
) -> None:
    """Adds centre channels that have a key a side; one half alone is refused."""
    halves: dict[str, dict[str, str]] = {}
    for name, spoken in clear.items():
        if spoken.half:
            halves.setdefault(spoken.channels[0], {}).setdefault(spoken.half, name)
    for channel, sides in halves.items():
        if channel in rows or channel in taken:
            continue
        if len(sides) == 2:
            both = (Candidate(sides["Left"]), Candidate(sides["Right"]))
            rows[channel] = NamedRow(channel, both, "words")
        else:
            side, name = next(iter(sides.items()))
            refused[name] = f"is the {side.lower()} half of {channel}; the other half is missing"


def _speak(found: tuple[str, ...]) -> Spoken:
    """Reads words in lower case, noise removed."""
    same = tuple(_number(SAME.get(word, word)) for word in found)
    if "look" in same:
        return _gaze(same)
    at = [i for i, word in enumerate(found) if word in SIDE_WORDS]
    rest = frozenset(word for i, word in enumerate(same) if i not in at)
    if len(rest) + len(at) != len(same):
        return Spoken()  # A word twice is no phrase that is known here.
    sides = [SIDE_WORDS[found[i]] for i in at]
    if len(at) == 1 and (direction := _direction(rest, found[at[0]], sides[0])):
        return direction
    phrase = BY_WORDS.get(rest)
    if phrase is None:
        return _nearly(rest)
    if len(at) > 1:
        return Spoken(refusal="names two sides")
    if not sides and rest & ONE_SIDED:
        return Spoken(refusal="does not say which side")
    return _with_side(phrase, sides[0] if sides else "")


def _with_side(phrase: Phrase, side: str) -> Spoken:
    pair = f"{phrase.channel}Left" in INDEX
    if pair and side:
        return Spoken((phrase.channel + side,), phrase.score, "", phrase.approximate)
    if pair:
        both = (f"{phrase.channel}Left", f"{phrase.channel}Right")
        return Spoken(both, phrase.score, "", phrase.approximate)
    if not side:
        return Spoken((phrase.channel,), phrase.score, "", phrase.approximate)
    if phrase.channel in HALVED:
        return Spoken((phrase.channel,), phrase.score, side, phrase.approximate)
    return Spoken(refusal=f"names a side, and {phrase.channel} has none")


def _direction(rest: frozenset[str], word: str, side: str) -> Spoken | None:
    """The jaw or the mouth going to a side; a short "L" needs a word of motion."""
    for part, names in (("jaw", {"jaw"}), ("mouth", {"mouth"}), ("mouth", {"lip"})):
        if rest == names | {"slide"}:
            return Spoken((part + side,), 0.95)
        if rest == names and part in names:
            if word in FULL_SIDE_WORDS:
                return Spoken((part + side,), 0.9)
            return Spoken(refusal=f"may be {part}{side} or something on one side of the {part}")
    return None


def _gaze(same: tuple[str, ...]) -> Spoken:
    """Eyes that look somewhere. After "look" comes the way; the other side is the eye's."""
    if not set(same) <= {"eye", "look", *_WAYS, *SIDE_WORDS} or same.count("look") != 1:
        return Spoken(refusal="") if len(same) > 5 else Spoken()
    after = same.index("look") + 1
    way = same[after] if after < len(same) else ""
    others = [word for i, word in enumerate(same) if i != after and word in SIDE_WORDS]
    if way in SIDE_WORDS and way not in FULL_SIDE_WORDS and not others:
        return Spoken(refusal="does not say where the eye looks")
    if not way or (way not in _WAYS and way not in SIDE_WORDS) or len(others) > 1:
        return Spoken(refusal="does not say where the eye looks")
    known = {"eye", "look", way, *others}
    if set(same) - known:
        return Spoken(refusal="looks two ways")
    sides = [SIDE_WORDS[word] for word in others]
    if way in SIDE_WORDS:
        towards = SIDE_WORDS[way]
        if sides:
            inward = "Out" if towards == sides[0] else "In"
            return Spoken((f"eyeLook{inward}{sides[0]}",), 0.95)
        pair = (f"eyeLookOut{towards}", f"eyeLookIn{_OPPOSITE[towards]}")
        return Spoken(tuple(sorted(pair)), 0.85)
    phrase = BY_WORDS.get(frozenset({"eye", "look", way}))
    return _with_side(phrase, sides[0] if sides else "") if phrase else Spoken()


def _nearly(rest: frozenset[str]) -> Spoken:
    """Why words that hold a known phrase of two and more do not count."""
    held = [words for words in BY_WORDS if len(words) > 1 and words < rest]
    if not held:
        return Spoken()
    if rest & CORRECTIONS:
        return Spoken(refusal="mends or mixes other keys")
    extra = ", ".join(sorted(rest - max(held, key=len)))
    return Spoken(refusal=f"has more words than are known: {extra}")


def _number(word: str) -> str:
    return str(int(word)) if word.isdecimal() else word
