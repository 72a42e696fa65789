# SPDX-License-Identifier: GPL-3.0-or-later
"""A control panel: an armature with a slider for each channel that drives the character's keys.

A slider is a bone that moves along its own Y axis from 0 to 1, which is the channel's weight. The
keys follow by drivers; captures then write keyframes on the sliders, where an artist edits them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

import bpy
import numpy as np
from mathutils import Vector

from ..engine.core.arkit import INDEX, NAMES, mirror_name, region_of
from ..engine.core.errors import FacewrightError
from ..engine.retarget.mapping import BoneDrive, Drive, KeyDrive, Mapping, Row
from ..engine.retarget.mapping_file import mapping_from_json, mapping_to_json
from ..engine.retarget.mixing import key_sources, partners
from . import keyframes
from .mapping_store import clear_mapping, mapping_owner, store_mapping, stored_mapping
from .matching import match_character
from .meshes import meshes_with_keys
from .targets import key_path

# On the armature: that it is a panel. On the object that keeps the mapping: the one from before,
# empty where there was none.
MARK, BEFORE = "facewright_control_panel", "facewright_mapping_before"
# Blender cuts a driver's expression off beyond this many letters.
_LONGEST_EXPRESSION = 250
# The layout, in lengths of a slider: actor's right column, middle, actor's left.
_COLUMN, _LINE, _KNOB = 3.0, 0.36, 0.2
_REGION_GAP = 0.3
# Weights at which a response is looked at for its range.
_STEPS = 65


def has_control_panel(objects: Sequence[bpy.types.Object]) -> bool:
    """Whether a character's mapping is that of a panel, even of one that was deleted."""
    owner = mapping_owner(objects)
    return owner is not None and BEFORE in owner


def find_control_panel(objects: Sequence[bpy.types.Object]) -> bpy.types.Object | None:
    """The panel that moves a character, if it has one."""
    owner = mapping_owner(objects)
    if owner is None:
        return None
    for row in owner.facewright_mapping.rows:
        for drive in row.drives:
            if drive.object and MARK in drive.object:
                return drive.object
    return None


def add_control_panel(
    context: bpy.types.Context, objects: Sequence[bpy.types.Object], size: float = 0.0
) -> tuple[bpy.types.Object, list[str]]:
    """Give a character a panel of sliders; it pushes no undo step: the operator does.

    A slider holds its channel after the mapping's gain, curve and limits; the keys follow it by the
    mapping's weights. What else the mapping moves goes on following captures.

    Args:
        context: Gives the collection.
        objects: The character; what keeps its mapping keeps the panel's, else the first.
        size: Length of a slider in the scene's units; 0 takes a tenth of the character's height.

    Returns:
        The armature object, and warnings in plain sentences.

    Raises:
        FacewrightError: ``panel-exists``, ``panel-fit``, ``no-arkit-keys``, ``linked-data``, or
            what matching raises; nothing changed.
    """
    if has_control_panel(objects):
        raise FacewrightError(
            "The character has a control panel already.", "Remove it first.", "panel-exists"
        )
    meshes = meshes_with_keys(objects)
    owner = mapping_owner([*objects, *meshes])
    kept = stored_mapping([owner], soloed=False) if owner else None
    mapping = kept or match_character(objects, meshes).mapping
    owner = owner or objects[0]
    if mapping.fit is not None:
        raise FacewrightError(
            "The character's keys follow by least squares, which drivers cannot compute.",
            "Match anew in the Mapping panel, then add the control panel.",
            "panel-fit",
        )
    driven = {
        ob: key_sources(mapping, ob.name, ob.data.shape_keys.key_blocks.keys()) for ob in meshes
    }
    names = [name for name in NAMES if any(name in s for d in driven.values() for s in d.values())]
    if not names:
        raise FacewrightError(
            "No shape key of the character follows an ARKit channel, so there is nothing to "
            "control.",
            "Match the character in the Mapping panel, or make its shapes first.",
            "no-arkit-keys",
        )
    _require_editable(meshes, owner)
    warnings = _hidden_animation(meshes)
    if mapping.moves_other_than_keys:
        warnings.append("Bones and properties of the mapping follow captures, but not the sliders.")
    with ExitStack() as undo:
        rig = _armature(context, objects[0], names, size or _size_of(meshes), undo)
        _limit_sliders(rig, mapping)
        for ob, sources in driven.items():
            _drive(ob, sources, rig, warnings, undo)
        rows = {
            name: replace(row, drives=_without_keys(name, row, rig))
            for name, row in mapping.rows.items()
        }
        store_mapping(owner, replace(mapping, rows=rows, name="Control panel"))
        owner[BEFORE] = json.dumps(mapping_to_json(kept)) if kept else ""
        undo.pop_all()
    return rig, warnings


