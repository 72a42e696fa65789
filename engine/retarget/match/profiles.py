# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped profiles as tables of names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..mapping import KeyDrive, Mapping
from ..mapping_file import read_mapping, shipped_profiles
from .aliases import ALIASES
from .spelling import canonical, cuts

# From this part of likenesses on, a profile speaks another language than ARKit.
_LIKENESS = 0.3
# Below this many letters a name is compared as it is: "v_o" and "vo" may be two keys.
_SHORT = 4


@dataclass(frozen=True)
class Profile:
    """A family of rigs.

    Attributes:
        identifier: Name of its file without the ending.
        mapping: The file.
        keys: All keys of its rows, each once.
        is_likeness: Many of its rows are likenesses: it knows other movements than ARKit does.
    """

    identifier: str
    mapping: Mapping
    keys: tuple[str, ...]
    is_likeness: bool

    def find(self, rig: RigNames) -> dict[str, tuple[str, ...]]:
        """The rig's keys for each of this profile's: the nearest spelling first, then the rest."""
        aliases = ALIASES.get(self.identifier, {})
        found = {}
        for key in self.keys:
            hits = [hit for form in (key, *aliases.get(key, ())) for hit in rig.find(form)]
            if hits:
                found[key] = tuple(dict.fromkeys(hits))
        return found


class RigNames:
    """A rig's keys, to be found by a family's spelling of them."""

    def __init__(self, names: Sequence[str]) -> None:
        # One table a way of comparing, from strict to loose.
        self._tables: tuple[dict[str, list[str]], ...] = ({}, {}, {})
        for name in names:
            for table, forms in zip(self._tables, _forms(name), strict=True):
                for form in forms:
                    hits = table.setdefault(form, [])
                    if name not in hits:
                        hits.append(name)

    def find(self, key: str) -> list[str]:
        """The keys that are this one, by the strictest comparison that finds any."""
        for table, forms in zip(self._tables, _forms(key), strict=True):
            hits = [name for form in forms for name in table.get(form, ())]
            if hits:
                return sorted(dict.fromkeys(hits), key=lambda name: name != key)
        return []


@lru_cache(maxsize=8192)
def _forms(name: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    whole = cuts(name)
    folded = tuple(dict.fromkeys(unicodedata.normalize("NFKC", cut).casefold() for cut in whole))
    loose = tuple(dict.fromkeys(canonical(cut) for cut in whole))
    return whole, folded, tuple(form for form in loose if len(form) >= _SHORT)


@lru_cache(maxsize=1)
def profiles() -> tuple[Profile, ...]:
    """All shipped profiles, by identifier.

    Raises:
        FacewrightError: a shipped file is damaged.
    """
    return tuple(
        _profile(identifier, read_mapping(path)) for identifier, path in shipped_profiles().items()
    )


def _profile(identifier: str, mapping: Mapping) -> Profile:
    keys = dict.fromkeys(
        drive.key
        for row in mapping.rows.values()
        for drive in row.drives
        if isinstance(drive, KeyDrive)
    )
    likenesses = sum(row.approximate for row in mapping.rows.values())
    return Profile(identifier, mapping, tuple(keys), likenesses > _LIKENESS * len(mapping.rows))
