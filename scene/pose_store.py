# SPDX-License-Identifier: GPL-3.0-or-later
"""Pose it and store it: an armature's pose as what an ARKit channel does, and back.

Stored poses are data (``engine.retarget.poses``): the functions here return new ones and leave it
to the caller to keep them in a mapping. Those that pose bones push no undo step: the operator does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ..engine.core.arkit import NAMES, mirror_name
from ..engine.core.errors import FacewrightError
from ..engine.retarget.mirrored_pose import mirror_pose
from ..engine.retarget.poses import BonePose, Poses, blend_poses, motion_channels
from .armatures import armatures_of, bone_axes
from .bones import rotation_property

# What is nearer to rest than this is at rest: metres per metre, the sine of half an angle, factors.
_LEAST = 1e-5
_NO_TURN = {
    "rotation_quaternion": (1, 0, 0, 0),
    "rotation_axis_angle": (0, 0, 1, 0),
    "rotation_euler": (0, 0, 0),
}


@dataclass(frozen=True)
class Stored:
    """What ``store_pose`` has made.

    Attributes:
        poses: All poses, with the new ones.
        bones: Bones of the stored pose.
        mirrored: ARKit name of the counterpart that was stored as well; empty if none was.
        missing: Bones whose other side the armature does not have.
    """

    poses: dict[str, dict[str, BonePose]]
    bones: tuple[str, ...]
    mirrored: str = ""
    missing: tuple[str, ...] = ()


def find_rig(objects: Iterable[bpy.types.Object]) -> bpy.types.Object:
    """The armature of a character whose bones can be posed.

    Raises:
        FacewrightError: ``no-armature``.
    """
    objects = list(objects)
    rigs = armatures_of(objects)
    if not rigs:
        names = ", ".join(f'"{ob.name}"' for ob in objects)
        raise FacewrightError(
            f"{names or 'Nothing'} follows no armature.",
            "Choose the character's armature, or a mesh that it moves.",
            "no-armature",
        )
    return rigs[0]


def selected_bones(rig: bpy.types.Object) -> list[str]:
    """Names of the pose bones that are selected."""
    # The flag moved from the bone to the pose bone in Blender 5.0.
    return [b.name for b in rig.pose.bones if getattr(b, "select", False) or _was_selected(b)]


def moved_bones(rig: bpy.types.Object) -> list[str]:
    """Names of the pose bones that do not stand at rest."""
    return [bone.name for bone in rig.pose.bones if _read(bone) != BonePose()]


def read_pose(rig: bpy.types.Object, bones: Collection[str] | None = None) -> dict[str, BonePose]:
    """How bones stand, by their own properties: constraints and drivers are not looked at.

    Args:
        rig: The armature object.
        bones: Names; None for all that do not stand at rest. Bones at rest are left out.

    Raises:
        FacewrightError: ``bone-missing``.
    """
    names = moved_bones(rig) if bones is None else bones
    found = {name: _read(_bone(rig, name)) for name in names}
    return {name: pose for name, pose in found.items() if pose != BonePose()}


def store_pose(
    poses: Poses,
    arkit: str,
    rig: bpy.types.Object,
    bones: Collection[str] | None = None,
    *,
    mirror: bool = True,
) -> Stored:
    """The present pose becomes what an ARKit channel does when it is at 1.

    Args:
        poses: The poses so far; they stay as they are.
        arkit: One of the 52 names.
        rig: The armature object.
        bones: Names; None for all that do not stand at rest.
        mirror: Store the mirrored pose for the channel of the other side as well; a channel
            without a side stays as it was posed.

    Raises:
        FacewrightError: ``unknown-channel``, ``bone-missing``, ``pose-at-rest``.
    """
    _check_channel(arkit)
    pose = read_pose(rig, bones)
    if not pose:
        what = "The chosen bones of" if bones is not None else "All bones of"
        raise FacewrightError(
            f'{what} "{rig.name}" stand at rest, so there is no pose to store for {arkit}.',
            "Pose the bones first.",
            "pose-at-rest",
        )
    changed = {name: dict(stands) for name, stands in poses.items()}
    changed[arkit] = pose
    other, missing = mirror_name(arkit), []
    if not mirror or other == arkit:
        return Stored(_ordered(changed), tuple(pose))
    changed[other], missing = mirror_pose(pose, bone_axes(rig))
    if not changed[other]:
        del changed[other]
        other = ""
    return Stored(_ordered(changed), tuple(pose), other, tuple(missing))


def forget_pose(poses: Poses, arkit: str, *, mirror: bool = False) -> dict:
    """The poses without that of a channel, and of the other side where asked.

    Raises:
        FacewrightError: ``unknown-channel``, ``no-pose``.
    """
    _check_stored(poses, arkit)
    gone = {arkit, mirror_name(arkit)} if mirror else {arkit}
    return {name: dict(stands) for name, stands in poses.items() if name not in gone}


def show_pose(rig: bpy.types.Object, poses: Poses, weights: dict[str, float]) -> list[str]:
    """Poses the bones of stored poses as a face would, the others stay as they are.

    Args:
        rig: The armature object.
        poses: Stored poses; a bone that is in any of them is posed.
        weights: ARKit name -> weight; all others are 0. ``{"jawOpen": 1}`` shows one pose.

    Returns:
        Names of bones that the armature does not have.

    Raises:
        FacewrightError: ``unknown-channel``, ``no-pose``, ``linked-data``.
    """
    for name in weights:
        _check_stored(poses, name)
    _check_editable(rig)
    row = np.array([[weights.get(name, 0.0) for name in NAMES]])
    missing = []
    for name, motion in blend_poses(poses, row).items():
        bone = rig.pose.bones.get(name)
        if bone is None:
            missing.append(name)
            continue
        channels = motion_channels(motion, np.zeros(1), "", bone.rotation_mode)
        # All numbers of a property at once: those of a rotation make sense together alone.
        for path in dict.fromkeys(channel.data_path for channel in channels):
            numbers = list(getattr(bone, path))
            for channel in channels:
                if channel.data_path == path:
                    numbers[channel.index] = channel.values[0]
            setattr(bone, path, numbers)
    rig.update_tag()
    return missing


def rest_bones(rig: bpy.types.Object, bones: Iterable[str]) -> None:
    """Put bones back to rest; those that the armature does not have are passed over.

    Raises:
        FacewrightError: ``linked-data``.
    """
    _check_editable(rig)
    for name in bones:
        if bone := rig.pose.bones.get(name):
            bone.location, bone.scale = (0, 0, 0), (1, 1, 1)
            turn = rotation_property(bone.rotation_mode)
            setattr(bone, turn, _NO_TURN[turn])
    rig.update_tag()


def _read(bone: bpy.types.PoseBone) -> BonePose:
    location = np.array(bone.location)
    if bone.rotation_mode == "QUATERNION":
        rotation = bone.rotation_quaternion.normalized()
    elif bone.rotation_mode == "AXIS_ANGLE":
        rotation = bone.matrix_basis.to_quaternion()
    else:
        rotation = bone.rotation_euler.to_quaternion()
    rotation = np.array(rotation)
    if rotation[0] < 0:
        rotation = -rotation
    scale = np.array(bone.scale)
    length = bone.bone.length or 1.0
    return BonePose(
        _numbers(location) if np.abs(location).max() > _LEAST * length else BonePose.location,
        _numbers(rotation) if np.abs(rotation[1:]).max() > _LEAST else BonePose.rotation,
        _numbers(scale) if np.abs(scale - 1).max() > _LEAST else BonePose.scale,
    )


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 8) + 0.0 for value in values)


def _bone(rig: bpy.types.Object, name: str) -> bpy.types.PoseBone:
    bone = rig.pose.bones.get(name)
    if bone is None:
        raise FacewrightError(
            f'"{rig.name}" has no bone named "{name}".',
            "Choose bones of the character's armature.",
            "bone-missing",
        )
    return bone


def _was_selected(bone: bpy.types.PoseBone) -> bool:
    return not hasattr(bone, "select") and bone.bone.select


def _ordered(poses: dict) -> dict:
    return {name: poses[name] for name in NAMES if name in poses}


def _check_channel(arkit: str) -> None:
    if arkit not in NAMES:
        raise FacewrightError(
            f'"{arkit}" is no ARKit channel.', "Choose one of the 52.", "unknown-channel"
        )


def _check_stored(poses: Poses, arkit: str) -> None:
    _check_channel(arkit)
    if arkit not in poses:
        raise FacewrightError(
            f"No pose is stored for {arkit}.", "Pose the bones and store it.", "no-pose"
        )


def _check_editable(rig: bpy.types.Object) -> None:
    if not rig.is_editable:
        raise FacewrightError(
            f'"{rig.name}" is linked from another file and cannot be posed here.',
            "Make a library override of it, or work in the file it is from.",
            "linked-data",
        )
