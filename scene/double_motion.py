# SPDX-License-Identifier: GPL-3.0-or-later
"""Shape keys that would do again what a bone does already: a jaw that opens twice.

A key that only mends what the bone leaves to be desired is no such key; so what counts is not the
name but where the vertices go.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from ..engine.core.arkit import INDEX
from ..engine.retarget.turns import exp_matrices
from .bone_channels import MovedBone, Moves
from .targets import LEFT_OUT, KeyEntry, KeyTarget

# A key that goes this share of the bone's way, in the bone's direction, does the bone's work.
_SAME_WORK = 0.3
# Vertices that a key moves less than this share of its furthest are not looked at.
_LEAST_SHARE = 0.02


def leave_out_doubled(targets: Iterable[KeyTarget], moves: Moves) -> list[str]:
    """Takes keys out of the plan whose vertices a bone of the same channel moves the same way.

    Args:
        targets: The meshes; their entries are marked as left out, with the reason.
        moves: The bones of the same character.

    Returns:
        A sentence for each.
    """
    by_name: dict[str, list[MovedBone]] = {}
    for bone in moves.bones:
        for name in bone.names():
            by_name.setdefault(name, []).append(bone)
    said = []
    for target in targets:
        for entry in target.written():
            bones = by_name.get(entry.arkit)
            if bones and _does_the_same(target, entry, bones):
                reason = f"The {bones[0].label} does this already; the key would do it twice."
                target.mark(LEFT_OUT, reason, lambda other, one=entry: other == one)
                key = f'the key "{entry.key}" of "{target.object.name}"'
                said.append(f"{entry.arkit}: {key} is left out. {reason}")
    return said


def _does_the_same(target: KeyTarget, entry: KeyEntry, bones: list[MovedBone]) -> bool:
    key = target.keys.key_blocks[entry.key]
    rest, moved = _points(target.keys.reference_key), _points(key)
    base = _points(key.relative_key)
    delta = (moved - base) * entry.weight
    length = np.linalg.norm(delta, axis=1)
    rows = np.flatnonzero(length > _LEAST_SHARE * length.max(initial=0.0))
    way = np.zeros((len(rows), 3))
    for bone in bones:
        way += _bones_way(target.object, rest[rows], rows, bone, entry.arkit)
    return _share(delta[rows], way) > _SAME_WORK


def _share(delta: np.ndarray, way: np.ndarray) -> float:
    """How much of the bone's way the key goes, where the bone moves anything."""
    size = float((way * way).sum())
    return float((delta * way).sum()) / size if size > 1e-16 else 0.0


def _bones_way(
    ob: bpy.types.Object, rest: np.ndarray, rows: np.ndarray, bone: MovedBone, arkit: str
) -> np.ndarray:
    """Where a bone takes vertices when the channel is at 1, float64 (n, 3), the mesh's axes."""
    if not any(m.type == "ARMATURE" and m.object == bone.object for m in ob.modifiers):
        return np.zeros((len(rows), 3))
    weights = _weights(ob, rows, _moved_along(bone.object, bone.bone))
    full = np.zeros((2, len(INDEX)))
    full[1, INDEX[arkit]] = 1.0
    motion = bone.motion(full)
    to_rig = np.array(bone.object.matrix_world.inverted_safe() @ ob.matrix_world)
    at_rest = np.array(bone.object.data.bones[bone.bone].matrix_local)
    first, last = _matrix(motion, 0), _matrix(motion, 1)
    chain = np.linalg.inv(to_rig) @ at_rest @ last @ np.linalg.inv(at_rest @ first) @ to_rig
    gone = rest @ chain[:3, :3].T + chain[:3, 3] - rest
    return gone * weights[:, None]


def _matrix(motion, row: int) -> np.ndarray:
    matrix = np.eye(4)
    if motion.turn is not None:
        matrix[:3, :3] = exp_matrices(motion.turn[row])
    if motion.scale is not None:
        matrix[:3, :3] *= np.nan_to_num(motion.scale[row], nan=1.0)
    if motion.location is not None:
        matrix[:3, 3] = np.nan_to_num(motion.location[row], nan=0.0)
    return matrix


def _moved_along(rig: bpy.types.Object, bone: str) -> set[str]:
    """The bones that go with a bone: what hangs on it, and what copies one that does."""
    found = {bone}
    waiting = [bone]
    copied: dict[str, list[str]] = {}
    for pose_bone in rig.pose.bones:
        for constraint in pose_bone.constraints:
            source = getattr(constraint, "subtarget", "")
            if source and constraint.target == rig and constraint.influence > 0.5:
                copied.setdefault(source, []).append(pose_bone.name)
    while waiting:
        name = waiting.pop()
        children = [child.name for child in rig.data.bones[name].children]
        for other in (*children, *copied.get(name, ())):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _weights(ob: bpy.types.Object, rows: np.ndarray, bones: set[str]) -> np.ndarray:
    """What share of some vertices follows some bones, float64 (n,)."""
    groups = {group.index for group in ob.vertex_groups if group.name in bones}
    deforming = _deforming_groups(ob)
    shares = np.zeros(len(rows))
    vertices = ob.data.vertices
    for i, row in enumerate(rows):
        ours = whole = 0.0
        for member in vertices[int(row)].groups:
            if member.group in deforming:
                whole += member.weight
                ours += member.weight if member.group in groups else 0.0
        shares[i] = ours / whole if whole else 0.0
    return shares


def _deforming_groups(ob: bpy.types.Object) -> set[int]:
    names: set[str] = set()
    for modifier in ob.modifiers:
        if modifier.type == "ARMATURE" and modifier.object:
            names.update(b.name for b in modifier.object.data.bones if b.use_deform)
    return {group.index for group in ob.vertex_groups if group.name in names}


def _points(key: bpy.types.ShapeKey) -> np.ndarray:
    flat = np.empty(len(key.data) * 3, np.float32)
    key.data.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)
