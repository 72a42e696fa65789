# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks as empties that an artist can move: one for each place on the face."""

from __future__ import annotations

from collections.abc import Mapping

import bpy

COLLECTION = "Facewright Landmarks"
_PREFIX = "landmark "


def show_landmarks(
    scene: bpy.types.Scene, places: Mapping[str, tuple[float, float, float]], size: float
) -> list[bpy.types.Object]:
    """Put an empty on each landmark; those that are there already are moved.

    Args:
        scene: Gets a collection of its own for them.
        places: Name -> place in the world.
        size: Size of an empty, in the scene's units.
    """
    collection = _collection(scene)
    shown = []
    for name, place in places.items():
        empty = _empties(collection).get(name)
        if empty is None:
            empty = bpy.data.objects.new(f"{_PREFIX}{name}", None)
            empty["facewright_landmark"] = name
            collection.objects.link(empty)
        empty.empty_display_type, empty.empty_display_size = "SPHERE", size
        empty.show_in_front = True
        empty.location = place
        shown.append(empty)
    return shown


def placed_landmarks(scene: bpy.types.Scene) -> dict[str, tuple[float, float, float]]:
    """Landmark -> place in the world, of the empties that are there."""
    collection = bpy.data.collections.get(COLLECTION)
    if collection is None or collection not in scene.collection.children_recursive:
        return {}
    return {
        name: tuple(empty.matrix_world.translation) for name, empty in _empties(collection).items()
    }


def remove_landmarks(scene: bpy.types.Scene) -> int:
    """Remove the empties and their collection; how many there were."""
    collection = bpy.data.collections.get(COLLECTION)
    if collection is None or collection not in scene.collection.children_recursive:
        return 0
    empties = list(_empties(collection).values())
    for empty in empties:
        bpy.data.objects.remove(empty)
    if not collection.objects:
        bpy.data.collections.remove(collection)
    return len(empties)


def _collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    collection = bpy.data.collections.get(COLLECTION)
    if collection is None:
        collection = bpy.data.collections.new(COLLECTION)
    if collection not in scene.collection.children_recursive:
        scene.collection.children.link(collection)
    return collection


def _empties(collection: bpy.types.Collection) -> dict[str, bpy.types.Object]:
    return {
        ob["facewright_landmark"]: ob for ob in collection.objects if "facewright_landmark" in ob
    }
