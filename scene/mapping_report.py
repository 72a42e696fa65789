# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a mapping, channel by channel, as the panel shows it. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..engine.core.arkit import COUNT, NAMES, region_of
from ..engine.retarget.mapping import Mapping, Row
from .bone_channels import Moves
from .double_motion import leave_out_doubled
from .find_moves import find_moves
from .mapping_store import stored_mapping
from .match_report import UNUSED, report_match
from .matching import find_match
from .meshes import meshes_with_keys
from .targets import APPROXIMATE, DUPLICATE, MAPPED, MISSING, MUTED, WRITTEN, KeyEntry, KeyTarget

# Beyond the range of the key's slider; of the range that the take itself goes to, the report of
# the keys tells.
BEYOND = "beyond"
# What a channel is where its targets differ: the first of these that any of them is.
_WORST = (BEYOND, DUPLICATE, MUTED, APPROXIMATE, MAPPED)
_STEPS = 65


@dataclass(frozen=True)
class ReportLine:
    """A channel, or something else worth saying.

    Attributes:
        arkit: The channel; empty for a remark about the whole character.
        status: One of ``targets`` or ``BEYOND``.
        text: What it moves, and the reason.
    """

    arkit: str
    status: str
    text: str


@dataclass(frozen=True)
class MappingReport:
    """What the panel shows.

    Attributes:
        lines: One a channel, in ARKit order.
        notes: Sentences about the character as a whole.
        unused: Keys that no channel moves.
    """

    lines: list[ReportLine]
    notes: list[str]
    unused: list[str]

    def count(self, status: str) -> int:
        """How many channels have a status."""
        return sum(line.status == status for line in self.lines)

    def summary(self) -> str:
        """E.g. "49 of 52 mapped (1 muted), 2 approximate, 1 missing"."""
        remarks = ((DUPLICATE, "duplicate"), (MUTED, "muted"), (BEYOND, "beyond the slider"))
        plain = (MAPPED, *(status for status, _ in remarks))
        mapped = sum(self.count(status) for status in plain)
        words = [f"{n} {label}" for status, label in remarks if (n := self.count(status))]
        first = f"{mapped} of {COUNT} mapped" + (f" ({', '.join(words)})" if words else "")
        others = dict.fromkeys(line.status for line in self.lines if line.status not in plain)
        return ", ".join([first, *(f"{self.count(status)} {status}" for status in others)])


def report_mapping(objects: Sequence[bpy.types.Object]) -> MappingReport:
    """Says of each channel what it moves, or why it doesn't.

    Args:
        objects: Meshes with shape keys, or armatures and empties above such meshes.

    Raises:
        FacewrightError: ``mapping-invalid``.
    """
    found = report_match(objects)
    meshes = meshes_with_keys(objects)
    # What is soloed is no matter of the mapping.
    mapping = stored_mapping([*objects, *meshes], soloed=False) or found.mapping
    doubles = _duplicates(mapping, meshes)
    moves = find_moves(mapping, list(objects))
    entries = [entry for entry in found.entries if entry.status != UNUSED]
    if moves.bones:
        entries = _without_doubled(entries, meshes, moves)
    by_name: dict[str, list[KeyEntry]] = {name: [] for name in NAMES}
    for entry in entries:
        if entry.arkit in by_name:
            entry = _judge_range(entry, mapping)
            if entry.status == MAPPED and entry.arkit in doubles:
                entry = replace(entry, status=DUPLICATE, reason=doubles[entry.arkit])
            by_name[entry.arkit].append(entry)
    lines = [_line(name, entries, mapping.rows.get(name)) for name, entries in by_name.items()]
    unused = [entry.key for entry in found.entries if entry.status == UNUSED]
    return MappingReport(lines, [*found.notes, *moves.warnings], unused)


def _line(name: str, entries: list[KeyEntry], row: Row | None) -> ReportLine:
    there = [entry for entry in entries if entry.status != MISSING]
    written = [entry for entry in there if entry.status in WRITTEN or entry.status == BEYOND]
    if not there:
        reason = next((entry.reason for entry in entries), "Nothing is chosen for it.")
        wanted = " + ".join(dict.fromkeys(entry.key for entry in entries if entry.key))
        return ReportLine(name, MISSING, f"{wanted}: {reason}" if wanted else reason)
    status = there[0].status
    if written:
        statuses = {entry.status for entry in written}
        status = next(found for found in _WORST if found in statuses)
    if row is not None and row.mute:
        status = MUTED
    moved = " + ".join(dict.fromkeys(_named(entry) for entry in there))
    reasons = [entry.reason for entry in there if entry.reason]
    if row is not None and row.mute:
        reasons.insert(0, "The channel is muted.")
    if row is not None and row.note and status in (MAPPED, APPROXIMATE):
        reasons.append(row.note)
    return ReportLine(name, status, " ".join([f"{moved}.", *dict.fromkeys(reasons)]))


def _named(entry: KeyEntry) -> str:
    return f"{entry.key} x {entry.weight:g}" if entry.weight != 1 else entry.key


def _judge_range(entry: KeyEntry, mapping: Mapping) -> KeyEntry:
    """A shape key that the mapping itself takes beyond its slider, for weights 0 to 1."""
    row, ob = mapping.rows.get(entry.arkit), bpy.data.objects.get(entry.object)
    keys = getattr(ob.data, "shape_keys", None) if ob else None
    block = keys.key_blocks.get(entry.key) if keys else None
    if row is None or block is None or entry.status not in (MAPPED, APPROXIMATE):
        return entry
    gain = mapping.region_gains.get(region_of(entry.arkit), 1.0)
    row = replace(row, gain=row.gain * gain)
    values = entry.weight * row.respond(np.linspace(0, 1, _STEPS))
    low, high = float(values.min()), float(values.max())
    if low >= block.slider_min - 1e-5 and high <= block.slider_max + 1e-5:
        return entry
    reason = (
        f"It goes from {low:.2f} to {high:.2f}, the key's slider from {block.slider_min:.2f} to "
        f"{block.slider_max:.2f}."
    )
    return replace(entry, status=BEYOND, reason=f"{entry.reason} {reason}".strip())


def _without_doubled(
    entries: list[KeyEntry], meshes: Sequence[bpy.types.Object], moves: Moves
) -> list[KeyEntry]:
    """The entries, those marked as left out whose work a bone does already."""
    out = []
    for ob in meshes:
        on_it = [
            e for e in entries if e.object == ob.name and e.key in ob.data.shape_keys.key_blocks
        ]
        target = KeyTarget(ob.data.shape_keys, ob, moves.mapping, on_it)
        leave_out_doubled([target], moves)
        out += target.entries
    known = {(entry.object, entry.arkit, entry.key) for entry in out}
    return out + [e for e in entries if (e.object, e.arkit, e.key) not in known]


def _duplicates(mapping: Mapping, meshes: Sequence[bpy.types.Object]) -> dict[str, str]:
    """ARKit name -> a sentence, where several keys could stand for it and the artist chose none."""
    if not meshes:
        return {}
    said = {}
    for name, channel in find_match(meshes).channels.items():
        row = mapping.rows.get(name)
        if channel.duplicates and row is not None and row.drives == channel.drives:
            others = ", ".join(f'"{key}"' for key in channel.duplicates)
            said[name] = f"{others} could stand for it as well."
    return said
