# SPDX-License-Identifier: GPL-3.0-or-later
"""The sub-panel that makes the 52 shapes on a head that has none."""

import bpy

from ..properties.capture import shot_of
from .capture import FacewrightPanel


class FACEWRIGHT_PT_shapes(FacewrightPanel, bpy.types.Panel):
    """Landmarks, then shapes."""

    bl_label = "Make Shapes"
    bl_parent_id = "FACEWRIGHT_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the steps."""
        layout = self.settings_layout()
        shot = shot_of(context)
        layout.prop(shot, "target")
        layout.prop(shot, "facing")
        row = layout.row(align=True)
        row.operator("facewright.guess_landmarks")
        row.operator("facewright.remove_landmarks", text="", icon="X")
        layout.prop(shot.shapes, "symmetric")
        layout.prop(shot.shapes, "amounts")
        layout.prop(shot.shapes, "existing")
        layout.operator("facewright.make_shapes", icon="SHAPEKEY_DATA")
        row = layout.row(align=True)
        row.operator("facewright.add_control_panel", icon="OPTIONS")
        row.operator("facewright.remove_control_panel", text="", icon="X")


CLASSES = (FACEWRIGHT_PT_shapes,)
