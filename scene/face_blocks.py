# SPDX-License-Identifier: GPL-3.0-or-later
"""The data-blocks that a face animates on a character, and which of their channels are its own.

Nothing here changes a scene.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import bpy

from ..engine.core.errors import FacewrightError
from . import keyframes
from .character import Character
from .meshes import meshes_with_keys
from .pose_channels import PoseSettings


@dataclass(frozen=True)
class FaceBlock:
    """One data-block.

    Attributes:
        block: Shape keys, or the object of a head, eyes or other bones.
        prefixes: The data paths that begin so are the face's; others are the body's.
    """

    block: bpy.types.ID
    prefixes: tuple[str, ...]

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
    return [FaceBlock(block, tuple(prefixes)) for block, prefixes in found.items()]


def animated_blocks(
    scene: bpy.types.Scene, objects: Iterable[bpy.types.Object], pose: PoseSettings
) -> list[FaceBlock]:
    """Those of ``face_blocks`` that keyframes move.

    Raises:
        FacewrightError: ``not-animated`` where there are none.
    """
    objects = list(objects)
    found = [block for block in face_blocks(scene, objects, pose) if block.is_animated]
    if not found:
        names = ", ".join(f'"{ob.name}"' for ob in objects)
        raise FacewrightError(
            f"The face of {names} is not animated.",
            "Write a take onto it first.",
            "not-animated",
        )
    return found
