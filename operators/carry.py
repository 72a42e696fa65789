# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry a result over: to another character, from shape keys to bones and back."""

from __future__ import annotations

import bpy

from ..properties.capture import shot_of
from ..properties.run import run_of
from ..scene import keys_and_bones
from ..scene.capture import guess_head
from ..scene.copy_face import copy_face
from ..scene.eye_bones import guess_eyes
from ..scene.pose_channels import PoseSettings
from .after import OverFrames, shown_progress, warn
from .keys import apply_settings, show_keys


class FACEWRIGHT_OT_copy_face(OverFrames, bpy.types.Operator):
    """Write the face that the selected character shows onto the target, through both mappings"""

    bl_idname = "facewright.copy_face"
    bl_label = "Copy from Selected"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Another object must be selected."""
        lack = "Select the character to copy from; the target gets its face"
        return super().why_not(context) or ("" if _sources(context) else lack)

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Copy."""
        first, last = self.frames(context)
        shot = shot_of(context)
        sources = _sources(context)
        with shown_progress(context) as progress:
            report = copy_face(
                context.scene,
                sources,
                [shot.target],
                first,
                last,
                source_pose=_usual_pose(sources, shot.facing),
                settings=apply_settings(shot, objects),
                progress=progress,
            )
        show_keys(context, report, [])
        return f"{shot.target.name} does what {sources[0].name} does: {run_of(context).result}"


class _KeysAndBones(OverFrames):
    """Mixin: what one side of the mapping does, the other does from then on.

    Attributes:
        carry: ``keys_to_bones`` or ``bones_to_keys``.
        where: What the channels are on afterwards.
    """

    carry = None
    where = ""

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Carry over."""
        first, last = self.frames(context)
        with shown_progress(context) as progress:
            moved = self.carry(context.scene, objects, first, last, progress=progress)
        warn(self, moved.written.warnings)
        said = f"{len(moved.channels)} channels are on {self.where} now"
        if moved.left:
            said += f"; {', '.join(moved.left)} found nothing there and stayed"
        return said


class FACEWRIGHT_OT_keys_to_bones(_KeysAndBones, bpy.types.Operator):
    """Let the bones of the mapping, drives and stored poses, do what the shape keys do; the keys \
rest from then on, and their action stays in the file"""

    bl_idname = "facewright.keys_to_bones"
    bl_label = "Keys to Bones"
    carry = staticmethod(keys_and_bones.keys_to_bones)
    where = "bones"


class FACEWRIGHT_OT_bones_to_keys(_KeysAndBones, bpy.types.Operator):
    """Let the shape keys do what the bones of the mapping do; the bones rest from then on, and \
their action stays in the file"""

    bl_idname = "facewright.bones_to_keys"
    bl_label = "Bones to Keys"
    carry = staticmethod(keys_and_bones.bones_to_keys)
    where = "shape keys"


def _sources(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected objects that do not belong to the target."""
    target = shot_of(context).target
    if target is None:
        return []
    top = _top(target)
    kinds = ("MESH", "ARMATURE", "EMPTY")
    return [ob for ob in context.selected_objects if ob.type in kinds and _top(ob) != top]


def _top(ob: bpy.types.Object) -> bpy.types.Object:
    while ob.parent:
        ob = ob.parent
    return ob


def _usual_pose(objects: list[bpy.types.Object], facing: str) -> PoseSettings:
    """Head and eyes where they most likely are."""
    head, bone = guess_head(objects)
    left, right = guess_eyes(objects, head, facing)
    return PoseSettings(
        head_object=head,
        head_bone=bone,
        eye_object=head,
        eye_left=left,
        eye_right=right,
        facing=facing,
    )


CLASSES = (
    FACEWRIGHT_OT_copy_face,
    FACEWRIGHT_OT_keys_to_bones,
    FACEWRIGHT_OT_bones_to_keys,
)
