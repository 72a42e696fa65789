# SPDX-License-Identifier: GPL-3.0-or-later
"""The head that ships with Facewright, made from ``assets/facewright_head.npz``.

Frame of reference: metres; the head looks along -y, z is up, +x is the actor's left; the origin
is where the head turns on the neck.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..engine.core.errors import FacewrightError
from . import head_materials

ASSETS = Path(__file__).resolve().parents[1] / "assets"
ASSET = ASSETS / "facewright_head.npz"


@dataclass(frozen=True)
class HeadAsset:
    """What the asset file holds.

    Attributes:
        vertices: (N, 3) float32, metres.
        face_sizes: (F,) corners of each polygon.
        face_vertices: (C,) vertex of each corner.
        face_materials: (F,) index into ``material_names``.
        uvs: (C, 2) float32.
        material_names: ``skin``, ``eye``...
        neck_weights: (N,) share of the neck bone; the head bone has the rest.
        bones: name -> (head, tail), each (3,) metres.
        parts: name -> (first, end) vertex.
        deltas: ARKit name -> (N, 3) float32 metres, in ARKit order.
    """

    vertices: np.ndarray
    face_sizes: np.ndarray
    face_vertices: np.ndarray
    face_materials: np.ndarray
    uvs: np.ndarray
    material_names: tuple[str, ...]
    neck_weights: np.ndarray
    bones: dict[str, tuple[np.ndarray, np.ndarray]]
    parts: dict[str, tuple[int, int]]
    deltas: dict[str, np.ndarray]


def load_asset(path: Path = ASSET) -> HeadAsset:
    """Read the asset file.

    Raises:
        FacewrightError: the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise FacewrightError(
            f"The head's file {path.name} cannot be read: {error}",
            hint="Install Facewright again.",
            code="head-asset",
        ) from error
    deltas: dict[str, np.ndarray] = {}
    first = 0
    for name, count in zip(data["key_names"], data["key_counts"], strict=True):
        dense = np.zeros_like(data["vertices"])
        end = first + int(count)
        dense[data["key_vertices"][first:end]] = (
            data["key_deltas_mm"][first:end].astype(np.float32) / 1000
        )
        deltas[str(name)] = dense
        first = end
    return HeadAsset(
        vertices=data["vertices"],
        face_sizes=data["face_sizes"].astype(np.int32),
        face_vertices=data["face_vertices"].astype(np.int32),
        face_materials=data["face_materials"].astype(np.int32),
        uvs=data["uvs"],
        material_names=tuple(str(n) for n in data["material_names"]),
        neck_weights=data["neck_weights"].astype(np.float32),
        bones={
            str(n): (p[0], p[1])
            for n, p in zip(data["bone_names"], data["bone_points"], strict=True)
        },
        parts={
            str(n): (int(r[0]), int(r[1]))
            for n, r in zip(data["part_names"], data["part_ranges"], strict=True)
        },
        deltas=deltas,
    )


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
