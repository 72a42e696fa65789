# SPDX-License-Identifier: GPL-3.0-or-later
"""The sub-panel "Edit Result": what is done with a result that is on the character already."""

import bpy

from .capture import FacewrightPanel


class FACEWRIGHT_PT_after(FacewrightPanel, bpy.types.Panel):
    """Update, layers, plain keys, stepping, copies, keys and bones."""

    bl_label = "Edit Result"
    bl_parent_id = "FACEWRIGHT_PT_takes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the buttons."""
        layout = self.layout
        layout.operator("facewright.update_result", icon="FILE_REFRESH")
        column = layout.column(align=True)
        column.operator("facewright.push_face_down", icon="NLA_PUSHDOWN")
        column.operator("facewright.add_face_layer", icon="NLA")
        column.operator("facewright.bake_face", icon="KEYFRAME_HLT")
        row = layout.row(align=True)
        row.operator("facewright.step_face", text="On Twos", icon="IPO_CONSTANT").frames = 2
        row.operator("facewright.unstep_face", text="", icon="X")
        layout.operator("facewright.copy_face", icon="DUPLICATE")
        row = layout.row(align=True)
        row.operator("facewright.keys_to_bones", icon="BONE_DATA")
        row.operator("facewright.bones_to_keys", icon="SHAPEKEY_DATA")


CLASSES = (FACEWRIGHT_PT_after,)
