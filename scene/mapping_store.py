# SPDX-License-Identifier: GPL-3.0-or-later
"""A character keeps its mapping on one of its objects, as properties that an artist can edit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import bpy

from ..engine.core.arkit import NAMES, REGIONS
from ..engine.core.errors import FacewrightError
from ..engine.retarget.fit_file import fit_from_json, fit_to_json
from ..engine.retarget.mapping import (
    BoneDrive,
    Drive,
    KeyDrive,
    Mapping,
    PropertyDrive,
    Row,
    invalid,
)
from ..engine.retarget.poses import poses_from_json, poses_to_json

_ROW_NUMBERS = ("gain", "offset", "invert", "low", "high", "mute", "approximate", "note")


def mapping_owner(objects: Iterable[bpy.types.Object]) -> bpy.types.Object | None:
    """The first of the objects, or of what they hang below, that keeps a mapping."""
    for ob in objects:
        above: bpy.types.Object | None = ob
        while above is not None:
            if keeps_mapping(above):
                return above
            above = above.parent
    return None


def keeps_mapping(ob: bpy.types.Object) -> bool:
    """Whether this very object keeps a mapping."""
    # Without the add-on, in a script of its own, no object has one.
    kept = getattr(ob, "facewright_mapping", None)
    return kept is not None and not kept.forgotten and bool(kept.rows or kept.poses)


def mapping_revision(objects: Iterable[bpy.types.Object]) -> int:
    """A number that changes when an artist edits the mapping; -1 where none is kept."""
    owner = mapping_owner(objects)
    return owner.facewright_mapping.revision if owner else -1


def stored_mapping(objects: Iterable[bpy.types.Object], *, soloed: bool = True) -> Mapping | None:
    """The mapping that a character keeps; None where it keeps none.

    Channels whose row is as if there were none are left out.

    Args:
        objects: Of the character.
        soloed: Mute all but the channel that is soloed, if one is.

    Raises:
        FacewrightError: ``mapping-invalid``.
    """
    owner = mapping_owner(objects)
    if owner is None:
        return None
    kept = owner.facewright_mapping
    try:
        poses = poses_from_json(json.loads(kept.poses)) if kept.poses else {}
    except ValueError as error:
        raise invalid(f'the poses of "{owner.name}" are damaged') from error
    try:
        fit = fit_from_json(json.loads(kept.fit)) if kept.fit else None
    except ValueError as error:
        raise invalid(f'the fit of "{owner.name}" is damaged') from error
    gains = {region: _plain(getattr(kept.gains, region)) for region in REGIONS}
    rows = {row.name: _row(row) for row in kept.rows}
    if soloed and kept.solo in NAMES:
        rows = {name: replace(rows.get(name, Row()), mute=name != kept.solo) for name in NAMES}
    return Mapping(
        {name: row for name, row in rows.items() if row != Row()},
        kept.title,
        kept.notes,
        {region: gain for region, gain in gains.items() if gain != 1},
        kept.mirror,
        poses,
        kept.poses_object.name if kept.poses_object else "",
        fit,
    )


def store_mapping(ob: bpy.types.Object, mapping: Mapping) -> list[str]:
    """Keep a mapping on an object; it pushes no undo step: the operator does.

    Args:
        ob: The object that the artist chooses as the character.
        mapping: What to keep. All channels get a row, so that they can be edited. A bone or
            property of an object that is not in the file is left out, for its name would move
            something of this character; the row's note tells it.

    Returns:
        Sentences about what was left out.

    Raises:
        FacewrightError: ``linked-data``.
    """
    if not ob.is_editable:
        raise FacewrightError(
            f'"{ob.name}" is linked from another file and can keep no mapping here.',
            "Make a library override of it, or work in the file it is from.",
            "linked-data",
        )
    kept = ob.facewright_mapping
    clear_mapping(ob)
    kept.title, kept.notes, kept.mirror = mapping.name, mapping.notes, mapping.mirror
    kept.forgotten = False
    told = []
    for name in NAMES:
        # On a library override the library's items stay whatever happens, so they are used again.
        item = kept.rows.get(name) or kept.rows.add()
        item.name = name
        row, left_out = _without_strangers(mapping.rows.get(name, Row()))
        told += [f"{name}: {sentence}" for sentence in left_out]
        _store_row(item, row)
    for region, gain in mapping.region_gains.items():
        setattr(kept.gains, region, gain)
    if mapping.poses:
        kept.poses = json.dumps(poses_to_json(mapping.poses), ensure_ascii=False)
    kept.poses_object = bpy.data.objects.get(mapping.poses_object)
    if mapping.fit is not None:
        kept.fit = json.dumps(fit_to_json(mapping.fit), ensure_ascii=False)
    return told


def clear_mapping(ob: bpy.types.Object) -> None:
    """Forget an object's mapping: its keys are matched anew each time."""
    kept = ob.facewright_mapping
    kept.rows.clear()
    # Unsetting is no change that a library override would keep; so the defaults are set.
    for name in ("title", "notes", "poses", "fit", "solo"):
        setattr(kept, name, "")
    kept.mirror, kept.active, kept.poses_object = False, 0, None
    for region in REGIONS:
        setattr(kept.gains, region, 1.0)
    kept.forgotten = bool(kept.rows)
    kept.revision += 1


