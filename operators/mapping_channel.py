# SPDX-License-Identifier: GPL-3.0-or-later
"""One channel of a mapping: its targets, its response, solo."""

from __future__ import annotations

import bpy

from ..engine.core.arkit import NAMES
from ..engine.core.errors import FacewrightError
from ..properties.mapping_edit import RESPONSE_GROUP
from ..scene import response_widget
from ..scene.mapping_store import curve_to_text
from ..scene.response_widget import preset
from .retarget import ChannelOperator, EditOperator, shown_row


class FACEWRIGHT_OT_add_drive(ChannelOperator, bpy.types.Operator):
    """Let the channel move one more thing: a shape key, a bone or any property"""

    bl_idname = "facewright.add_drive"
    bl_label = "Add Target"
    bl_options = {"REGISTER", "UNDO"}

    kind: bpy.props.EnumProperty(
        name="Kind",
        description="What is moved",
        items=[
            ("KEY", "Shape Key", "A shape key of the character's meshes"),
            ("BONE", "Bone", "One number of a pose bone"),
            ("PROPERTY", "Property", "Any property that can be animated, by its data path"),
        ],
    )

    def run(self, context: bpy.types.Context, _objects: list[bpy.types.Object]) -> str:
        """Add it, empty; a bone turns by some degrees that are seen."""
        drive = self.row(context).drives.add()
        drive.kind = self.kind
        if self.kind == "BONE":
            drive.weight = 10.0
        return ""


class FACEWRIGHT_OT_remove_drive(ChannelOperator, bpy.types.Operator):
    """Let the channel move this no more"""

    bl_idname = "facewright.remove_drive"
    bl_label = "Remove Target"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(name="Index", min=0, options={"HIDDEN", "SKIP_SAVE"})

    def run(self, context: bpy.types.Context, _objects: list[bpy.types.Object]) -> str:
        """Remove it; a channel without a target is no likeness of anything."""
        row = self.row(context)
        if self.index >= len(row.drives):
            raise FacewrightError(
                f"{row.name} has no target {self.index + 1}.", "Choose one of the list.", "no-drive"
            )
        try:
            row.drives.remove(self.index)
        except TypeError:  # a library override keeps all items that its library has
            row.drives[self.index].target = ""
        if not any(drive.target for drive in row.drives):
            row.approximate, row.note = False, ""
        self.mapping(context).revision += 1
        return ""


class FACEWRIGHT_OT_reset_channel(ChannelOperator, bpy.types.Operator):
    """Gain, offset, limits and response of this channel as they are by default; its targets stay"""

    bl_idname = "facewright.reset_channel"
    bl_label = "Reset Channel"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context, _objects: list[bpy.types.Object]) -> str:
        """Reset all numbers."""
        row = self.row(context)
        for name in ("gain", "offset", "invert", "low", "high", "curve", "handles"):
            row.property_unset(name)
        self.mapping(context).revision += 1
        return ""


class FACEWRIGHT_OT_solo_channel(EditOperator, bpy.types.Operator):
    """Let this channel alone move the character, until it is clicked again. Which channels are \
muted stays as it is"""

    bl_idname = "facewright.solo_channel"
    bl_label = "Solo"
    bl_options = {"REGISTER", "UNDO"}

    channel: bpy.props.StringProperty(
        name="Channel", description="Its ARKit name; empty ends the solo", options={"SKIP_SAVE"}
    )

    def run(self, context: bpy.types.Context, _objects: list[bpy.types.Object]) -> str:
        """Solo it, or end that."""
        if self.channel and self.channel not in NAMES:
            raise FacewrightError(
                f'"{self.channel}" is no ARKit channel.', "Choose one of the 52.", "unknown-channel"
            )
        mapping = self.mapping(context)
        mapping.solo = "" if mapping.solo == self.channel else self.channel
        return ""


class FACEWRIGHT_OT_response_preset(ChannelOperator, bpy.types.Operator):
    """Give the channel this response"""

    bl_idname = "facewright.response_preset"
    bl_label = "Response"
    bl_options = {"REGISTER", "UNDO"}

    preset: bpy.props.EnumProperty(
        name="Response",
        description="How the channel answers",
        items=[
            ("LINEAR", "Linear", "As captured"),
            ("EASE", "Ease", "Slow to begin and slow to end"),
            ("STRONG", "Strong", "Answers small movements strongly"),
            ("SOFT", "Soft", "Answers small movements weakly"),
        ],
    )

    def run(self, context: bpy.types.Context, _objects: list[bpy.types.Object]) -> str:
        """Set the points and show them."""
        row = self.row(context)
        row.curve = curve_to_text(preset(self.preset))
        response_widget.sync(RESPONSE_GROUP, row)
        return ""


class FACEWRIGHT_OT_edit_response(ChannelOperator, bpy.types.Operator):
    """Show the channel's response as a curve to be edited, or hide it"""

    bl_idname = "facewright.edit_response"
    bl_label = "Edit Curve"

    def run(self, _context: bpy.types.Context, _objects: list[bpy.types.Object]) -> str:
        """Start or stop the widget."""
        if RESPONSE_GROUP in bpy.data.node_groups:
            response_widget.stop(RESPONSE_GROUP)
        else:
            response_widget.start(RESPONSE_GROUP, shown_row)
        return ""


CLASSES = (
    FACEWRIGHT_OT_add_drive,
    FACEWRIGHT_OT_remove_drive,
    FACEWRIGHT_OT_reset_channel,
    FACEWRIGHT_OT_solo_channel,
    FACEWRIGHT_OT_response_preset,
    FACEWRIGHT_OT_edit_response,
)
