# SPDX-License-Identifier: GPL-3.0-or-later
"""The sub-panels of how a take becomes keys: smoothing, gain, keyframes, head and eyes."""

import bpy

from ..properties.capture import shot_of
from ..properties.live import PARTS
from .capture import FacewrightPanel


class FACEWRIGHT_PT_smoothing(FacewrightPanel, bpy.types.Panel):
    """Smoothing by part of the face."""

    bl_label = "Smoothing"
    bl_parent_id = "FACEWRIGHT_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the strengths."""
        layout = self.settings_layout()
        shot = shot_of(context)
        column = layout.column(align=True)
        for part in PARTS:
            column.prop(shot, f"smooth_{part}")
        layout.prop(shot, "keep_blinks")
        layout.prop(shot, "keep_lips")


class FACEWRIGHT_PT_gain(FacewrightPanel, bpy.types.Panel):
    """How far each part of the face moves."""

    bl_label = "Gain"
    bl_parent_id = "FACEWRIGHT_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the factors."""
        column = self.settings_layout().column(align=True)
        for part in PARTS:
            column.prop(shot_of(context).gain, part, slider=True)


class FACEWRIGHT_PT_keys(FacewrightPanel, bpy.types.Panel):
    """How keys are written."""

    bl_label = "Keyframes"
    bl_parent_id = "FACEWRIGHT_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw action, gaps, timing and sound."""
        layout = self.settings_layout()
        shot = shot_of(context)
        for name in ("action_mode", "gap_policy", "key_times", "reduce_error"):
            layout.prop(shot, name)
        layout.prop(shot, "use_sound")
        step = layout.column()
        step.active = shot.use_sound
        step.prop(shot, "sound_in_step")
        layout.prop(shot, "extend_scene")
        layout.prop(shot, "keys_and_bones")


class FACEWRIGHT_PT_head(FacewrightPanel, bpy.types.Panel):
    """Head and eyes."""

    bl_label = "Head and Eyes"
    bl_parent_id = "FACEWRIGHT_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw where head and gaze go."""
        layout = self.settings_layout()
        shot = shot_of(context)
        layout.prop(shot, "use_head")
        layout.prop(shot, "use_head_location")
        layout.prop(shot, "head_center")
        layout.prop(shot, "facing")
        layout.prop(shot, "head_object")
        rig = shot.head_object
        if rig and rig.type == "ARMATURE":
            layout.prop_search(shot, "head_bone", rig.data, "bones")
        layout.prop(shot, "neck_share", slider=True)
        if rig and rig.type == "ARMATURE":
            for name in ("neck_bone", "eye_bone_left", "eye_bone_right"):
                layout.prop_search(shot, name, rig.data, "bones")


CLASSES = (FACEWRIGHT_PT_smoothing, FACEWRIGHT_PT_gain, FACEWRIGHT_PT_keys, FACEWRIGHT_PT_head)
