# SPDX-License-Identifier: GPL-3.0-or-later
"""Two ways to say the same words, laid beside each other phone by phone."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from ..core.phones import VOWELS

NOTHING = ""
# What a pronunciation costs that is not the usual one, in natural logarithms.
_OTHER = 0.3
_GAP, _VOWELS, _CONSONANTS, _GLIDES, _STRANGERS = 0.8, 0.5, 1.2, 1.0, 3.0
_VOWEL_LIKE = frozenset("rwjl") | {"rr"}


@dataclass(frozen=True)
class Slot:
    """What may be said at one place of a word.

    Attributes:
        options: Cost (natural logarithm, 0 or more) by phone; ``NOTHING`` where it may be left out.
        stress: 0 none, 1 secondary, 2 primary; vowels alone have it.
        glide: The second half of a diphthong.
    """

    options: dict[str, float]
    stress: int = 0
    glide: bool = False

    @cached_property
    def main(self) -> str:
        """The usual phone."""
        return min(self.options, key=lambda phone: (self.options[phone], not phone))

    def plus(self, **costs: float) -> Slot:
        """With further phones, each at its cost or what it cost before; ``nothing`` may be one."""
        options = dict(self.options)
        for phone, cost in costs.items():
            phone = NOTHING if phone == "nothing" else phone
            options[phone] = min(cost, options.get(phone, cost))
        return Slot(options, self.stress, self.glide)


def merged(
    first: list[Slot], second: list[Slot]
) -> tuple[list[Slot], tuple[dict[int, int], dict[int, int]]]:
    """Both in one row; what differs is aligned at the least cost (Needleman and Wunsch 1970).

    Args:
        first, second: Pronunciations of the same text; what only the second has costs extra.

    Returns:
        The row, and for both pronunciations where each of their slots went.
    """
    row: list[Slot] = []
    placed: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for a, b in _pairs(first, second):
        for index, place in zip((a, b), placed, strict=True):
            if index is not None:
                place[index] = len(row)
        row.append(_union(None if a is None else first[a], None if b is None else second[b]))
    return row, placed


def _pairs(first: list[Slot], second: list[Slot]) -> list[tuple[int | None, int | None]]:
    """Indices that stand beside each other, in order; None beside what stands alone."""
    usual = [[slot.main for slot in row] for row in (first, second)]
    pairs: list[tuple[int | None, int | None]] = []
    # Nearly all is the same; only what differs is worth the search.
    for what, a, a_end, b, b_end in SequenceMatcher(None, *usual, False).get_opcodes():
        if what == "equal":
            pairs += zip(range(a, a_end), range(b, b_end), strict=True)
        else:
            found = _cheapest(first[a:a_end], second[b:b_end])
            pairs += [
                (None if i is None else a + i, None if j is None else b + j) for i, j in found
            ]
    return pairs


def _cheapest(first: list[Slot], second: list[Slot]) -> list[tuple[int | None, int | None]]:
    ways: dict[tuple[int, int], tuple[float, int, int]] = {(0, 0): (0.0, 0, 0)}
    for i in range(len(first) + 1):
        for j in range(len(second) + 1):
            found = []
            if i and j:
                both = ways[i - 1, j - 1][0] + _distance(first[i - 1], second[j - 1])
                found.append((both, i - 1, j - 1))
            if i:
                found.append((ways[i - 1, j][0] + _GAP, i - 1, j))
            if j:
                found.append((ways[i, j - 1][0] + _GAP, i, j - 1))
            if found:
                ways[i, j] = min(found, key=lambda way: way[0])
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(first), len(second)
    while i or j:
        _cost, before_i, before_j = ways[i, j]
        pairs.append((before_i if before_i < i else None, before_j if before_j < j else None))
        i, j = before_i, before_j
    return pairs[::-1]


def _union(first: Slot | None, second: Slot | None) -> Slot:
    if first is None:
        options = {phone: cost + _OTHER for phone, cost in second.options.items()}
        return Slot({NOTHING: 0.0, **options}, second.stress, second.glide)
    options = dict(first.options)
    for phone, cost in (second.options if second else {NOTHING: 0.0}).items():
        options[phone] = min(cost + _OTHER, options.get(phone, cost + _OTHER))
    stress = min(first.stress, second.stress) if second else first.stress
    return Slot(options, stress, first.glide)


def _distance(first: Slot, second: Slot) -> float:
    if first.options.keys() & second.options.keys() - {NOTHING}:
        return 0.0
    a, b = first.main, second.main
    vowels = (a in VOWELS) + (b in VOWELS)
    if vowels == 2:
        return _VOWELS
    if vowels == 0:
        return _CONSONANTS
    return _GLIDES if a in _VOWEL_LIKE or b in _VOWEL_LIKE else _STRANGERS
