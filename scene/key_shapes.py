# SPDX-License-Identifier: GPL-3.0-or-later
"""Shape keys as arrays: what each key does to a mesh."""

from __future__ import annotations

import bpy
import numpy as np

from ..engine.retarget.match.result import MeshKeys

# Vertices looked at; matching needs no more, and a hundred keys of a dense mesh would fill memory.
_MOST_VERTICES = 12000
# Samples of each key that tell whether it has been edited.
_PROBES = 16


def read_mesh_keys(
    ob: bpy.types.Object, first: bpy.types.Object, most_vertices: int = _MOST_VERTICES
) -> MeshKeys:
    """The shape keys of a mesh in the axes of its character's first mesh.

    How a character stands in the scene says nothing about its face; whether it is mirrored there
    does, so the axes of a mirrored one are mirrored.

    Args:
        ob: A mesh object with shape keys.
        first: The first mesh of its character.
        most_vertices: Dense meshes are thinned out evenly to at most this many vertices.
    """
    keys = ob.data.shape_keys
    blocks = [block for block in keys.key_blocks if block != keys.reference_key]
    names = tuple(block.name for block in blocks)
    count = len(keys.reference_key.data)
    if not count or ob.type != "MESH":
        return MeshKeys(ob.name, names)
    chosen = np.linspace(0, count - 1, min(count, most_vertices)).astype(np.int64)
    to_first = first.matrix_world.inverted_safe() @ ob.matrix_world
    matrix = np.array(to_first, np.float32)
    if first.matrix_world.determinant() < 0:
        matrix[0] *= -1
    rest = coordinates(keys.reference_key)
    bases = {keys.reference_key: rest}
    deltas = np.empty((len(blocks), len(chosen), 3), np.float32)
    for row, block in enumerate(blocks):
        relative = block.relative_key
        if relative not in bases:
            bases[relative] = coordinates(relative)
        deltas[row] = (coordinates(block) - bases[relative])[chosen]
    base = rest[chosen]
    turn = matrix[:3, :3].T
    return MeshKeys(ob.name, names, base @ turn + matrix[:3, 3], deltas @ turn)


def coordinates(block: bpy.types.ShapeKey) -> np.ndarray:
    """float32 (N, 3): where a shape key has the vertices, in the object's own axes."""
    points = np.empty((len(block.data), 3), np.float32)
    block.data.foreach_get("co", points.ravel())
    return points


def signature(ob: bpy.types.Object) -> tuple:
    """What a match of a mesh depends on, told cheaply: names, size, pose and a few vertices."""
    keys = ob.data.shape_keys
    count = len(keys.reference_key.data)
    probes = []
    if ob.type == "MESH" and count:
        chosen = np.linspace(0, count - 1, min(count, _PROBES)).astype(int).tolist()
        probes = [tuple(block.data[i].co) for block in keys.key_blocks for i in chosen]
    world = tuple(round(value, 4) for row in ob.matrix_world for value in row)
    return (
        ob.session_uid,
        ob.name,
        tuple(keys.key_blocks.keys()),
        count,
        world,
        hash(tuple(probes)),
    )
