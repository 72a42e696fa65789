# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel "Live": a camera or a voice onto the character, recording, calibration."""

import bpy

from ..properties.capture import shot_of
from ..properties.live import PARTS, speaks
from ..properties.run import run_of
from ..properties.why_not import live_disabled_reason, send_disabled_reason
from .capture import FacewrightPanel
from .sentence import draw_sentence

# Beside a panel's content: its own edges and the tabs, in twenties of pixels.
_MARGIN = 3.2
# The camera's picture is not finer than this.
_LARGEST = 16.0


class FACEWRIGHT_PT_live(FacewrightPanel, bpy.types.Panel):
    """Start, Record, Calibrate."""

    bl_label = "Live"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the source and Start, or how it is going."""
        layout = self.settings_layout()
        shot, run = shot_of(context), run_of(context)
        live = shot.live
        if run.live.is_live:
            _draw_live(layout, context, run.live)
        else:
            _draw_source(layout, context, shot, run.live)
            column = layout.column()
            column.scale_y = 1.4
            icon = "OUTLINER_OB_SPEAKER" if speaks(shot) else "OUTLINER_OB_CAMERA"
            column.operator("facewright.capture_webcam", icon=icon)
            if reason := live_disabled_reason(context):
                draw_sentence(layout, context, reason, "INFO")
            if run.live.problem:
                draw_sentence(layout, context, run.live.problem, "ERROR")
        column = layout.column()
        column.prop(live, "preview")
        row = column.row()
        row.active = live.preview
        row.prop(live, "while_playing")
        row = column.row()
        row.enabled = not _is_heard(context)
        row.prop(live, "show_picture")


class FACEWRIGHT_PT_live_record(FacewrightPanel, bpy.types.Panel):
    """How takes are recorded and a face is calibrated."""

    bl_label = "Recording and Calibration"
    bl_parent_id = "FACEWRIGHT_PT_live"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw countdown, timeline, punch-in, microphone, profile."""
        layout = self.settings_layout()
        shot = shot_of(context)
        live = shot.live
        layout.prop(live, "countdown")
        column = layout.column()
        column.active = not live.punch
        column.prop(live, "play")
        row = column.row()
        row.active = live.play
        row.prop(live, "stop_at_end")
        layout.prop(live, "punch")
        if live.punch:
            column = layout.column(align=True)
            column.prop(shot.takes, "punch_start")
            column.prop(shot.takes, "punch_end")
            column.prop(shot.takes, "punch_ease")
            column.prop(live, "preroll")
        row = layout.row()
        row.active = live.play or live.punch
        row.prop(live, "delay")
        heard = _is_heard(context)
        row = layout.row()
        row.enabled = not heard
        row.prop(live, "use_microphone")
        if live.use_microphone and live.source == "CAMERA":
            layout.prop_search(
                live,
                "microphone",
                run_of(context).live,
                "microphones",
                results_are_suggestions=True,
            )
        layout.separator()
        column = layout.column()
        column.enabled = not heard
        column.prop(live, "performer_name")
        column.prop(live, "calibrate_s")
        row = column.row(align=True)
        row.prop(shot.solve, "performer")
        row.operator("facewright.choose_performer", text="", icon="USER")
        if heard:
            text = "The sound is always recorded. There is no face to calibrate"
            draw_sentence(layout, context, text, "INFO")


class FACEWRIGHT_PT_live_smoothing(FacewrightPanel, bpy.types.Panel):
    """How live values are calmed."""

    bl_label = "Live Smoothing"
    bl_parent_id = "FACEWRIGHT_PT_live"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the strengths."""
        layout = self.settings_layout()
        live, heard = shot_of(context).live, _is_heard(context)
        if heard:
            text = "Speech is shown as it comes, so that lips that close stay closed"
            draw_sentence(layout, context, text, "INFO")
        calmed = layout.column()
        calmed.enabled = not heard
        row = calmed.row()
        row.label(text="Responsive")
        row.label(text="Steady")
        column = calmed.column(align=True)
        for part in PARTS:
            column.prop(live, f"steady_{part}")
        calmed.prop(live, "keep_blinks")
        layout.prop(live, "gap_policy")


class FACEWRIGHT_PT_live_send(FacewrightPanel, bpy.types.Panel):
    """The face goes to another program."""

    bl_label = "Send"
    bl_parent_id = "FACEWRIGHT_PT_live"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the receiver, Start and Stop, and how it goes."""
        layout = self.settings_layout()
        shot, run = shot_of(context), run_of(context).live
        live = shot.live
        layout.prop(live, "send_dialect")
        layout.prop(live, "send_address")
        layout.prop(live, "send_port")
        column = layout.column()
        column.scale_y = 1.4
        if run.is_sending:
            column.operator("facewright.stop_sending", icon="CANCEL")
            box = layout.box()
            draw_sentence(box, context, run.send_status, "NONE")
        else:
            column.operator("facewright.start_sending", icon="EXPORT")
            if reason := send_disabled_reason(context):
                draw_sentence(layout, context, reason, "INFO")
        if run.send_problem:
            draw_sentence(layout, context, run.send_problem, "ERROR")