def remove_control_panel(objects: Sequence[bpy.types.Object]) -> str:
    """Take the panel and its drivers away; the mapping from before comes back.

    A panel that another character uses, too, stays; one that was deleted by hand is tidied up.

    Returns:
        A sentence on what was done. Keyframes of the sliders stay in the file, in their actions.

    Raises:
        FacewrightError: ``no-panel``.
    """
    if not has_control_panel(objects):
        raise FacewrightError("The character has no control panel.", "", "no-panel")
    owner, rig = mapping_owner(objects), find_control_panel(objects)
    ours = {ob.data.shape_keys for ob in meshes_with_keys([owner, *objects])}
    for keys in ours:
        _remove_drivers(keys, rig)
    before = owner[BEFORE]
    del owner[BEFORE]
    clear_mapping(owner)
    if before:
        store_mapping(owner, mapping_from_json(json.loads(before)))
    if rig is None:
        return "The panel was gone already; its drivers were removed"
    if any(_drivers(keys, rig) for keys in bpy.data.shape_keys if keys not in ours):
        return f'"{rig.name}" stays, because another character uses it'
    name, kept = rig.name, _keep_actions(rig)
    _delete(rig)
    return f'"{name}" removed' + (f"; its keyframes stay in {', '.join(kept)}" if kept else "")


def _without_keys(name: str, row: Row, rig: bpy.types.Object) -> tuple[Drive, ...]:
    """What a channel moves while there is a panel: its slider instead of its keys."""
    others = tuple(drive for drive in row.drives if not isinstance(drive, KeyDrive))
    if name not in rig.pose.bones:
        return others
    return (BoneDrive(name, "location", "Y", 1.0, 0.0, rig.name), *others)


def _require_editable(meshes: Sequence[bpy.types.Object], owner: bpy.types.Object) -> None:
    linked = [ob for ob in meshes if not ob.data.shape_keys.is_editable]
    if linked:
        raise FacewrightError(
            f'The shape keys of "{linked[0].name}" are linked from another file and can get no '
            "drivers here.",
            "Make its mesh local, or add the panel in the file it is from.",
            "linked-data",
        )
    if not owner.is_editable:
        raise FacewrightError(
            f'"{owner.name}" is linked from another file and can keep no mapping here.',
            "Make a library override of it, or work in the file it is from.",
            "linked-data",
        )


def _hidden_animation(meshes: Sequence[bpy.types.Object]) -> list[str]:
    """A sentence for each animation that drivers will keep from showing."""
    found = []
    for ob in meshes:
        action = keyframes.current_action(ob.data.shape_keys)
        if action:
            found.append(
                f'The keyframes of "{ob.name}" in "{action.name}" do not show while sliders drive '
                "its keys; they stay. Write the take again to have it on the sliders."
            )
    return found


def _limit_sliders(rig: bpy.types.Object, mapping: Mapping) -> None:
    """A slider goes from 0 to 1, or as far as the mapping's response takes its channel."""
    channels = mapping.respond(np.linspace(0, 1, _STEPS)[:, None] * np.ones(len(NAMES)))
    for bone in rig.pose.bones:
        values = channels[:, INDEX[bone.name]]
        limit = bone.constraints[0]
        limit.min_y, limit.max_y = min(0.0, values.min()), max(1.0, values.max())


def _drivers(keys: bpy.types.Key, rig: bpy.types.Object | None) -> list[bpy.types.FCurve]:
    """The drivers that follow a panel's sliders; where it is gone, those that follow nothing."""
    found = []
    for curve in keys.animation_data.drivers if keys.animation_data else ():
        targets = [t for variable in curve.driver.variables for t in variable.targets]
        if targets and all(t.id == rig and t.bone_target in INDEX for t in targets):
            found.append(curve)
    return found


