# SPDX-License-Identifier: GPL-3.0-or-later
"""What names alone say about a character's keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...core.arkit import NAMES

# The note of a row whose key is its partner's as well.
ONE_KEY = "One key moves both sides."


@dataclass(frozen=True)
class Candidate:
    """A shape key and its value when the channel is at 1."""

    key: str
    weight: float = 1.0


@dataclass(frozen=True)
class NamedRow:
    """What names say about one ARKit channel.

    Attributes:
        arkit: Its name.
        candidates: The shape keys that together make the movement.
        how: "exact" (ARKit's own name), "spelling" (ARKit's name written otherwise), "family"
            (a shipped profile knows the key), "words" (the words of the key's name say it).
        approximate: A likeness, not the same movement.
        note: A sentence for the artist.
        duplicates: Further keys whose names say the same.
        family: Identifier of the profile, with "family".
    """

    arkit: str
    candidates: tuple[Candidate, ...]
    how: str
    approximate: bool = False
    note: str = ""
    duplicates: tuple[str, ...] = ()
    family: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the candidates."""
        return tuple(candidate.key for candidate in self.candidates)


@dataclass(frozen=True)
class NamedMatch:
    """What names say about a character.

    Attributes:
        rows: ARKit name -> row, in ARKit order; channels without a key are left out.
        left_over: Keys that no channel moves and that are nobody's duplicate, in the rig's order.
        families: Identifiers of the profiles that were recognised, the best first.
        refused: Left-over key -> why its words decide nothing, where they nearly do.
    """

    rows: dict[str, NamedRow] = field(default_factory=dict)
    left_over: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)


def in_order(rows: dict[str, NamedRow]) -> dict[str, NamedRow]:
    """The same rows in ARKit's order."""
    return {name: rows[name] for name in NAMES if name in rows}


def left_over(names: tuple[str, ...], rows: dict[str, NamedRow]) -> tuple[str, ...]:
    """The names that no row has as a candidate or as a duplicate."""
    used = {key for row in rows.values() for key in (*row.keys, *row.duplicates)}
    return tuple(name for name in names if name not in used)


def unused_duplicates(rows: dict[str, NamedRow]) -> dict[str, NamedRow]:
    """The rows with each duplicate once, and none that moves something itself."""
    used = {key for row in rows.values() for key in row.keys}
    return {
        name: replace(
            row, duplicates=tuple(key for key in dict.fromkeys(row.duplicates) if key not in used)
        )
        for name, row in rows.items()
    }
