# SPDX-License-Identifier: GPL-3.0-or-later
"""What a character offers a face, line by line, for panels and for JSON. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import bpy

from ..engine.core.arkit import COUNT
from ..engine.retarget.mapping import Mapping
from .find_moves import find_moves
from .matching import match_character
from .meshes import meshes_with_keys
from .targets import MISSING, WRITTEN, KeyEntry, key_entries

# The status of a key that no channel moves.
UNUSED = "unused"


@dataclass(frozen=True)
class MatchReport:
    """What moves what.

    Attributes:
        mapping: The channels.
        how: ARKit name -> how it was found (``engine.retarget.match.result.ChannelMatch``);
            "chosen" where the artist's own mapping says so.
        entries: One for each channel on each of its targets, one for each channel without any,
            and one for each key that no channel moves.
        notes: Sentences about the character as a whole.
    """

    mapping: Mapping
    how: dict[str, str]
    entries: list[KeyEntry]
    notes: list[str]

    @property
    def mapped(self) -> int:
        """How many of the 52 channels move something."""
        return len({entry.arkit for entry in self.entries if entry.status in WRITTEN})

    def summary(self) -> str:
        """One line: how many channels of which status, each counted by its best target."""
        best: dict[str, str] = {}
        for entry in self.entries:
            if entry.status != UNUSED and best.get(entry.arkit, MISSING) == MISSING:
                best[entry.arkit] = entry.status
        counts = Counter(best.values())
        words = [f"{count} {status}" for status, count in counts.most_common()]
        return f"{self.mapped} of {COUNT} channels move something: {', '.join(words)}"

    def to_wire(self) -> dict:
        """As a JSON object; ``map`` has ARKit name -> pairs of key and weight."""
        lines = [
            asdict(entry) | ({"how": self.how[entry.arkit]} if entry.arkit in self.how else {})
            for entry in self.entries
        ]
        return {
            "map": {
                name: [list(pair) for pair in keys] for name, keys in self.mapping.keys().items()
            },
            "mapped": self.mapped,
            "report": lines,
            "notes": self.notes,
        }


def report_match(objects: Sequence[bpy.types.Object]) -> MatchReport:
    """Says what moves what on a character, and what stands in the way.

    Args:
        objects: Meshes with shape keys, or armatures and empties above such meshes.

    Raises:
        FacewrightError: ``mapping-invalid``.
    """
    meshes = meshes_with_keys(objects)
    match = match_character(objects, meshes)
    by_mesh = [key_entries(ob, match) for ob in meshes]
    moves = find_moves(match.mapping, list(objects))
    found = [entry for entries in by_mesh for entry in entries if entry.key] + moves.entries
    there = {entry.arkit for entry in found}
    names = dict.fromkeys(entry.arkit for entries in by_mesh for entry in entries)
    missing = [
        KeyEntry("", name, "", MISSING, "No shape key of the character does this.")
        for name in names
        if name not in there
    ]
    order = {name: i for i, name in enumerate(names)}
    entries = sorted([*found, *missing], key=lambda entry: order.get(entry.arkit, 0))
    used = {entry.key for entry in found}
    unused = {
        block.name: ob.name
        for ob in meshes
        for block in ob.data.shape_keys.key_blocks
        if block.name not in used and block != ob.data.shape_keys.reference_key
    }
    entries += [
        KeyEntry(owner, "", key, UNUSED, "No channel moves this key.")
        for key, owner in unused.items()
    ]
    if match.found:
        how = {name: channel.how for name, channel in match.found.channels.items()}
        return MatchReport(match.mapping, how, entries, [*match.found.notes, *match.notes])
    return MatchReport(match.mapping, dict.fromkeys(match.mapping.rows, "chosen"), entries, [])
