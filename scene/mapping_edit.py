# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist does to a character's mapping. The operators push the undo steps.

"Owner" is the object that keeps the mapping, "objects" are those that the artist chose.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.arkit import NAMES
from ..engine.core.errors import FacewrightError
from ..engine.retarget.mapping import Drive, KeyDrive, Mapping, Row
from ..engine.retarget.mapping_file import SUFFIX, read_mapping, shipped_profiles, write_mapping
from ..engine.retarget.match.profiles import RigNames
from ..engine.retarget.poses import Poses, poses_from_json, poses_to_json
from .armatures import armatures_of
from .mapping_store import (
    clear_mapping,
    keeps_mapping,
    mapping_owner,
    store_mapping,
    stored_mapping,
)
from .matching import match_character
from .meshes import meshes_with_keys


def owner_of(objects: Sequence[bpy.types.Object]) -> bpy.types.Object | None:
    """The object that keeps the mapping of the chosen objects, or None."""
    return mapping_owner([*objects, *meshes_with_keys(objects)])


def match_anew(objects: Sequence[bpy.types.Object], only_empty: bool = False) -> bpy.types.Object:
    """Matches a character and keeps what was found on it.

    Gains, responses, poses and everything else of a mapping that is kept already stays; what the
    channels move is replaced, a fit with it.

    Args:
        objects: What the artist chose, the first keeps the mapping if nothing keeps one yet.
        only_empty: Leave channels alone that move something already.

    Returns:
        The object that keeps it.

    Raises:
        FacewrightError: ``linked-data``, or the mapping that was kept is damaged.
    """
    owner = owner_of(objects) or objects[0]
    before = kept_by(owner)
    active = owner.facewright_mapping.active
    if before is not None:
        _require_editable(owner)
        clear_mapping(owner)
    try:
        found = match_character(objects, meshes_with_keys(objects)).mapping
    except BaseException:
        if before is not None:
            keep(owner, before, active)
        raise
    if before is not None:
        rows = {
            name: _rematched(before.rows.get(name, Row()), found.rows.get(name, Row()), only_empty)
            for name in NAMES
        }
        poses = before if before.poses else found
        found = replace(
            before,
            rows=rows,
            poses=poses.poses,
            poses_object=poses.poses_object,
            fit=before.fit if only_empty else None,
        )
    else:
        found = replace(found, name=owner.name)
    keep(owner, found, active)
    return owner


def _rematched(row: Row, found: Row, only_empty: bool) -> Row:
    if only_empty and row.drives:
        return row
    return replace(row, drives=found.drives, approximate=found.approximate, note=found.note)


def kept_by(owner: bpy.types.Object) -> Mapping | None:
    """The mapping that this very object keeps, as it is kept, whatever is soloed.

    Raises:
        FacewrightError: ``mapping-invalid``.
    """
    return stored_mapping([owner], soloed=False) if keeps_mapping(owner) else None


def keep(owner: bpy.types.Object, mapping: Mapping, active: int = 0) -> None:
    """Keep a mapping on an object, and the channel that is shown.

    Raises:
        FacewrightError: ``linked-data``.
    """
    store_mapping(owner, mapping)
    owner.facewright_mapping.active = active


def forget(objects: Sequence[bpy.types.Object]) -> str:
    """Back to the automatic match.

    Returns:
        Name of the object that kept the mapping; empty if none did.

    Raises:
        FacewrightError: ``linked-data``.
    """
    owner = owner_of(objects)
    if owner is None:
        return ""
    _require_editable(owner)
    clear_mapping(owner)
    return owner.name


def profile_files(user_folder: Path | None) -> dict[str, Path]:
    """Profiles to choose from: identifier -> file, the shipped ones first.

    Args:
        user_folder: Where the person's own are; their identifiers begin with ``user:``.
    """
    own = sorted(user_folder.glob(f"*{SUFFIX}")) if user_folder else []
    return shipped_profiles() | {f"user:{path.stem}": path for path in own}


def profile_labels(files: dict[str, Path]) -> dict[str, str]:
    """What the profiles are called; a damaged file by the name of its file."""
    labels = {}
    for identifier, path in files.items():
        try:
            labels[identifier] = read_mapping(path).name or path.stem
        except FacewrightError:
            labels[identifier] = path.stem
    return labels


