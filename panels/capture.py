# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar tab "Facewright": source, target, Track, and what came of it."""

import bpy

from ..properties.capture import run_of, shot_of, track_disabled_reason

_LINES_SHOWN = 60


class FacewrightPanel:
    """Mixin: a panel of the tab."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Facewright"

    def settings_layout(self) -> bpy.types.UILayout:
        """The panel's layout as property editors lay theirs out."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        return layout


class FACEWRIGHT_PT_capture(FacewrightPanel, bpy.types.Panel):
    """Source, target and the button."""

    bl_label = "Capture"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw settings, or progress while a clip is being tracked."""
        layout = self.settings_layout()
        run, shot = run_of(context), shot_of(context)

        settings = layout.column()
        settings.enabled = not run.is_running
        settings.prop(shot, "video")
        settings.prop(shot, "engine")
        settings.prop(shot, "face")
        settings.prop(shot, "recover")
        settings.separator()
        settings.prop(shot, "target")
        settings.prop(shot, "use_selected")
        row = settings.row(align=True)
        row.prop(shot, "start_frame")
        row.operator("facewright.start_at_playhead", text="", icon="PLAY")

        if run.is_running:
            _draw_progress(layout, run)
        else:
            _draw_buttons(layout, context)
        _draw_result(layout, run)


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
        layout.prop(shot, "extend_scene")


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
            for name in ("head_bone", "eye_bone_left", "eye_bone_right"):
                layout.prop_search(shot, name, rig.data, "bones")


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
        for part in ("brows", "eyelids", "gaze", "cheeks", "jaw", "mouth", "tongue", "head"):
            column.prop(shot, f"smooth_{part}")
        layout.prop(shot, "keep_blinks")
        layout.prop(shot, "keep_lips")


def _draw_progress(layout: bpy.types.UILayout, run) -> None:
    layout.progress(factor=run.factor, text=run.status)
    row = layout.row()
    row.enabled = not run.is_cancelling
    row.operator("facewright.cancel_tracking", icon="CANCEL")


def _draw_buttons(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    column = layout.column()
    column.scale_y = 1.4
    column.operator("facewright.track_video", icon="PLAY")
    if reason := track_disabled_reason(context):
        layout.label(text=reason, icon="INFO")
    resume = layout.operator("facewright.track_video", text="Resume", icon="FILE_REFRESH")
    resume.resume = True
    layout.separator()
    layout.prop(shot_of(context), "take")
    layout.operator("facewright.apply_take", icon="ACTION")


def _draw_result(layout: bpy.types.UILayout, run) -> None:
    if not run.result:
        return
    box = layout.box()
    box.label(text=run.result)
    for line in [line for line in run.lines if line.icon == "ERROR"]:
        box.label(text=line.text, icon="ERROR")
    box.prop(run, "show_lines")
    if run.show_lines:
        column = box.column(align=True)
        for line in list(run.lines)[:_LINES_SHOWN]:
            column.label(text=line.text, icon=line.icon)


CLASSES = (
    FACEWRIGHT_PT_capture,
    FACEWRIGHT_PT_keys,
    FACEWRIGHT_PT_head,
    FACEWRIGHT_PT_smoothing,
)
