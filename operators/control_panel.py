# SPDX-License-Identifier: GPL-3.0-or-later
"""Add and remove a panel of sliders for the 52 channels."""

from __future__ import annotations

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.why_not import shapes_disabled_reason
from ..scene.control_panel import add_control_panel, has_control_panel, remove_control_panel
from .keys import target_objects
from .why_not import TellsWhyNot


class FACEWRIGHT_OT_add_control_panel(TellsWhyNot, bpy.types.Operator):
    """Add an armature with a slider for each channel, which drives the target's keys. Captures \
then write their keyframes on the sliders"""

    bl_idname = "facewright.add_control_panel"
    bl_label = "Add Control Panel"
    bl_options = {"REGISTER", "UNDO"}

    size: bpy.props.FloatProperty(
        name="Size",
        description="Length of a slider; 0 chooses it by the size of the character",
        min=0.0,
        subtype="DISTANCE",
    )

    why_not = staticmethod(shapes_disabled_reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add it."""
        try:
            objects = target_objects(context, context.scene)
            rig, warnings = add_control_panel(context, objects, self.size)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for sentence in warnings:
            self.report({"WARNING"}, sentence)
        self.report({"INFO"}, f'{len(rig.pose.bones)} sliders on "{rig.name}"')
        return {"FINISHED"}


class FACEWRIGHT_OT_remove_control_panel(TellsWhyNot, bpy.types.Operator):
    """Remove the target's control panel and its drivers; the mapping from before comes back"""

    bl_idname = "facewright.remove_control_panel"
    bl_label = "Remove Control Panel"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only where there is one."""
        reason = shapes_disabled_reason(context)
        if not reason and not has_control_panel(target_objects(context, context.scene)):
            reason = "The target has no control panel"
        return reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove it."""
        try:
            said = remove_control_panel(target_objects(context, context.scene))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, said)
        return {"FINISHED"}


CLASSES = (FACEWRIGHT_OT_add_control_panel, FACEWRIGHT_OT_remove_control_panel)