def load_file(objects: Sequence[bpy.types.Object], path: Path) -> bpy.types.Object:
    """A mapping's file becomes the character's mapping.

    Raises:
        FacewrightError: ``mapping-unreadable``, ``mapping-invalid``, ``linked-data``.
    """
    mapping = read_mapping(path)
    owner = owner_of(objects) or objects[0]
    keep(owner, fit_to(mapping, objects))
    return owner


def save_file(objects: Sequence[bpy.types.Object], path: Path) -> None:
    """The character's mapping becomes a file.

    Raises:
        FacewrightError: ``no-mapping``, ``mapping-invalid``, ``mapping-unwritable``.
    """
    owner = owner_of(objects)
    if owner is None:
        raise FacewrightError(
            f'"{objects[0].name}" keeps no mapping to save.', "Match it first.", "no-mapping"
        )
    mapping = kept_by(owner)
    named = mapping if mapping.name else replace(mapping, name=path.stem)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_mapping(path, named)


def copy_from(objects: Sequence[bpy.types.Object], source: bpy.types.Object) -> bpy.types.Object:
    """Another character's mapping becomes this one's.

    What it names of the other character is looked for on this one.

    Raises:
        FacewrightError: ``no-mapping``, ``mapping-invalid``, ``linked-data``.
    """
    mapping = kept_by(source)
    if mapping is None:
        raise FacewrightError(
            f'"{source.name}" keeps no mapping.', "Choose another object.", "no-mapping"
        )
    theirs = {source, *armatures_of([source]), *meshes_with_keys([source])}
    owner = owner_of(objects) or objects[0]
    names = {ob.name for ob in theirs if ob not in _objects_of(objects)}
    keep(owner, fit_to(_without_objects(mapping, names), objects))
    return owner


def fit_to(mapping: Mapping, objects: Sequence[bpy.types.Object]) -> Mapping:
    """A mapping in this character's spelling of its keys; objects that are not there are left out.

    A key that the character has in no spelling stays as it is: the report says that it is missing.
    """
    names = [
        block.name
        for ob in meshes_with_keys(objects)
        for block in ob.data.shape_keys.key_blocks
        if block != ob.data.shape_keys.reference_key
    ]
    known, rig = set(names), RigNames(list(dict.fromkeys(names)))

    def fit(drive: Drive) -> Drive:
        if isinstance(drive, KeyDrive) and drive.key not in known and (hits := rig.find(drive.key)):
            return replace(drive, key=hits[0])
        return drive

    rows = {
        name: replace(row, drives=tuple(fit(drive) for drive in row.drives))
        for name, row in mapping.rows.items()
    }
    gone = {d.object for row in rows.values() for d in row.drives} | {mapping.poses_object}
    gone = {name for name in gone if name and name not in bpy.data.objects}
    return _without_objects(replace(mapping, rows=rows), gone)


def change_poses(owner: bpy.types.Object, poses: Poses) -> None:
    """Keep stored poses (``scene.pose_store``) in an object's mapping."""
    text = json.dumps(poses_to_json(poses), ensure_ascii=False) if poses else ""
    owner.facewright_mapping.poses = text


def poses_of(owner: bpy.types.Object) -> dict:
    """The stored poses that an object keeps.

    Raises:
        FacewrightError: ``mapping-invalid``.
    """
    text = owner.facewright_mapping.poses
    return poses_from_json(json.loads(text)) if text else {}


def _without_objects(mapping: Mapping, names: set[str]) -> Mapping:
    """The mapping whose targets are looked for on the character instead of on these objects."""

    def free(drive: Drive) -> Drive:
        return replace(drive, object="") if drive.object in names else drive

    rows = {
        name: replace(row, drives=tuple(dict.fromkeys(free(drive) for drive in row.drives)))
        for name, row in mapping.rows.items()
    }
    poses_object = "" if mapping.poses_object in names else mapping.poses_object
    return replace(mapping, rows=rows, poses_object=poses_object)


def _objects_of(objects: Sequence[bpy.types.Object]) -> set[bpy.types.Object]:
    return {*objects, *armatures_of(objects), *meshes_with_keys(objects)}


def _require_editable(owner: bpy.types.Object) -> None:
    if not owner.is_editable:
        raise FacewrightError(
            f'"{owner.name}" is linked from another file, so its mapping cannot be changed here.',
            "Make a library override of it, or work in the file it is from.",
            "linked-data",
        )
