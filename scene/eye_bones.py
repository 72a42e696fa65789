# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bones are a character's eyes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import bpy
import numpy as np

from ..engine.retarget.axes import character_to_local
from ..engine.retarget.mirrored_pose import mirrored_bone
from .meshes import meshes_with_keys

# LeftEye, eye.L, lEye, mixamorig:LeftEye, CC_Base_L_Eye, J_Adj_L_FaceEye, FACIAL_L_Eye, eye_left,
# DEF-eye.L, 左目: an eye, its side, and words that say no more.
_EYE = re.compile(r"eye|目", re.IGNORECASE)
_NO_EYEBALL = re.compile(
    r"lid|brow|lash|end|target|aim|look|track|ik|ctrl|control|master|socket|corner|bag|pupil|iris|"
    r"parallel|locator|rim|pouch|下|上|光",
    re.IGNORECASE,
)
_MACHINERY = ("MCH-", "ORG-")
# A shape key that turns an eye; where a character has some, bones would turn the eyes twice.
_LOOK_KEY = re.compile(r"eye.*look|look.*eye|^look_?(up|down|left|right)", re.IGNORECASE)


def guess_eyes(
    objects: Iterable[bpy.types.Object], rig_name: str, facing: str = "-Y"
) -> tuple[str, str]:
    """The bones that turn a character's eyes, where no shape keys do.

    Which is the left one is told by where they are, not by their names.

    Args:
        objects: The character's objects.
        rig_name: Name of its armature object.
        facing: Where the character looks, see ``engine.retarget.axes``.

    Returns:
        Bones of the left and the right eye; both empty where there are none, or no single pair,
        or where shape keys look already, or for a generated Rigify rig, whose ``eye.L`` is where
        the eye looks at.
    """
    rig = bpy.data.objects.get(rig_name)
    if rig is None or rig.type != "ARMATURE" or _has_look_keys(objects):
        return "", ""
    names = [bone.name for bone in rig.data.bones]
    if "ORG-eye.L" in names:
        return "", ""
    pairs = _pairs(names)
    if not pairs:
        return "", ""
    up = np.array(rig.matrix_world.to_quaternion().to_matrix())[2]
    to_left = character_to_local(up, facing)[:, 0]
    first, second = pairs[0]
    bones = rig.data.bones
    apart = np.array(bones[first].head_local - bones[second].head_local) @ to_left
    if abs(apart) < 1e-6:
        return "", ""
    return (first, second) if apart > 0 else (second, first)


def _pairs(names: list[str]) -> list[tuple[str, str]]:
    """Pairs of names that could be eyes, the plainest first."""
    eyes = [
        name
        for name in names
        if _EYE.search(name)
        and not _NO_EYEBALL.search(_EYE.sub("", name))
        and not name.startswith(_MACHINERY)
    ]
    pairs = {frozenset((name, other)) for name in eyes if (other := mirrored_bone(name, eyes))}
    found = [tuple(sorted(pair)) for pair in pairs if len(pair) == 2]
    # Of a rig that has a skeleton for the mesh and one for the animator, the animator's.
    return sorted(found, key=lambda pair: (pair[0].startswith("DEF-"), len(pair[0]), pair))


def _has_look_keys(objects: Iterable[bpy.types.Object]) -> bool:
    return any(
        _LOOK_KEY.search(block.name)
        for ob in meshes_with_keys(objects)
        for block in ob.data.shape_keys.key_blocks
    )
