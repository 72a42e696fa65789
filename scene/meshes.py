# SPDX-License-Identifier: GPL-3.0-or-later
"""The meshes with shape keys that chosen objects lead to."""

from __future__ import annotations

from collections.abc import Iterable

import bpy


def meshes_with_keys(
    chosen: Iterable[bpy.types.Object], warnings: list[str] | None = None
) -> list[bpy.types.Object]:
    """One object for each shape-key data-block, in the order chosen.

    Args:
        chosen: Meshes with shape keys; an armature or empty stands for the meshes below it.
        warnings: Gets a sentence for each object that has none.
    """
    chosen = list(chosen)
    meshes: dict[bpy.types.Key, bpy.types.Object] = {}
    for ob in chosen:
        below = [ob] if keys_of(ob) else [c for c in ob.children_recursive if keys_of(c)]
        if not below and len(chosen) > 1 and warnings is not None:
            warnings.append(f'"{ob.name}" has no shape keys and is left as it is.')
        for mesh_object in below:
            meshes.setdefault(keys_of(mesh_object), mesh_object)
    return list(meshes.values())


def keys_of(ob: bpy.types.Object) -> bpy.types.Key | None:
    """An object's shape keys, where it has at least one beside the base."""
    keys = getattr(ob.data, "shape_keys", None)
    return keys if keys and len(keys.key_blocks) > 1 else None
