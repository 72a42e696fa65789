# SPDX-License-Identifier: GPL-3.0-or-later
"""The head that ships with Facewright, made from ``assets/facewright_head.npz``.

Frame of reference: metres; the head looks along -y, z is up, +x is the actor's left; the origin
is where the head turns on the neck.
"""

from __future__ import annotations

import bpy
import numpy as np

from ..engine.retarget.head_asset import ASSETS, HeadAsset, load_asset
from . import head_materials


def create_head(context: bpy.types.Context, name: str = "Facewright Head") -> bpy.types.Object:
    """Add the head, with its 52 shape keys at 0, and its armature to the active collection.

    Args:
        context: gives the collection.
        name: of the mesh object; the armature is called ``<name> Rig``.

    Returns:
        The mesh object. Its parent is the armature object (bones ``neck`` and ``head``).

    Raises:
        FacewrightError: the asset file is missing or damaged.
    """
    asset = load_asset()
    mesh = _mesh(asset, name)
    head = bpy.data.objects.new(name, mesh)
    _shape_keys(head, asset)
    rig = _armature(context, asset, f"{name} Rig")
    context.collection.objects.link(head)
    _bind(head, rig, asset)
    return head


def _mesh(asset: HeadAsset, name: str) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(asset.vertices))
    mesh.vertices.foreach_set("co", asset.vertices.ravel())
    mesh.loops.add(len(asset.face_vertices))
    mesh.loops.foreach_set("vertex_index", asset.face_vertices)
    mesh.polygons.add(len(asset.face_sizes))
    starts = np.concatenate([[0], np.cumsum(asset.face_sizes)[:-1]]).astype(np.int32)
    mesh.polygons.foreach_set("loop_start", starts)
    mesh.polygons.foreach_set("material_index", asset.face_materials)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(starts), bool))
    layer = mesh.uv_layers.new(name="UVMap", do_init=False)
    layer.uv.foreach_set("vector", asset.uvs.ravel())
    for material in head_materials.create(asset.material_names, ASSETS):
        mesh.materials.append(material)
    mesh.update(calc_edges=True)
    mesh.validate()
    return mesh


def _shape_keys(head: bpy.types.Object, asset: HeadAsset) -> None:
    head.shape_key_add(name="Basis", from_mix=False)
    for name, delta in asset.deltas.items():
        key = head.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (asset.vertices + delta).ravel())
        key.value = 0.0  # Blender 5 gives a new key the value 1


def _armature(context: bpy.types.Context, asset: HeadAsset, name: str) -> bpy.types.Object:
    armature = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, armature)
    context.collection.objects.link(rig)
    rig.show_in_front = True
    armature.display_type = "STICK"  # solid bones would hide the face
    before = context.view_layer.objects.active
    context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    parent = None
    for bone_name, (start, end) in asset.bones.items():
        bone = armature.edit_bones.new(bone_name)
        bone.head, bone.tail = start.tolist(), end.tolist()
        # Roll so that the bone's z axis looks forward: x is then the same as the head's.
        bone.align_roll((0.0, -1.0, 0.0))
        bone.parent = parent
        bone.use_connect = parent is not None
        parent = bone
    bpy.ops.object.mode_set(mode="OBJECT")
    context.view_layer.objects.active = before
    return rig


def _bind(head: bpy.types.Object, rig: bpy.types.Object, asset: HeadAsset) -> None:
    for bone, weights in (("neck", asset.neck_weights), ("head", 1 - asset.neck_weights)):
        group = head.vertex_groups.new(name=bone)
        # One call for each of 64 weight steps instead of one for each vertex.
        steps = np.round(weights * 64).astype(int)
        for step in np.unique(steps[steps > 0]):
            group.add(np.flatnonzero(steps == step).tolist(), step / 64, "REPLACE")
    for part, (first, end) in asset.parts.items():
        head.vertex_groups.new(name=part).add(list(range(first, end)), 1.0, "REPLACE")
    head.parent = rig
    modifier = head.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig
    subdivision = head.modifiers.new("Subdivision", "SUBSURF")
    subdivision.levels = subdivision.render_levels = 1
    subdivision.show_viewport = False
