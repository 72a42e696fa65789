# SPDX-License-Identifier: GPL-3.0-or-later
"""What a character's values were before a live preview, kept on the character itself.

An undo step, an autosave or a crash copy that is made during a preview holds the preview's values.
So the values from before travel with the data-block, as a custom property, and whoever finds one
on a data-block that nobody previews puts them back.
"""

from __future__ import annotations

import json

import bpy

PROPERTY = "facewright_before_preview"


def remember(block: bpy.types.ID, values: dict[str, list[float]]) -> None:
    """Keep values by data path on a data-block, unless it keeps some already."""
    if PROPERTY not in block:
        block[PROPERTY] = json.dumps(values)


def is_previewed(block: bpy.types.ID) -> bool:
    """Whether a data-block keeps values from before a preview."""
    return PROPERTY in block


def restore(block: bpy.types.ID) -> None:
    """Put back the values that a data-block keeps, and keep them no longer."""
    if PROPERTY not in block:
        return
    values = json.loads(block[PROPERTY])
    del block[PROPERTY]
    for path, numbers in values.items():
        try:
            owner, name = resolve(block, path)
            setattr(owner, name, numbers if len(numbers) > 1 else numbers[0])
        except (AttributeError, KeyError, ValueError):
            continue  # renamed or removed since
    block.update_tag()


def restore_all() -> None:
    """Put back every value of this file that a preview has left behind."""
    for collection in (bpy.data.shape_keys, bpy.data.objects):
        for block in collection:
            restore(block)


def read(block: bpy.types.ID, path: str) -> list[float]:
    """The numbers of a property by its data path."""
    owner, name = resolve(block, path)
    value = getattr(owner, name)
    return list(value) if hasattr(value, "__len__") else [value]


def resolve(block: bpy.types.ID, path: str) -> tuple[bpy.types.bpy_struct, str]:
    """The owner of a property and its name."""
    owner, dot, name = path.rpartition(".")
    return (block.path_resolve(owner) if dot else block), name
