# SPDX-License-Identifier: GPL-3.0-or-later
"""A character by what undo does not change, and the parts of it that a face moves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import bpy

from ..engine.core.arkit import REGIONS, region_of
from ..engine.core.errors import FacewrightError
from ..engine.retarget.mapping import Mapping
from .blocks import by_uid
from .bone_channels import MovedBone, Moves
from .bones import PoseTarget
from .double_motion import leave_out_doubled
from .find_moves import find_moves
from .mapping_store import mapping_revision
from .pose_channels import Pose, PoseSettings, find_pose
from .targets import LEFT_OUT, KeyTarget, find_targets


@dataclass(frozen=True)
class Parts:
    """The data-blocks of a character, which undo replaces.

    Attributes:
        objects: What was chosen, as far as it is in the scene.
        targets: Shape keys; see ``targets.find_targets``.
        mapping: What moves what.
        revision: Of the mapping that an artist edits.
        pose: Head and eyes.
        moves: Bones and properties of the mapping.
        warnings: Sentences.
        users: All that moves or was chosen, with the number of its users: it changes when an
            object is deleted that something else, such as the panel's target, still holds.
    """

    objects: list[bpy.types.Object]
    targets: list[KeyTarget]
    mapping: Mapping
    revision: int
    pose: Pose
    moves: Moves
    warnings: list[str]
    users: dict[bpy.types.Object, int]

    def are_as_they_were(self) -> bool:
        """Whether nothing was removed, all turns by the same property and is mapped as before.

        Raises:
            ReferenceError: A data-block is gone.
        """
        return (
            mapping_revision(self.objects) == self.revision
            and all(ob.users == users for ob, users in self.users.items())
            and all(_is_as_it_was(target) for target in self.pose.all())
            and all(_is_as_it_was(bone) for bone in self.moves.bones)
        )


class Character:
    """Remembers a character over undo and renaming.

    Args:
        scene: The scene that it is in.
        objects: Meshes with shape keys, or armatures and empties above such meshes.
        pose: Head and eyes.
        regions: The parts of the face, of ``REGIONS``, whose keys, bones and properties count. One
            that several parts move counts if one of them does.
    """

    def __init__(
        self,
        scene: bpy.types.Scene,
        objects: Iterable[bpy.types.Object],
        pose: PoseSettings,
        regions: Collection[str] = REGIONS,
    ) -> None:
        self.scene_uid = scene.session_uid
        self._object_uids = [ob.session_uid for ob in objects]
        self._pose_settings = pose
        self._regions = frozenset(regions)
        # Settings name objects, which may be renamed.
        self._pose_uids = {
            field: bpy.data.objects[name].session_uid
            for field in ("head_object", "eye_object")
            if (name := getattr(pose, field)) in bpy.data.objects
        }

    def find(self) -> Parts:
        """Look everything up as it is now.

        Raises:
            FacewrightError: ``target-missing``, or what ``find_targets`` and ``find_pose`` raise.
        """
        scene = by_uid(bpy.data.scenes, self.scene_uid)
        found = [] if scene is None else [by_uid(scene.objects, u) for u in self._object_uids]
        objects = [ob for ob in found if ob is not None]
        if not objects:
            raise FacewrightError(
                "The target is not in the scene any more.", "Choose a target.", "target-missing"
            )
        targets, mapping, warnings = find_targets(objects)
        pose = find_pose(scene, self._named_as_now())
        revision = mapping_revision(objects)
        moves = find_moves(mapping, objects, pose, self._counts)
        moved = [target.object for target in [*targets, *pose.all()]]
        moved += [block for block in moves.objects() if isinstance(block, bpy.types.Object)]
        users = {ob: ob.users for ob in [*objects, *moved]}
        warnings += pose.warnings + moves.warnings + leave_out_doubled(targets, moves)
        for target in targets:
            chosen = {entry.key for entry in target.written() if self._counts(entry.arkit)}
            target.mark(LEFT_OUT, "", lambda entry, chosen=chosen: entry.key not in chosen)
        return Parts(objects, targets, mapping, revision, pose, moves, warnings, users)

    def _counts(self, name: str) -> bool:
        """Whether an ARKit name is in a part of the face that counts."""
        return region_of(name) in self._regions

    def _named_as_now(self) -> PoseSettings:
        found = {field: by_uid(bpy.data.objects, uid) for field, uid in self._pose_uids.items()}
        names = {field: ob.name for field, ob in found.items() if ob is not None}
        return replace(self._pose_settings, **names)


def _is_as_it_was(target: PoseTarget | MovedBone) -> bool:
    if not target.bone:
        return target.object.rotation_mode == target.mode
    bone = target.object.pose.bones.get(target.bone)
    return bone is not None and bone.rotation_mode == target.mode
