# SPDX-License-Identifier: GPL-3.0-or-later
"""Add > Mesh > Facewright Head."""

from __future__ import annotations

import bpy
from bpy_extras.object_utils import AddObjectHelper, add_object_align_init

from ..engine.core.errors import FacewrightError
from ..scene.head import create_head
from .why_not import TellsWhyNot


class FACEWRIGHT_OT_add_head(TellsWhyNot, bpy.types.Operator, AddObjectHelper):
    """Add a head with the 52 ARKit shape keys and a head bone, ready to be animated"""

    bl_idname = "facewright.add_head"
    bl_label = "Facewright Head"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Object mode only, as for the armature that comes with the head."""
        return "" if context.mode == "OBJECT" else "Switch to Object Mode to add a head"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add the head at the 3D cursor, or where the redo panel says, and select it."""
        place = add_object_align_init(context, operator=self)
        try:
            head = create_head(context)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        head.parent.matrix_world = place
        for other in context.selected_objects:
            other.select_set(False)
        head.select_set(True)
        context.view_layer.objects.active = head
        return {"FINISHED"}


def draw_add_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Entry for ``VIEW3D_MT_mesh_add``."""
    self.layout.operator(FACEWRIGHT_OT_add_head.bl_idname, icon="USER")


CLASSES = (FACEWRIGHT_OT_add_head,)
