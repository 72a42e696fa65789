# SPDX-License-Identifier: GPL-3.0-or-later
"""A character without shapes gets the 52: its meshes to the worker, the shapes back as keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np

from ..engine.core.arkit import NAMES
from ..engine.core.errors import FacewrightError
from ..engine.core.mesh_file import MeshArrays, read_shapes, write_meshes
from ..engine.core.requests import ShapesRequest
from ..engine.retarget.axes import character_to_local
from ..engine.retarget.transfer.amounts import DEFAULT
from .key_shapes import coordinates
from .sent_mesh import SentMesh

# What happens to keys of these names that a mesh has already.
EXISTING = ("KEEP", "REPLACE")


@dataclass(frozen=True)
class ShapesSettings:
    """How shapes are made.

    Attributes:
        facing: Where the character looks in the world: "-Y", "+Y", "-X" or "+X".
        landmarks: Landmark -> place in the world; they count more than the guess.
        guess: Have the landmark network look at the head.
        symmetric: Make the shapes mirror images of each other where the mesh is symmetric.
        existing: One of ``EXISTING``.
        roles: Object name -> what it is (``retarget.transfer.request.ROLES``), where names and
            shapes would be misread.
        names: ARKit names to make; empty is all of them.
        device: "auto", "cpu" or "cuda".
        amounts: How strong the shapes are (``retarget.transfer.amounts.AMOUNTS``).
    """

    facing: str = "-Y"
    landmarks: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    guess: bool = True
    symmetric: bool = False
    existing: str = "KEEP"
    roles: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    device: str = "auto"
    amounts: str = DEFAULT


@dataclass
class KeysMade:
    """What was added to the character.

    Attributes:
        made: Object -> names of the keys that were added or replaced.
        kept: Object -> names of the keys that were there and stay as they are.
    """

    made: dict[str, list[str]] = field(default_factory=dict)
    kept: dict[str, list[str]] = field(default_factory=dict)


def shape_meshes(chosen: Sequence[bpy.types.Object]) -> list[bpy.types.Object]:
    """The meshes of a character: those chosen, and those below chosen armatures and empties.

    Raises:
        FacewrightError: ``no-object``, ``no-mesh``, ``linked-data``, ``edit-mode``,
            ``mirror-modifier``, ``mesh-flat``, ``absolute-keys``.
    """
    if not chosen:
        raise FacewrightError("No object is chosen.", "Choose the head's mesh.", "no-object")
    found: dict[bpy.types.Mesh, bpy.types.Object] = {}
    for ob in chosen:
        below = [ob] if ob.type == "MESH" else ob.children_recursive
        for mesh_object in below:
            if mesh_object.type == "MESH" and len(mesh_object.data.polygons):
                found.setdefault(mesh_object.data, mesh_object)
    meshes = list(found.values())
    if not meshes:
        raise FacewrightError(
            f'"{chosen[0].name}" is no mesh with faces and has none below it.',
            "Choose the head's mesh.",
            "no-mesh",
        )
    for ob in meshes:
        if not ob.data.is_editable:
            raise FacewrightError(
                f'The mesh of "{ob.name}" is linked from another file; no shape keys can be added.',
                "Make it local, or make the shapes in the file it is from.",
                "linked-data",
            )
        _require_no_edit_mode(ob)
        if abs(np.linalg.det(np.array(ob.matrix_world)[:3, :3])) < 1e-30:
            raise FacewrightError(
                f'"{ob.name}" is flat: a scale of it, or of what it hangs below, is 0.',
                "Give it a scale that is nowhere 0.",
                "mesh-flat",
            )
        keys = ob.data.shape_keys
        if keys and not keys.use_relative:
            raise FacewrightError(
                f'The shape keys of "{ob.name}" are absolute.',
                "Switch on Relative in the mesh's Shape Keys panel.",
                "absolute-keys",
            )
    # Clothes may well be mirrored halves; a face may not.
    largest = max(meshes, key=lambda ob: len(ob.data.polygons))
    if (mirror := _mirror_of_half(largest)) is not None:
        raise FacewrightError(
            f'"{largest.name}" is half a mesh; its modifier "{mirror.name}" shows the other half.',
            "Apply it first: mirrored, the left side's shapes would move the right side, too.",
            "mirror-modifier",
        )
    return meshes


def prepare_request(
    meshes: Sequence[bpy.types.Object],
    settings: ShapesSettings,
    folder: Path,
    *,
    only_landmarks: bool = False,
) -> ShapesRequest:
    """Write the meshes for the worker.

    Args:
        meshes: See ``shape_meshes``.
        settings: How.
        folder: A temporary folder; the worker writes its shapes there, too.
        only_landmarks: Have the landmarks told and nothing made.

    Raises:
        FacewrightError: ``scratch-unwritable``.
    """
    turn = _to_character(settings.facing)
    arrays = []
    for ob in meshes:
        mesh, matrix = ob.data, np.array(ob.matrix_world)
        sizes = np.empty(len(mesh.polygons), np.int32)
        mesh.polygons.foreach_get("loop_total", sizes)
        corners = np.empty(len(mesh.loops), np.int32)
        mesh.loops.foreach_get("vertex_index", corners)
        world = _rest(mesh).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        if np.linalg.det(matrix[:3, :3]) < 0:  # mirrored: faces would look inwards
            corners = _turned_round(sizes, corners)
        role = settings.roles.get(ob.name, "auto")
        arrays.append(MeshArrays(ob.name, world @ turn.T, sizes, corners, role))
    write_meshes(folder / "meshes.npz", arrays)
    landmarks = {
        name: tuple((turn @ np.array(place, np.float64)).tolist())
        for name, place in settings.landmarks.items()
    }
    return ShapesRequest(
        str(folder / "meshes.npz"),
        str(folder / "shapes.npz"),
        landmarks,
        settings.guess,
        settings.symmetric,
        only_landmarks,
        tuple(settings.names),
        settings.device,
        settings.amounts,
    )


def landmarks_in_world(
    report: Mapping[str, Mapping[str, Sequence[float]]], settings: ShapesSettings
) -> dict[str, tuple[float, float, float]]:
    """The landmarks of the worker's report, in the world's axes."""
    turn = _to_character(settings.facing).T
    return {
        name: tuple((turn @ np.array(place, np.float64)).tolist())
        for name, place in report["landmarks"].items()
    }


def add_shapes(sent: Sequence[SentMesh], shapes: Path, settings: ShapesSettings) -> KeysMade:
    """Add what the worker has made as shape keys; all of them or, on a failure, none.

    Args:
        sent: The meshes as they were given to ``prepare_request``; what was renamed or turned
            since gets its shapes all the same, what was deleted is left out.
        shapes: The worker's file.
        settings: How.

    Raises:
        FacewrightError: ``mesh-changed`` where a mesh has other vertices by now, ``edit-mode``.
    """
    found = read_shapes(shapes)
    turn = _to_character(settings.facing)
    result = KeysMade()
    still_there = [(mesh, ob) for mesh in sent if (ob := mesh.object()) is not None]
    for mesh, ob in still_there:
        # Leaving Edit Mode would write over what is added meanwhile.
        _require_no_edit_mode(ob)
        for delta in found.get(mesh.name, {}).values():
            if len(delta) != len(ob.data.vertices):
                raise FacewrightError(
                    f'"{ob.name}" was edited while its shapes were made.',
                    "Try again.",
                    "mesh-changed",
                )
    with ExitStack() as undo:
        for mesh, ob in still_there:
            to_local = np.linalg.inv(mesh.matrix[:3, :3]) @ turn.T
            keys = found.get(mesh.name, {})
            for name in (name for name in NAMES if name in keys):
                _add_key(ob, name, keys[name] @ to_local.T, settings.existing, result, undo)
        undo.pop_all()
    return result


def _add_key(
    ob: bpy.types.Object,
    name: str,
    delta: np.ndarray,
    existing: str,
    result: KeysMade,
    undo: ExitStack,
) -> None:
    keys = ob.data.shape_keys
    if keys is None:
        ob.shape_key_add(name="Basis", from_mix=False)
        undo.callback(ob.shape_key_clear)
        keys = ob.data.shape_keys
    block = keys.key_blocks.get(name)
    if block is not None and existing == "KEEP":
        result.kept.setdefault(ob.name, []).append(name)
        return
    if block is None:
        block = ob.shape_key_add(name=name, from_mix=False)
        undo.callback(ob.shape_key_remove, block)
    else:
        before = coordinates(block)
        undo.callback(block.data.foreach_set, "co", before.ravel())
    block.relative_key = keys.reference_key
    block.value = 0.0  # Blender 5 gives a new key the value 1
    points = coordinates(keys.reference_key) + delta.astype(np.float32)
    block.data.foreach_set("co", np.ascontiguousarray(points).ravel())
    ob.data.update()
    result.made.setdefault(ob.name, []).append(name)


def _require_no_edit_mode(ob: bpy.types.Object) -> None:
    if ob.data.is_editmode:
        raise FacewrightError(
            f'"{ob.name}" is in Edit Mode.', "Leave Edit Mode, then try again.", "edit-mode"
        )


def _mirror_of_half(ob: bpy.types.Object) -> bpy.types.Modifier | None:
    """The modifier that makes a whole of a mesh that lies on one side of its plane."""
    for modifier in ob.modifiers:
        if modifier.type != "MIRROR" or not modifier.show_viewport:
            continue
        points = _rest(ob.data).astype(np.float64)
        if about := modifier.mirror_object:
            matrix = np.array(about.matrix_world.inverted_safe() @ ob.matrix_world)
            points = points @ matrix[:3, :3].T + matrix[:3, 3]
        for axis in np.flatnonzero(modifier.use_axis):
            along = points[:, axis]
            if min(along.max(), -along.min()) < 1e-3 * np.abs(along).max():
                return modifier
    return None


def _rest(mesh: bpy.types.Mesh) -> np.ndarray:
    """float32 (N, 3): the mesh as its base key has it."""
    if mesh.shape_keys:
        return coordinates(mesh.shape_keys.reference_key)
    points = np.empty((len(mesh.vertices), 3), np.float32)
    mesh.vertices.foreach_get("co", points.ravel())
    return points


def _to_character(facing: str) -> np.ndarray:
    """float64 (3, 3): from the world's axes to those of a character that looks along -y."""
    return character_to_local(np.array([0.0, 0.0, 1.0]), facing).T


def _turned_round(sizes: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The corners of each polygon in the other order."""
    ends = np.cumsum(sizes)
    face = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(corners)) - (ends - sizes)[face]
    return corners[ends[face] - 1 - place]