def curve_to_text(points: Iterable[tuple[float, float]]) -> str:
    """A response's points as a property keeps them: ``"0 0; 0.5 0.8; 1 1"``."""
    return "; ".join(f"{x:.9g} {y:.9g}" for x, y in points)


def curve_from_text(text: str) -> tuple[tuple[float, float], ...]:
    """The inverse of ``curve_to_text``; FacewrightError ``mapping-invalid`` where it is damaged."""
    try:
        pairs = [tuple(map(float, point.split())) for point in text.split(";") if point.strip()]
        return tuple((x, y) for x, y in pairs)
    except ValueError as error:
        raise invalid("a response curve is damaged") from error


def _row(item) -> Row:
    values = {field: _plain(getattr(item, field)) for field in _ROW_NUMBERS}
    drives = tuple(_drive(drive) for drive in item.drives if drive.target)
    return Row(drives, curve=curve_from_text(item.curve), **values)


def _drive(item) -> Drive:
    owner = item.object.name if item.object else ""
    weight, rest = _plain(item.weight), _plain(item.rest)
    if item.kind == "KEY":
        return KeyDrive(item.target, weight, owner)
    if item.kind == "BONE":
        return BoneDrive(item.target, item.transform, item.axis, weight, rest, owner)
    return PropertyDrive(item.target, weight, rest, owner)


def _plain(value):
    """Blender keeps 0.1 as 0.100000001; seven digits are what a person has typed."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _without_strangers(row: Row) -> tuple[Row, list[str]]:
    """A row without bones and properties of objects that are not there, and sentences on them."""
    drives, told = [], []
    for drive in row.drives:
        if isinstance(drive, KeyDrive) or not drive.object or drive.object in bpy.data.objects:
            drives.append(drive)
            continue
        what = f'bone "{drive.bone}"' if isinstance(drive, BoneDrive) else drive.path
        told.append(f'Without {what}: there is no object "{drive.object}".')
    if not told:
        return row, []
    note = " ".join(dict.fromkeys((*filter(None, (row.note,)), *told)))
    return replace(row, drives=tuple(drives), note=note), told


def _store_row(item, row: Row) -> None:
    for field in _ROW_NUMBERS:
        setattr(item, field, getattr(row, field))
    item.curve = curve_to_text(row.curve)
    item.drives.clear()
    left = list(item.drives)
    for drive in row.drives:
        _store_drive(left.pop(0) if left else item.drives.add(), drive)
    for unused in left:
        unused.target = ""


def _store_drive(item, drive: Drive) -> None:
    item.object = bpy.data.objects.get(drive.object)
    if isinstance(drive, KeyDrive):
        item.kind, item.target, item.weight = "KEY", drive.key, drive.weight
        return
    item.weight, item.rest = drive.amount, drive.rest
    if isinstance(drive, BoneDrive):
        item.kind, item.target = "BONE", drive.bone
        item.transform, item.axis = drive.transform, drive.axis
    else:
        item.kind, item.target = "PROPERTY", drive.path