def _is_heard(context: bpy.types.Context) -> bool:
    """Whether sound moves the mouth: what is captured now, else what is chosen."""
    run = run_of(context).live
    return run.speaks if run.is_live else speaks(shot_of(context))


def _draw_source(layout: bpy.types.UILayout, context: bpy.types.Context, shot, run) -> None:
    live = shot.live
    # Four words side by side are cut off in a narrow sidebar.
    flow = layout.grid_flow(columns=2, even_columns=True, row_major=True, align=True)
    flow.use_property_split = False
    flow.prop(live, "source", expand=True)
    if live.source == "CLIP":
        layout.prop(shot, "video", text="Clip")
    elif live.source == "STREAM":
        _draw_stream(layout, context, live, run)
    elif live.source == "MICROPHONE":
        row = layout.row(align=True)
        row.prop_search(live, "microphone", run, "microphones", results_are_suggestions=True)
        row.operator("facewright.find_devices", text="", icon="FILE_REFRESH")
        if run.microphones_status:
            draw_sentence(layout, context, run.microphones_status, "INFO")
    else:
        row = layout.row(align=True)
        row.prop_search(live, "camera", run, "cameras", results_are_suggestions=True)
        row.operator("facewright.find_devices", text="", icon="FILE_REFRESH")
        if run.devices_status:
            draw_sentence(layout, context, run.devices_status, "INFO")
        layout.prop(live, "size")
        layout.prop(live, "rate")
    row = layout.row()
    row.enabled = not speaks(shot)
    row.prop(live, "mirror")
    layout.prop(shot, "target")
    if speaks(shot):
        draw_sentence(layout, context, "Only jaw, lips and tongue follow", "INFO")


def _columns(context: bpy.types.Context) -> float:
    """Width of the sidebar's panels, in the unit of ``template_icon``: twenty pixels."""
    width = context.region.width / (20 * context.preferences.system.ui_scale)
    return min(max(width - _MARGIN, 4.0), _LARGEST)


def _draw_stream(layout: bpy.types.UILayout, context: bpy.types.Context, live, run) -> None:
    layout.prop(live, "dialect")
    if live.dialect in ("ifacialmocap", "facemotion3d"):
        layout.prop(live, "transport")
    layout.prop(live, "port")
    layout.prop(live, "phone")
    row = layout.row(heading="Listen on")
    row.enabled = not live.phone
    row.prop(run, "network", text="Network")
    if (run.network or live.phone) and run.addresses:
        draw_sentence(layout, context, f"This computer: {run.addresses}", "URL")


def _draw_live(layout: bpy.types.UILayout, context: bpy.types.Context, run) -> None:
    if run.picture:
        layout.template_icon(icon_value=run.picture, scale=_columns(context))
    box = layout.box()
    icon = "OUTLINER_DATA_SPEAKER" if run.speaks else "OUTLINER_DATA_CAMERA"
    draw_sentence(box, context, run.status, icon)
    if run.speaks:
        draw_sentence(box, context, "How far the mouth goes: Speech > Amounts", "INFO")
    if run.rate:
        draw_sentence(box, context, run.rate, "TIME")
    if run.problem:
        draw_sentence(box, context, run.problem, "ERROR")
    if run.activity:
        box.label(text=run.activity, icon="REC" if run.is_recording else "PREVIEW_RANGE")
    row = layout.row(align=True)
    row.scale_y = 1.4
    record = row.row(align=True)
    record.enabled = not run.is_finishing
    record.alert = run.is_recording
    text = "Cancel" if run.is_counting else "Stop Recording" if run.is_recording else "Record"
    record.operator("facewright.record_take", text=text, icon="REC")
    row.operator("facewright.stop_live", icon="SNAP_FACE")
    row = layout.row()
    row.enabled = not (run.is_counting or run.is_recording or run.is_finishing)
    row.operator("facewright.calibrate_performer", icon="USER")


CLASSES = (
    FACEWRIGHT_PT_live,
    FACEWRIGHT_PT_live_record,
    FACEWRIGHT_PT_live_smoothing,
    FACEWRIGHT_PT_live_send,
)
