# SPDX-License-Identifier: GPL-3.0-or-later
"""The data-blocks that a face animates on a character, and which of their channels are its own.

Nothing here changes a scene.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import bpy

from ..engine.core.errors import FacewrightError
from . import keyframes
from .character import Character, Parts
from .meshes import meshes_with_keys
from .pose_channels import PoseSettings


@dataclass(frozen=True)
class FaceBlock:
    """One data-block.

    Attributes:
        block: Shape keys, or the object of a head, eyes or other bones.
        prefixes: The data paths that begin so are the face's; others are the body's.
        follows: Whether drivers alone make it move with the face: of keys that the face writes
            by name, or with a bone or property that it moves, such as a control panel's slider.
    """

    block: bpy.types.ID
    prefixes: tuple[str, ...]
    follows: bool = False

    def owns(self, path: str) -> bool:
        """Whether a data path is the face's."""
        return path.startswith(self.prefixes)

    @property
    def animation(self) -> bpy.types.AnimData | None:
        """Its animation data."""
        return self.block.animation_data

    def strips(self) -> Iterator[bpy.types.NlaStrip]:
        """The strips of its NLA, the lowest first, that an action plays in."""
        tracks = self.animation.nla_tracks if self.animation else ()
        for track in tracks:
            yield from (strip for strip in track.strips if strip.action)

    @property
    def is_animated(self) -> bool:
        """Whether keyframes move it."""
        return keyframes.current_action(self.block) is not None or any(True for _ in self.strips())


def face_blocks(
    scene: bpy.types.Scene, objects: Iterable[bpy.types.Object], pose: PoseSettings
) -> list[FaceBlock]:
    """What a face animates: shape keys first, then objects.

    Args:
        scene: The scene that the character is in.
        objects: Meshes with shape keys, or armatures and empties above such meshes.
        pose: Head and eyes.

    Raises:
        FacewrightError: There is no face in it, or it is linked: what ``find_targets`` and
            ``find_pose`` raise.
    """
    parts = Character(scene, objects, pose).find()
    keys = [target.keys for target in parts.targets]
    # Meshes whose keys the face does not know may be animated with it all the same.
    others = [ob.data.shape_keys for ob in meshes_with_keys(parts.objects)]
    editable = [block for block in others if block.is_editable]
    found: dict[bpy.types.ID, list[str]] = {
        block: ["key_blocks"] for block in dict.fromkeys((*keys, *editable))
    }
    for target in parts.pose.all():
        names = [f"{target.prefix}{name}" for name in ("rotation_", "location")]
        found.setdefault(target.object, []).extend(names)
    for bone in parts.moves.bones:
        found.setdefault(bone.object, []).append(bone.prefix)
    for moved in parts.moves.numbers:
        found.setdefault(moved.number.owner, []).append(moved.number.data_path)
    blocks = [FaceBlock(block, tuple(prefixes)) for block, prefixes in found.items()]
    return [replace(face, follows=_follows(face, face.block in keys, parts)) for face in blocks]


def _follows(face: FaceBlock, is_target: bool, parts: Parts) -> bool:
    """Whether drivers move what is the face's, and not the body's corrections alone."""
    bones = {(bone.object, bone.bone) for bone in parts.moves.bones}
    paths = {(moved.number.owner, moved.number.data_path) for moved in parts.moves.numbers}
    for curve in face.animation.drivers if face.animation else ():
        if not face.owns(curve.data_path) or curve.mute:
            continue
        read = [target for var in curve.driver.variables for target in var.targets]
        if is_target or any(_reads(target, bones, paths) for target in read):
            return True
    return False


def _reads(target: bpy.types.DriverTarget, bones: set, paths: set) -> bool:
    """Whether a driver looks at a bone or property that the face moves."""
    if (target.id, target.bone_target) in bones or (target.id, target.data_path) in paths:
        return True
    return any(
        target.id == rig
        and target.data_path.startswith(f'pose.bones["{bpy.utils.escape_identifier(bone)}"]')
        for rig, bone in bones
    )


def animated_blocks(
    scene: bpy.types.Scene,
    objects: Iterable[bpy.types.Object],
    pose: PoseSettings,
    drivers: bool = False,
) -> list[FaceBlock]:
    """Those of ``face_blocks`` that keyframes move.

    Args:
        scene, objects, pose: See ``face_blocks``.
        drivers: Those that drivers alone move with the face as well, as a bake needs them.

    Raises:
        FacewrightError: ``not-animated`` where there are none.
    """
    objects = list(objects)
    found = [
        block
        for block in face_blocks(scene, objects, pose)
        if block.is_animated or (drivers and block.follows)
    ]
    if not found:
        names = ", ".join(f'"{ob.name}"' for ob in objects)
        raise FacewrightError(
            f"The face of {names} is not animated.",
            "Write a take onto it first.",
            "not-animated",
        )
    return found
