# SPDX-License-Identifier: GPL-3.0-or-later
"""A control panel: an armature with a slider for each channel that drives the character's keys.

A slider is a bone that moves along its own Y axis from 0 to 1, which is the channel's weight. The
keys follow by drivers; captures then write keyframes on the sliders, where an artist edits them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack

import bpy
from mathutils import Vector

from ..engine.core.arkit import NAMES, mirror_name, region_of
from ..engine.core.errors import FacewrightError
from ..engine.retarget.mapping import BoneDrive, Mapping, Row
from ..engine.retarget.mapping_file import mapping_from_json, mapping_to_json
from ..engine.retarget.mixing import key_sources, partners
from .mapping_store import clear_mapping, mapping_owner, store_mapping
from .matching import match_character
from .meshes import meshes_with_keys
from .targets import key_path

# On the armature: that it is a panel, and the mapping that the character had before.
MARK, BEFORE = "facewright_control_panel", "facewright_mapping_before"
# The layout, in lengths of a slider: actor's right column, middle, actor's left.
_COLUMN, _LINE, _KNOB = 3.0, 0.36, 0.2
_REGION_GAP = 0.3


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

    Args:
        context: Gives the collection.
        objects: The character; the first keeps the mapping.
        size: Length of a slider in the scene's units; 0 takes a tenth of the character's height.

    Returns:
        The armature object, and warnings in plain sentences.

    Raises:
        FacewrightError: ``panel-exists``, ``no-arkit-keys``, ``linked-data``, or what matching
            raises; nothing changed.
    """
    if find_control_panel(objects):
        raise FacewrightError(
            "The character has a control panel already.", "Remove it first.", "panel-exists"
        )
    meshes = meshes_with_keys(objects)
    mapping = match_character(objects, meshes).mapping
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
    for ob in (*meshes, objects[0]):
        if not ob.is_editable or (ob in meshes and not ob.data.shape_keys.is_editable):
            raise FacewrightError(
                f'"{ob.name}" is linked from another file and cannot get drivers here.',
                "Make a library override of it, or work in the file it is from.",
                "linked-data",
            )
    warnings: list[str] = []
    with ExitStack() as undo:
        rig = _armature(context, objects[0], names, size or _size_of(meshes), undo)
        for ob, sources in driven.items():
            _drive(ob, sources, rig, mapping, warnings, undo)
        rig[BEFORE] = json.dumps(mapping_to_json(mapping)) if mapping_owner(objects) else ""
        rows = {
            name: Row((BoneDrive(name, "location", "Y", 1.0, 0.0, rig.name),)) for name in names
        }
        store_mapping(objects[0], Mapping(rows, "Control panel", "", {}, mapping.mirror))
        undo.pop_all()
    return rig, warnings


def remove_control_panel(objects: Sequence[bpy.types.Object]) -> str:
    """Take the panel and its drivers away; the mapping from before comes back.

    Returns:
        The panel's name. Its keyframes stay in the file, in its action.

    Raises:
        FacewrightError: ``no-panel``.
    """
    rig = find_control_panel(objects)
    if rig is None:
        raise FacewrightError("The character has no control panel.", "", "no-panel")
    name, owner, before = rig.name, mapping_owner(objects), rig.get(BEFORE, "")
    for ob in meshes_with_keys(objects):
        keys = ob.data.shape_keys
        for curve in list(keys.animation_data.drivers if keys.animation_data else ()):
            targets = [t.id for v in curve.driver.variables for t in v.targets]
            if rig in targets:
                keys.driver_remove(curve.data_path)
    clear_mapping(owner)
    if before:
        store_mapping(owner, mapping_from_json(json.loads(before)))
    if rig.animation_data and rig.animation_data.action:
        rig.animation_data.action.use_fake_user = True
    armature = rig.data
    for child in [child for child in rig.children if MARK in child]:
        mesh = child.data
        bpy.data.objects.remove(child)
        bpy.data.meshes.remove(mesh)
    bpy.data.objects.remove(rig)
    if not armature.users:
        bpy.data.armatures.remove(armature)
    return name


def _drive(
    ob: bpy.types.Object,
    sources: dict[str, dict[str, float]],
    rig: bpy.types.Object,
    mapping: Mapping,
    warnings: list[str],
    undo: ExitStack,
) -> None:
    """Drivers from the sliders to the keys of one mesh, by the mapping's weights and gains."""
    keys = ob.data.shape_keys
    taken = {d.data_path for d in keys.animation_data.drivers} if keys.animation_data else set()
    for key, weights in sources.items():
        path = key_path(key)
        if path in taken:
            warnings.append(f'The key "{key}" of "{ob.name}" has a driver already, which stays.')
            continue
        curve = keys.driver_add(path)
        undo.callback(keys.driver_remove, path)
        driver = curve.driver
        driver.type = "SCRIPTED"
        letters = {}
        for index, name in enumerate(weights):
            variable = driver.variables.new()
            variable.name, variable.type = f"v{index}", "TRANSFORMS"
            letters[name] = variable.name
            target = variable.targets[0]
            target.id, target.bone_target = rig, name
            target.transform_type, target.transform_space = "LOC_Y", "LOCAL_SPACE"
        gains = {name: _gain(mapping, name) * weight for name, weight in weights.items()}
        driver.expression = _expression(letters, gains)


def _gain(mapping: Mapping, name: str) -> float:
    return mapping.rows[name].gain * mapping.region_gains.get(region_of(name), 1.0)


def _expression(letters: dict[str, str], weights: dict[str, float]) -> str:
    """The sum; of partners the one that moves the key further (``engine.retarget.mixing``)."""
    terms = {name: f"{weight:.6g}*{letters[name]}" for name, weight in weights.items()}
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
    collection = ob.users_collection[0] if ob.users_collection else context.collection
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
