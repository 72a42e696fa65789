# SPDX-License-Identifier: GPL-3.0-or-later
"""What a character's values were before a live preview, kept on the character itself.

An undo step, an autosave or a crash copy that is made during a preview holds the preview's values.
So the values from before travel with the data-block, as a custom property, and whoever finds one
on a data-block that nobody previews puts them back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import bpy

from .rna_paths import read_value, resolve, write_value

PROPERTY = "facewright_before_preview"


def remember(block: bpy.types.ID, paths: Iterable[str]) -> None:
    """Keep the values of some data paths on a data-block, unless it keeps some already."""
    if PROPERTY not in block:
        block[PROPERTY] = json.dumps([_entry(block, path) for path in paths])


def restore(block: bpy.types.ID) -> None:
    """Put back the values that a data-block keeps, and keep them no longer.

    What is animated takes the frame's value as soon as Blender evaluates the scene.
    """
    if PROPERTY not in block:
        return
    entries = json.loads(block[PROPERTY])
    del block[PROPERTY]
    for entry in entries:
        _put_back(block, **entry)
    block.update_tag()
    if block.animation_data:
        block.update_tag(refresh={"TIME"})


def restore_all() -> None:
    """Put back every value of this file that a preview has left behind."""
    for block in _all_blocks():
        restore(block)


def _all_blocks() -> Iterator[bpy.types.ID]:
    """Every data-block of the file; a mapping may move any of them."""
    for kind in bpy.data.bl_rna.properties:
        if kind.type != "COLLECTION":
            continue
        for block in getattr(bpy.data, kind.identifier):
            yield block
            if tree := getattr(block, "node_tree", None):
                yield tree


def _entry(block: bpy.types.ID, path: str) -> dict:
    """A property's numbers; of a shape key or bone, where that is among how many."""
    owner, name, _custom = resolve(block, path)
    entry = {"path": path, "values": read_value(block, path)}
    members, bracket, _ = path.partition("[")
    if bracket and members and owner != block:
        siblings = block.path_resolve(members)
        entry |= {"members": members, "at": siblings.find(owner.name), "of": len(siblings)}
    if name.startswith("rotation"):
        entry["mode"] = owner.rotation_mode
    return entry


def _put_back(
    block: bpy.types.ID,
    path: str,
    values: list[float],
    members: str = "",
    at: int = -1,
    of: int = 0,
    mode: str = "",
) -> None:
    try:
        owner, name, _custom = resolve(block, path)
    except ValueError:  # removed; or renamed, when as many are left
        siblings = _members(block, members)
        if len(siblings) != of or at < 0:
            return
        owner, name = siblings[at], path.rpartition(".")[2]
        setattr(owner, name, values if len(values) > 1 else values[0])
        return
    if mode and owner.rotation_mode != mode:  # Blender has turned the preview's values into others
        new_mode, owner.rotation_mode = owner.rotation_mode, mode
        setattr(owner, name, values)
        owner.rotation_mode = new_mode
    else:
        write_value(block, path, values)


def _members(block: bpy.types.ID, path: str) -> Sequence[bpy.types.bpy_struct]:
    try:
        return block.path_resolve(path) if path else ()
    except ValueError:
        return ()
