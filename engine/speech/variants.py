# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do with the sounds of the dictionary when they speak.

Weak vowels, sounds left out, and sounds that become like their neighbour (Shockey, Sound Patterns
of Spoken English, 2003, names them for English; the others follow the same habits). The costs are
natural logarithms of how much rarer the variant is, set by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..core.phones import VOWELS
from .slots import NOTHING, Slot

# Languages whose unstressed vowels become weak.
_WEAK = frozenset(("en", "de", "nl", "pt", "ru", "da", "sv", "nb", "no", "ca", "bg", "cmn", "zh"))
# Vowels that accents confuse.
_NEAR = {
    "i": ("e",),
    "e": ("i", "eh"),
    "eh": ("e", "ae"),
    "ae": ("eh", "a"),
    "a": ("ae", "ah", "o"),
    "ah": ("a", "schwa"),
    "o": ("a", "u"),
    "u": ("o", "oe"),
    "oe": ("u", "eh"),
    "schwa": ("ah", "eh", "i"),
}
# Languages whose r many speak in the throat.
_THROAT_R = frozenset(("de", "fr", "nl", "pt", "da", "sv"))
_R = frozenset(("r", "rr"))
# What else English consonants become: the l of "all" a vowel, "going" ends in n, h is dropped.
_ENGLISH = {
    "h": {"nothing": 1.0},
    "l": {"o": 1.5, "u": 1.5, "nothing": 1.5},
    "th": {"t": 1.5, "f": 2.0, "nothing": 2.5},
    "k": {"n": 1.5, "nothing": 2.5},
    "n": {"k": 1.5, "nothing": 2.0},
    "j": {"nothing": 1.0},
    "w": {"u": 0.7},
    "f": {"nothing": 2.0},
}


def loosened(words: Sequence[Sequence[Slot]], base: str) -> list[list[Slot]]:
    """Words with their variants.

    Args:
        words: The slots of each word of a clause, in order.
        base: The language without its region.
    """
    flat = [slot for word in words for slot in word]
    ends = set()
    count = 0
    for word in words:
        count += len(word)
        ends.add(count - 1)
    loose = [
        _loose(
            slot,
            flat[i - 1] if i else None,
            flat[i + 1] if i + 1 < len(flat) else None,
            i in ends,
            base,
        )
        for i, slot in enumerate(flat)
    ]
    rows, at = [], 0
    for word in words:
        rows.append(loose[at : at + len(word)])
        at += len(word)
    return rows


def _loose(slot: Slot, before: Slot | None, after: Slot | None, last: bool, base: str) -> Slot:
    if slot.main in VOWELS:
        return _vowel(slot, base)
    return _consonant(
        slot, before.main if before else NOTHING, after.main if after else NOTHING, last, base
    )


def _vowel(slot: Slot, base: str) -> Slot:
    main = slot.main
    for near in _NEAR[main]:
        slot = slot.plus(**{near: 1.5 if slot.stress else 1.2})
    if main == "schwa":
        return slot.plus(nothing=0.7)
    if slot.glide:
        return slot.plus(nothing=0.5)
    if slot.stress < 2 and base in _WEAK:
        slot = slot.plus(schwa=0.6, i=1.5)
        if slot.stress == 0:
            slot = slot.plus(nothing=2.0)
    if base == "ja" and main in ("i", "u"):
        slot = slot.plus(nothing=1.0)
    return slot


def _consonant(slot: Slot, before: str, after: str, last: bool, base: str) -> Slot:
    main = slot.main
    # The same sound twice in a row is spoken once.
    if before == main:
        slot = slot.plus(nothing=0.3)
    # "in bed", "haben": the lips close for the sound that follows.
    if main == "n" and "p" in (after, before):
        slot = slot.plus(p=1.0)
    if base == "en":
        slot = _english(slot, before, after, last)
    elif main in ("t", "h") and (last or main == "h"):
        slot = slot.plus(nothing=1.5)
    if base in _THROAT_R and main in _R:
        slot = slot.plus(k=0.5, rr=0.5)
    if base in ("de", "nl", "da", "sv") and main in (*_R, "t") and before in VOWELS:
        # A final r becomes a vowel; espeak-ng writes German's as a tap.
        slot = slot.plus(ah=1.0, schwa=1.0, nothing=0.7)
    if base == "ja" and main == "h" and after == "a":
        slot = slot.plus(w=0.7)  # the particle は
    if main in _R:
        slot = slot.plus(r=1.0, rr=1.0)
    return slot


def _english(slot: Slot, before: str, after: str, last: bool) -> Slot:
    main = slot.main
    if main == "t":
        return _english_t(slot, before, after, last)
    if main == "r":
        slot = slot.plus(schwa=0.7)
        if after not in VOWELS or before in VOWELS:
            slot = slot.plus(nothing=1.0)
    elif (main == "l" and after in VOWELS) or (main == "f" and not last):
        return slot
    return slot.plus(**_ENGLISH.get(main, {}))


def _english_t(slot: Slot, before: str, after: str, last: bool) -> Slot:
    if after == "r":
        slot = slot.plus(ch=0.7)
    if after in ("j", "ch"):
        slot = slot.plus(ch=1.0, nothing=1.5)
    if before not in VOWELS:
        return slot.plus(nothing=0.7)  # "last night", "and"
    return slot.plus(nothing=1.2 if last else 2.5)
