# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of engine and detector, and the models that they still need."""

import bpy

from ..properties.models import OWN_ENGINE, chosen_parts, missing_rows, takes_detector
from ..properties.runtime import online_disabled_reason
from .sentence import draw_sentence


def draw_engine(layout: bpy.types.UILayout, context: bpy.types.Context, shot) -> None:
    """Engine, detector, quality, and below them each missing model with its buttons."""
    layout.prop(shot, "engine")
    if shot.engine == OWN_ENGINE:
        layout.prop(shot, "engine_file")
    row = layout.row()
    row.enabled = takes_detector(shot)
    row.prop(shot, "detector")
    row = layout.row()
    row.enabled = takes_detector(shot)
    row.prop(shot, "quality", expand=True)
    for info in chosen_parts(shot):
        for missing in missing_rows(info):
            _draw_missing(layout, context, missing)


def _draw_missing(layout: bpy.types.UILayout, context: bpy.types.Context, row) -> None:
    box = layout.box()
    draw_sentence(box, context, f"{row.id}: {row.licence}", "FILE_BLANK")
    buttons = box.row(align=True)
    if not row.accepted:
        buttons.operator("facewright.accept_model", icon="TEXT").model = row.id
    elif row.can_fetch:
        buttons.operator("facewright.fetch_model", icon="IMPORT").model = row.id
    if not row.there:
        buttons.operator("facewright.add_model", icon="FILE_FOLDER").model = row.id
    if row.accepted and row.can_fetch and (reason := online_disabled_reason()):
        draw_sentence(box, context, reason, "INFO")
