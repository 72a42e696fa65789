# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar tab "Facewright": source, target, Track, and what came of it."""

import bpy

from ..properties.capture import shot_of
from ..properties.run import draw_progress, run_of
from ..properties.why_not import track_disabled_reason
from .models import draw_engine
from .sentence import draw_sentence

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
        settings.enabled = not (run.is_running or run.live.is_live)
        settings.prop(shot, "video")
        draw_engine(settings, context, shot)
        settings.prop(shot, "face")
        settings.prop(shot, "recover")
        settings.separator()
        settings.prop(shot, "target")
        settings.prop(shot, "use_selected")
        row = settings.row(align=True)
        row.prop(shot, "start_frame")
        row.operator("facewright.start_at_playhead", text="", icon="PLAY")

        if run.is_running:
            draw_progress(layout, run)
        else:
            _draw_buttons(layout, context)
        if run.result:
            _draw_lines(draw_result(layout, context, run), context, run)


def _draw_buttons(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    column = layout.column()
    column.scale_y = 1.4
    column.operator("facewright.track_video", icon="PLAY")
    if reason := track_disabled_reason(context):
        draw_sentence(layout, context, reason, "INFO")
    resume = layout.operator("facewright.track_video", text="Resume", icon="FILE_REFRESH")
    resume.resume = True
    layout.separator()
    layout.prop(shot_of(context), "take")
    layout.operator("facewright.apply_take", icon="ACTION")


def draw_result(layout: bpy.types.UILayout, context: bpy.types.Context, run) -> bpy.types.UILayout:
    """What came of the last job, with what went wrong; returns its box."""
    box = layout.box()
    draw_sentence(box, context, run.result, "NONE")
    for line in [line for line in run.lines if line.icon == "ERROR"]:
        draw_sentence(box, context, line.text, "ERROR")
    return box


def _draw_lines(box: bpy.types.UILayout, context: bpy.types.Context, run) -> None:
    box.prop(run, "show_lines")
    if run.show_lines:
        for line in list(run.lines)[:_LINES_SHOWN]:
            draw_sentence(box, context, line.text, line.icon)


CLASSES = (FACEWRIGHT_PT_capture,)
