# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks as empties that an artist can move: one for each place on a face.

Each knows the mesh that it is for, by a pointer that renaming does not break, and the scene that
shows it; wherever an artist sorts it in, it is found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import bpy
import numpy as np
from mathutils import Matrix, Vector

COLLECTION = "Facewright Landmarks"
_PREFIX = "landmark "
_NAME, _MESH, _OURS = "facewright_landmark", "facewright_mesh", "facewright_landmarks"
# A landmark further outside the meshes' box than this share of its diagonal is none of theirs.
_FAR = 0.1

Place = tuple[float, float, float]


def show_landmarks(
    scene: bpy.types.Scene,
    places: Mapping[str, Place],
    size: float,
    mesh: bpy.types.Object | None = None,
) -> list[bpy.types.Object]:
    """Put an empty on each landmark; those of the same mesh that are there already are moved.

    Args:
        scene: Gets a collection of its own for them.
        places: Name -> place in the world.
        size: Size of an empty, in the scene's units.
        mesh: The mesh that they are for; None is any.
    """
    there = {
        empty[_NAME]: empty
        for empty in _empties(scene)
        if empty.get(_MESH) == mesh and (mesh is None) == (_MESH not in empty)
    }
    shown = []
    for name, place in places.items():
        empty = there.get(name)
        if empty is None:
            empty = bpy.data.objects.new(f"{_PREFIX}{name}", None)
            empty[_NAME] = name
            if mesh is not None:
                empty[_MESH] = mesh
            _collection(scene).objects.link(empty)
        empty.empty_display_type, empty.empty_display_size = "SPHERE", size
        empty.show_in_front = True
        # The location alone would be beside the place below a parent, and known only later.
        empty.matrix_world = Matrix.Translation(place)
        shown.append(empty)
    return shown


def placed_landmarks(
    scene: bpy.types.Scene, meshes: Collection[bpy.types.Object] | None = None
) -> dict[str, Place]:
    """Landmark -> place in the world, of the empties that are there.

    Args:
        scene: Where they are.
        meshes: Those of a character: landmarks for other meshes are left out. Landmarks for any
            mesh count where it has none of its own. None is all landmarks.
    """
    found: dict[str, Place] = {}
    for only_own in (True, False) if meshes is not None else (False,):
        for empty in _empties(scene):
            if meshes is None or (empty.get(_MESH) in meshes if only_own else _MESH not in empty):
                found.setdefault(empty[_NAME], _place(empty))
    return found


def sort_out_far(
    places: Mapping[str, Place], meshes: Collection[bpy.types.Object]
) -> tuple[dict[str, Place], list[str]]:
    """Landmarks that can be on meshes, and the names of those that are far from all of them.

    Args:
        places: Name -> place in the world.
        meshes: With their modifiers, as they stand in the world.
    """
    corners = [ob.matrix_world @ Vector(corner) for ob in meshes for corner in ob.bound_box]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    reach = _FAR * np.linalg.norm(high - low)
    near = {
        name: place
        for name, place in places.items()
        if (place >= low - reach).all() and (place <= high + reach).all()
    }
    return near, [name for name in places if name not in near]


def remove_landmarks(scene: bpy.types.Scene) -> int:
    """Remove the empties of a scene and its collection for them; how many there were.

    What another scene shows as well stays there, and so does what an artist has put beside them.
    """
    empties = list(_empties(scene))
    collections = [c for c in scene.collection.children_recursive if _is_ours(c)]
    for empty in empties:
        if len(empty.users_scene) == 1:
            bpy.data.objects.remove(empty)
    for collection in collections:
        is_shared = any(collection in s.collection.children_recursive for s in _others(scene))
        if is_shared and collection.name in scene.collection.children:
            scene.collection.children.unlink(collection)
        elif not is_shared and not collection.objects and not collection.children:
            bpy.data.collections.remove(collection)
    return len(empties)


def _others(scene: bpy.types.Scene) -> list[bpy.types.Scene]:
    return [other for other in bpy.data.scenes if other != scene]


def _place(empty: bpy.types.Object) -> Place:
    # The world's matrix is as old as the last evaluation; of a free object its own is enough.
    is_free = empty.parent is None and not empty.constraints
    return tuple((empty.matrix_basis if is_free else empty.matrix_world).translation)


def _is_ours(collection: bpy.types.Collection) -> bool:
    # Files from before collections were marked have it by name alone.
    return collection.is_editable and (_OURS in collection or collection.name == COLLECTION)


def _collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    for collection in scene.collection.children_recursive:
        if _is_ours(collection):
            return collection
    collection = bpy.data.collections.new(COLLECTION)
    collection[_OURS] = True
    scene.collection.children.link(collection)
    return collection


def _empties(scene: bpy.types.Scene) -> Iterator[bpy.types.Object]:
    for ob in scene.objects:
        if ob.type == "EMPTY" and _NAME in ob and ob.is_editable:
            yield ob
