# SPDX-License-Identifier: GPL-3.0-or-later
"""The sub-panel "Confidence": how far the take can be trusted, and what to do about doubt."""

import bpy

from ..properties.capture import shot_of
from ..properties.run import run_of
from ..properties.why_not import confidence_disabled_reason
from .capture import FacewrightPanel
from .sentence import draw_sentence

_STRETCHES_SHOWN = 12


class FACEWRIGHT_PT_confidence(FacewrightPanel, bpy.types.Panel):
    """How far the take can be trusted."""

    bl_label = "Confidence"
    bl_parent_id = "FACEWRIGHT_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what was last read, the settings, and the buttons for markers."""
        layout = self.settings_layout()
        doubt = shot_of(context).doubt
        _draw_read(layout, run_of(context).confidence)
        if shot_of(context).take and (reason := confidence_disabled_reason(context)):
            draw_sentence(layout, context, reason, "INFO")
        layout.prop(doubt, "policy")
        layout.prop(doubt, "threshold")
        layout.separator()
        layout.prop(doubt, "mark")
        column = layout.column(align=True)
        column.operator("facewright.mark_doubt", icon="MARKER_HLT")
        column.operator("facewright.remove_doubt_markers", icon="X")


def _draw_read(layout: bpy.types.UILayout, read) -> None:
    row = layout.row()
    row.label(text=read.take or "Nothing read yet")
    row.operator("facewright.read_confidence", text="", icon="FILE_REFRESH")
    column = layout.column(align=True)
    for region in read.regions:
        column.progress(
            factor=region.confidence, text=f"{region.name}  {100 * region.confidence:.0f} %"
        )
    for stretch in list(read.stretches)[:_STRETCHES_SHOWN]:
        layout.label(text=stretch.text, icon="ERROR")
    if more := max(0, len(read.stretches) - _STRETCHES_SHOWN):
        layout.label(text=f"and {more} more")


CLASSES = (FACEWRIGHT_PT_confidence,)