def _remove_drivers(keys: bpy.types.Key, rig: bpy.types.Object | None) -> None:
    for path in [curve.data_path for curve in _drivers(keys, rig)]:
        keys.driver_remove(path)


def _keep_actions(rig: bpy.types.Object) -> list[str]:
    """Keeps every action of a panel in the file; their names."""
    data = rig.animation_data
    if data is None:
        return []
    actions = [data.action, *(s.action for track in data.nla_tracks for s in track.strips)]
    actions = list(dict.fromkeys(action for action in actions if action))
    for action in actions:
        action.use_fake_user = True
    return [f'"{action.name}"' for action in actions]


def _delete(rig: bpy.types.Object) -> None:
    armature = rig.data
    for child in [child for child in rig.children if MARK in child]:
        mesh = child.data
        bpy.data.objects.remove(child)
        bpy.data.meshes.remove(mesh)
    bpy.data.objects.remove(rig)
    if not armature.users:
        bpy.data.armatures.remove(armature)


def _drive(
    ob: bpy.types.Object,
    sources: dict[str, dict[str, float]],
    rig: bpy.types.Object,
    warnings: list[str],
    undo: ExitStack,
) -> None:
    """Drivers from the sliders to the keys of one mesh, by the mapping's weights."""
    keys = ob.data.shape_keys
    taken = {d.data_path for d in keys.animation_data.drivers} if keys.animation_data else set()
    for key, weights in sources.items():
        path = key_path(key)
        if path in taken:
            warnings.append(f'The key "{key}" of "{ob.name}" has a driver already, which stays.')
            continue
        letters = {name: f"v{index}" for index, name in enumerate(weights)}
        expression = _expression(letters, weights)
        if len(expression) > _LONGEST_EXPRESSION:
            warnings.append(
                f'The key "{key}" of "{ob.name}" follows {len(weights)} channels, too many for a '
                "driver, so it follows none of the sliders."
            )
            continue
        curve = keys.driver_add(path)
        undo.callback(keys.driver_remove, path)
        driver = curve.driver
        driver.type = "SCRIPTED"
        for name, letter in letters.items():
            variable = driver.variables.new()
            variable.name, variable.type = letter, "TRANSFORMS"
            target = variable.targets[0]
            target.id, target.bone_target = rig, name
            target.transform_type, target.transform_space = "LOC_Y", "LOCAL_SPACE"
        driver.expression = expression


def _expression(letters: dict[str, str], weights: dict[str, float]) -> str:
    """The sum; of partners the one that moves the key further (``engine.retarget.mixing``)."""
    terms = {name: f"{weight:.4g}*{letters[name]}" for name, weight in weights.items()}
    for name, other in partners(weights):
        a, b = terms[name], terms.pop(other)
        signs = {weights[name] >= 0, weights[other] >= 0}
        if len(signs) == 1:
            terms[name] = f"{'max' if True in signs else 'min'}({a},{b})"
        else:
            terms[name] = f"({a} if abs({a})>=abs({b}) else {b})"
    return "+".join(terms.values())


