# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a rig's shape keys is which of the 52 ARKit names.

Matching is exact on a normalised spelling, never a guess. The table of spellings is built from
``spelling.SIDES`` and the ARKit names; ``match/by_name.py`` knows more ways and whole families.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..core.arkit import NAMES
from .match.spelling import spellings


@dataclass(frozen=True)
class NameMatch:
    """The result of matching one list of shape keys.

    Attributes:
        keys: ARKit name -> the shape key that stands for it.
        duplicates: ARKit name -> further shape keys that could stand for it as well.
    """

    keys: dict[str, str]
    duplicates: dict[str, tuple[str, ...]]


def _table() -> dict[str, tuple[str, int]]:
    """Lower-case spelling -> (ARKit name, rank); rank 0 is the ARKit spelling itself."""
    table: dict[str, tuple[str, int]] = {}
    for name in NAMES:
        for rank, spelling in enumerate(spellings(name)):
            key = spelling.lower()
            if key in table:
                raise AssertionError(f"{spelling} stands for {table[key][0]} and {name}")
            table[key] = (name, rank)
    return table


_SPELLINGS = _table()


def match_names(shape_keys: Iterable[str]) -> NameMatch:
    """Matches shape keys to ARKit names.

    Args:
        shape_keys: Names of shape keys in the rig's order, each once.

    Returns:
        The best key per ARKit name: the exact ARKit spelling before another case of it, before
        an abbreviated side; between equals the rig's order decides.
    """
    candidates: dict[str, list[tuple[int, int, str]]] = {}
    for position, key in enumerate(shape_keys):
        found = _SPELLINGS.get(key.lower())
        if found is not None:
            name, rank = found
            exactness = -1 if key == name else rank
            candidates.setdefault(name, []).append((exactness, position, key))
    ranked = {name: [key for *_, key in sorted(candidates[name])] for name in candidates}
    return NameMatch(
        keys={name: ranked[name][0] for name in NAMES if name in ranked},
        duplicates={
            name: tuple(ranked[name][1:]) for name in NAMES if len(ranked.get(name, ())) > 1
        },
    )
