# SPDX-License-Identifier: GPL-3.0-or-later
"""What the chosen objects offer: which shape key takes which ARKit name, and what prevents it.

Nothing here changes a scene.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import bpy

from ..engine.core.arkit import COUNT, NAMES
from ..engine.core.errors import FacewrightError
from ..engine.retarget.names import match_names
from . import keyframes

# Statuses of one ARKit name on one mesh; those in WRITTEN get keys.
MAPPED, MISSING, DUPLICATE, MUTED = "mapped", "missing", "duplicate", "muted"
DRIVEN, LOCKED, WIDENED, CLIPPED = "driven", "locked", "widened", "clipped"
LEFT_OUT = "left-out"
WRITTEN = frozenset({MAPPED, MUTED, DUPLICATE, WIDENED, CLIPPED})


@dataclass(frozen=True)
class KeyEntry:
    """What becomes of one ARKit name on one mesh.

    Attributes:
        object: Name of the object.
        arkit: ARKit name.
        key: Name of the shape key, empty where there is none.
        status: One of the statuses of this file.
        reason: A sentence for the artist, empty where all is plain.
    """

    object: str
    arkit: str
    key: str
    status: str
    reason: str = ""


@dataclass
class KeyTarget:
    """One shape-key data-block to animate.

    Attributes:
        keys: The data-block.
        object: The object through which it was chosen.
        entries: ARKit name -> what becomes of it, in ARKit order.
    """

    keys: bpy.types.Key
    object: bpy.types.Object
    entries: dict[str, KeyEntry] = field(default_factory=dict)

    def written(self) -> list[tuple[str, str]]:
        """Pairs of ARKit name and shape key that get keyframes."""
        return [(e.arkit, e.key) for e in self.entries.values() if e.status in WRITTEN]


def key_path(key_name: str) -> str:
    """Data path of a shape key's value, from its ``Key`` data-block."""
    return f'key_blocks["{bpy.utils.escape_identifier(key_name)}"].value'


def find_targets(
    objects: Iterable[bpy.types.Object], onto_existing: bool = False
) -> tuple[list[KeyTarget], list[str]]:
    """Every shape-key data-block that the chosen objects lead to, matched to ARKit names.

    Args:
        objects: Meshes with shape keys; an armature or empty stands for the meshes below it.
        onto_existing: Whether keys will go onto existing actions, where locked curves count.

    Returns:
        The targets and warnings in plain sentences.

    Raises:
        FacewrightError: nothing chosen, no shape keys, none of the 52 names, absolute shape keys,
            or data that is linked and cannot be animated here.
    """
    chosen = list(objects)
    if not chosen:
        raise FacewrightError(
            "No object is chosen.", "Choose the mesh that has the face's shape keys.", "no-object"
        )
    warnings: list[str] = []
    meshes = _with_keys(chosen, warnings)
    if not meshes:
        names = ", ".join(f'"{ob.name}"' for ob in chosen)
        raise FacewrightError(
            f"{names} has no shape keys.",
            "Choose a mesh with shape keys named like ARKit's (jawOpen, eyeBlinkLeft, ...).",
            "no-shape-keys",
        )
    targets = [_match(ob, onto_existing) for ob in meshes]
    found = [target for target in targets if any(e.key for e in target.entries.values())]
    if not found:
        names = ", ".join(f'"{ob.name}"' for ob in meshes)
        raise FacewrightError(
            f"None of the {COUNT} ARKit names is among the shape keys of {names}.",
            "Rename the keys to ARKit's names (jawOpen, eyeBlinkLeft, ...) or choose another mesh.",
            "no-arkit-keys",
        )
    warnings += [
        f'"{target.object.name}" has shape keys, but none with an ARKit name.'
        for target in targets
        if target not in found
    ]
    for target in found:
        _require_editable(target)
        _require_relative(target)
    warnings += [
        f'"{target.object.name}" shows only its active shape key (the pin), so nothing moves.'
        for target in found
        if target.object.show_only_shape_key
    ]
    return found, warnings


def _with_keys(chosen: list[bpy.types.Object], warnings: list[str]) -> list[bpy.types.Object]:
    """One object for each shape-key data-block, in the order chosen."""
    meshes: dict[bpy.types.Key, bpy.types.Object] = {}
    for ob in chosen:
        below = [ob] if _keys_of(ob) else [c for c in ob.children_recursive if _keys_of(c)]
        if not below and len(chosen) > 1:
            warnings.append(f'"{ob.name}" has no shape keys and is left as it is.')
        for mesh_object in below:
            meshes.setdefault(_keys_of(mesh_object), mesh_object)
    return list(meshes.values())


def _keys_of(ob: bpy.types.Object) -> bpy.types.Key | None:
    """An object's shape keys, where it has at least one beside the base."""
    keys = getattr(ob.data, "shape_keys", None)
    return keys if keys and len(keys.key_blocks) > 1 else None


def _match(ob: bpy.types.Object, onto_existing: bool) -> KeyTarget:
    keys = _keys_of(ob)
    target = KeyTarget(keys, ob)
    base = keys.reference_key.name
    match = match_names(block.name for block in keys.key_blocks if block.name != base)
    driven = {d.data_path for d in keys.animation_data.drivers} if keys.animation_data else set()
    locked = (
        {curve.data_path for curve in keyframes.current_curves(keys) if keyframes.is_locked(curve)}
        if onto_existing
        else set()
    )
    for name in NAMES:
        key = match.keys.get(name, "")
        status, reason = MISSING, "The mesh has no shape key of this name."
        if key:
            status, reason = _status(keys.key_blocks[key], driven, locked)
            others = match.duplicates.get(name, ())
            if others and status == MAPPED:
                status = DUPLICATE
                listed = ", ".join(f'"{other}"' for other in others)
                reason = f'"{key}" is used; {listed} could stand for it as well.'
        target.entries[name] = KeyEntry(ob.name, name, key, status, reason)
    return target


def _status(block: bpy.types.ShapeKey, driven: set[str], locked: set[str]) -> tuple[str, str]:
    path = key_path(block.name)
    if path in driven:
        return DRIVEN, "A driver moves this key; keyframes would have no effect, so none are set."
    if block.lock_shape:
        return LOCKED, "The shape key is locked."
    if path in locked:
        return LOCKED, "The key's curve is locked in the existing action."
    if block.mute:
        return MUTED, "The key gets keyframes but is muted, so they do not show."
    return MAPPED, ""


def _require_editable(target: KeyTarget) -> None:
    keys, name = target.keys, target.object.name
    if not keys.is_editable:
        raise FacewrightError(
            f'The shape keys of "{name}" are linked from another file and cannot be animated here.',
            "Make a library override of the object with its mesh, or work in the file it is from.",
            "linked-data",
        )


def _require_relative(target: KeyTarget) -> None:
    if not target.keys.use_relative:
        raise FacewrightError(
            f'The shape keys of "{target.object.name}" are absolute: they follow each other in '
            "time and have no values to animate.",
            "Switch on Relative in the mesh's Shape Keys panel.",
            "absolute-keys",
        )