def _armature(
    context: bpy.types.Context,
    ob: bpy.types.Object,
    names: list[str],
    size: float,
    undo: ExitStack,
) -> bpy.types.Object:
    name = f"{ob.name} Controls"
    data = bpy.data.armatures.new(name)
    undo.callback(bpy.data.armatures.remove, data)
    rig = bpy.data.objects.new(name, data)
    undo.callback(_forget, rig)
    rig[MARK] = True
    collection = _visible_collection(context, ob)
    collection.objects.link(rig)
    places = _layout(names)
    corner = _beside(ob)
    rig.location = (corner[0] + size, corner[1], corner[2])
    rig.scale = (size,) * 3
    active, mode = context.view_layer.objects.active, None
    if active and active.mode != "OBJECT":
        mode = active.mode
        bpy.ops.object.mode_set(mode="OBJECT")
    context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for bone_name, (x, z) in places.items():
        bone = data.edit_bones.new(bone_name)
        # Sideways, so that a slider goes to the right; a bone's Y is its length.
        bone.head, bone.tail = (x, 0, z), (x + _KNOB, 0, z)
        bone.align_roll((0, -1, 0))
    bpy.ops.object.mode_set(mode="OBJECT")
    context.view_layer.objects.active = active
    if mode:
        bpy.ops.object.mode_set(mode=mode)
    knob = _knob()
    for bone in rig.pose.bones:
        bone.lock_location, bone.lock_rotation = (True, False, True), (True, True, True)
        bone.lock_rotation_w, bone.lock_scale = True, (True, True, True)
        bone.custom_shape = knob
        limit = bone.constraints.new("LIMIT_LOCATION")
        limit.owner_space, limit.use_transform_limit = "LOCAL", True
        limit.use_min_y = limit.use_max_y = True
        limit.min_y, limit.max_y = 0.0, 1.0
    _tracks(collection, rig, places)
    data.show_names = True
    return rig


def _visible_collection(context: bpy.types.Context, ob: bpy.types.Object) -> bpy.types.Collection:
    """The character's collection, where the view layer shows it; else the scene's own."""
    waiting, shown = [context.view_layer.layer_collection], set()
    while waiting:
        layer = waiting.pop()
        if not layer.exclude:
            shown.add(layer.collection)
            waiting.extend(layer.children)
    return next((c for c in ob.users_collection if c in shown), context.scene.collection)


def _layout(names: list[str]) -> dict[str, tuple[float, float]]:
    """Where each slider begins: the actor's right is the viewer's left, as when facing somebody."""
    places: dict[str, tuple[float, float]] = {}
    z, region = 0.0, ""
    for name in names:
        other = mirror_name(name)
        if name in places:
            continue
        if region and region_of(name) != region:
            z -= _REGION_GAP
        region = region_of(name)
        if other != name and other in names:
            right, left = (other, name) if name.endswith("Left") else (name, other)
            places[right], places[left] = (0.0, z), (2 * _COLUMN, z)
        else:
            places[name] = (_COLUMN, z)
        z -= _LINE
    return places


def _tracks(
    collection: bpy.types.Collection,
    rig: bpy.types.Object,
    places: dict[str, tuple[float, float]],
) -> None:
    """A line from 0 to 1 below each handle, all of them one mesh that is not in the way."""
    name = f"{rig.name} Tracks"
    points, edges = [], []
    for x, z in places.values():
        first = len(points)
        middle = x + _KNOB / 2
        for at in (middle, middle + 1):
            points += [(at, 0, z - _KNOB / 3), (at, 0, z + _KNOB / 3), (at, 0, z)]
        edges += [(first, first + 1), (first + 3, first + 4), (first + 2, first + 5)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, edges, [])
    tracks = bpy.data.objects.new(name, mesh)
    tracks[MARK] = True
    collection.objects.link(tracks)
    tracks.parent = rig
    tracks.hide_select = tracks.hide_render = True


def _knob() -> bpy.types.Object:
    """The shape of a slider's handle; shared, in no scene."""
    name = "Facewright Knob"
    knob = bpy.data.objects.get(name)
    if knob is None:
        mesh = bpy.data.meshes.new(name)
        corners = [(0.5, 0.5, 0), (0, 1.0, 0), (-0.5, 0.5, 0), (0, 0.0, 0)]
        mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
        knob = bpy.data.objects.new(name, mesh)
    return knob


def _size_of(meshes: Sequence[bpy.types.Object]) -> float:
    corners = [ob.matrix_world @ Vector(c) for ob in meshes for c in ob.bound_box]
    return max(max(c.z for c in corners) - min(c.z for c in corners), 1e-3) / 10


def _beside(ob: bpy.types.Object) -> tuple[float, float, float]:
    corners = [ob.matrix_world @ Vector(c) for c in ob.bound_box]
    return (
        max(c.x for c in corners),
        min(c.y for c in corners),
        max(c.z for c in corners),
    )


def _forget(rig: bpy.types.Object) -> None:
    for child in list(rig.children):
        bpy.data.objects.remove(child)
    bpy.data.objects.remove(rig)
