# SPDX-License-Identifier: GPL-3.0-or-later
"""The neck below a head: its bones, and the shares of the head's rotation that they take.

A rotation's share is its rotation vector times a number, so all bones of the chain turn about one
axis, and their turns add up to the head's whichever way the bones point and whatever their order:
a bone with rest orientation B below parents that have turned by G has the orientation G B M; with
M = Bᵀ S B, where S is its share, that is G S B, as G and S turn about the same axis.
"""

from __future__ import annotations

import re

import bpy

from ..engine.core.errors import FacewrightError

# Rigify's and Daz's, VRM's, Mixamo's, Reallusion's and MetaHuman's necks all have it in their name;
# the last are the neck of Rigify's plain skeleton, whose head is "spine.006".
_NECK = re.compile(r"neck|^首|^spine\.00[45]$", re.IGNORECASE)
# Rigify's own machinery, which animators do not touch.
_MACHINERY = ("MCH-", "ORG-", "DEF-")
# What one neck bone takes of the head's rotation, and what several take together.
_ONE, _SEVERAL = 0.3, 0.4


def guess_neck(rig: bpy.types.Object, head: str, share: float = -1.0) -> tuple:
    """The neck bones above which a head stands, by name.

    Args:
        rig: The armature object.
        head: Its head bone.
        share: What the neck takes of the head's rotation, 0..1; below 0 a usual share.

    Returns:
        Pairs of bone and share, the lowest first; empty where none is found.
    """
    return _shared([name for name in _parents(rig, head) if _NECK.search(name)], share)


def neck_from(rig: bpy.types.Object, head: str, lowest: str, share: float) -> tuple:
    """The neck from a bone up to the head.

    Args:
        rig: The armature object.
        head: Its head bone.
        lowest: The lowest bone of the neck.
        share: What the neck takes of the head's rotation, 0..1.

    Returns:
        Pairs of bone and share, the lowest first.

    Raises:
        FacewrightError: ``neck-below-head``.
    """
    if lowest == head:
        raise FacewrightError(
            f'The bone "{head}" of "{rig.name}" is chosen as the head and as its neck.',
            "Choose a parent of the head bone as the neck.",
            "neck-below-head",
        )
    above = _parents(rig, head)
    if lowest not in above:
        raise FacewrightError(
            f'The bone "{lowest}" is not below the head bone "{head}" of "{rig.name}".',
            "Choose a parent of the head bone as the neck.",
            "neck-below-head",
        )
    return _shared(above[above.index(lowest) :], share)


def choose_neck(rig_name: str, head: str, share: float, lowest: str = "") -> tuple:
    """The neck as an artist asks for it.

    Args:
        rig_name: Name of the armature object.
        head: Its head bone.
        share: What the neck takes of the head's rotation, 0..1; 0 is no neck.
        lowest: The lowest bone of the neck; empty guesses.

    Returns:
        Pairs of bone and share; empty where no neck is found or none is wanted.

    Raises:
        FacewrightError: ``neck-below-head``.
    """
    rig = bpy.data.objects.get(rig_name)
    if rig is None or rig.type != "ARMATURE" or head not in rig.data.bones or share <= 0:
        return ()
    return neck_from(rig, head, lowest, share) if lowest else guess_neck(rig, head, share)


def carries(rig: bpy.types.Object, neck: str, head: str) -> bool:
    """Whether the head turns along when the neck does.

    It does not where a bone on the way does not inherit rotations, or copies one from elsewhere,
    as Rigify's head does while its Head Follow is 0.
    """
    bone = rig.pose.bones.get(head)
    while bone is not None and bone.name != neck:
        if not bone.bone.use_inherit_rotation or any(map(_copies, bone.constraints)):
            return False
        bone = bone.parent
    return bone is not None


def _parents(rig: bpy.types.Object, head: str) -> list[str]:
    """The bones below a head, the lowest first, without machinery that the head is no part of."""
    bone = rig.data.bones.get(head) if rig.type == "ARMATURE" else None
    if bone is None:
        return []
    own = tuple(prefix for prefix in _MACHINERY if head.startswith(prefix))
    names = [parent.name for parent in bone.parent_recursive]
    return [n for n in reversed(names) if n.startswith(own) or not n.startswith(_MACHINERY)]


def _copies(constraint: bpy.types.Constraint) -> bool:
    return (
        constraint.type in ("COPY_ROTATION", "COPY_TRANSFORMS")
        and not constraint.mute
        and constraint.influence > 0.5
    )


def _shared(names: list[str], share: float) -> tuple:
    if share < 0:
        share = _ONE if len(names) == 1 else _SEVERAL
    return tuple((name, share / len(names)) for name in names)
