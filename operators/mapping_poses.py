# SPDX-License-Identifier: GPL-3.0-or-later
"""Pose it and store it: the armature's pose as what the active channel does."""

from __future__ import annotations

import bpy

from ..engine.core.arkit import mirror_name
from ..engine.core.errors import FacewrightError
from ..properties.mapping_edit import edit_of, mapped_object
from ..scene import mapping_edit, pose_store
from .retarget import ChannelOperator


class _PoseOperator(ChannelOperator):
    """Mixin: something that is done with the active channel's pose."""

    def rig(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> bpy.types.Object:
        """The armature: the one of the stored poses, the one that is posed, the character's."""
        kept = self.mapping(context).poses_object
        if kept is not None:
            return kept
        posed = context.pose_object
        return posed if posed is not None else pose_store.find_rig(objects)


class FACEWRIGHT_OT_store_pose(_PoseOperator, bpy.types.Operator):
    """The pose of the armature becomes what the channel does when it is full: of the selected \
bones, or of all that do not rest. Captures blend it with the other channels' poses"""

    bl_idname = "facewright.store_pose"
    bl_label = "Store Pose"
    bl_options = {"REGISTER", "UNDO"}

    selected: bpy.props.BoolProperty(
        name="Selected Bones Only",
        description="Leave bones out that are posed but not selected",
        options={"SKIP_SAVE"},
    )

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Store it, and that of the other side."""
        rig, row, owner = self.rig(context, objects), self.row(context), mapped_object(context)
        bones = pose_store.selected_bones(rig) if self.selected else None
        stored = pose_store.store_pose(
            mapping_edit.poses_of(owner),
            row.name,
            rig,
            bones,
            mirror=edit_of(context).mirror_pose,
        )
        mapping_edit.change_poses(owner, stored.poses)
        self.mapping(context).poses_object = rig
        said = f"{row.name}: {len(stored.bones)} bones stored"
        if stored.mirrored:
            said += f", and mirrored for {stored.mirrored}"
        if stored.missing:
            said += f"; no other side: {', '.join(stored.missing)}"
        return said


class FACEWRIGHT_OT_show_pose(_PoseOperator, bpy.types.Operator):
    """Pose the armature as it was stored for the channel, to look at or to change"""

    bl_idname = "facewright.show_pose"
    bl_label = "Show"
    bl_options = {"REGISTER", "UNDO"}

    weight: bpy.props.FloatProperty(
        name="Weight", description="How far", default=1.0, min=0.0, max=1.0, subtype="FACTOR"
    )

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Pose it."""
        poses = mapping_edit.poses_of(mapped_object(context))
        rig, name = self.rig(context, objects), self.row(context).name
        missing = pose_store.show_pose(rig, poses, {name: self.weight})
        return f"{rig.name} has no bones {', '.join(missing)}" if missing else ""


class FACEWRIGHT_OT_rest_pose(_PoseOperator, bpy.types.Operator):
    """Put all bones that stored poses move back to rest, to pose the next channel"""

    bl_idname = "facewright.rest_pose"
    bl_label = "Rest"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Rest them."""
        poses = mapping_edit.poses_of(mapped_object(context))
        rig = self.rig(context, objects)
        bones = {bone for pose in poses.values() for bone in pose}
        if not bones:
            raise FacewrightError("No pose is stored yet.", "Store one first.", "no-pose")
        pose_store.rest_bones(rig, sorted(bones))
        return ""


class FACEWRIGHT_OT_clear_pose(_PoseOperator, bpy.types.Operator):
    """Forget the pose that is stored for the channel, and the other side's where that is chosen"""

    bl_idname = "facewright.clear_pose"
    bl_label = "Clear"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context, _objects: list[bpy.types.Object]) -> str:
        """Forget it."""
        owner, name = mapped_object(context), self.row(context).name
        mirror = edit_of(context).mirror_pose
        poses = pose_store.forget_pose(mapping_edit.poses_of(owner), name, mirror=mirror)
        mapping_edit.change_poses(owner, poses)
        both = mirror and mirror_name(name) != name
        return f"{name}{' and ' + mirror_name(name) if both else ''}: no pose any more"


CLASSES = (
    FACEWRIGHT_OT_store_pose,
    FACEWRIGHT_OT_show_pose,
    FACEWRIGHT_OT_rest_pose,
    FACEWRIGHT_OT_clear_pose,
)
