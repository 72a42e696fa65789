# SPDX-License-Identifier: GPL-3.0-or-later
"""The sub-panels of "Mapping": the chosen channel, its response and pose, and all parts at once."""

import bpy

from ..properties.live import PARTS
from ..properties.mapping_edit import (
    RESPONSE_GROUP,
    active_row,
    edit_of,
    has_pose,
    key_owner,
    mapped_object,
    rig_of,
)
from ..properties.run import run_of
from .capture import FacewrightPanel

_PRESETS = ("LINEAR", "EASE", "STRONG", "SOFT")


class _ChannelPanel(FacewrightPanel):
    """Mixin: a panel of the chosen channel."""

    bl_parent_id = "FACEWRIGHT_PT_mapping"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where a channel is chosen."""
        owner = mapped_object(context)
        return owner is not None and active_row(owner.facewright_mapping) is not None


class FACEWRIGHT_PT_mapping_channel(_ChannelPanel, bpy.types.Panel):
    """Test, targets and numbers."""

    bl_label = "Channel"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the chosen channel."""
        layout = self.settings_layout()
        row, edit = active_row(mapped_object(context).facewright_mapping), edit_of(context)
        layout.label(text=row.name, icon="SHAPEKEY_DATA")
        test = layout.row(align=True)
        test.use_property_split = False
        test.enabled = not run_of(context).live.is_live
        test.prop(edit, "test", slider=True)
        test.prop(edit, "hold", text="", icon="PINNED" if edit.hold else "UNPINNED")
        test.operator("facewright.test_all_channels", text="", icon="PLAY")
        for index, drive in enumerate(row.drives):
            _draw_drive(layout, context, drive, index)
        layout.operator_menu_enum("facewright.add_drive", "kind", icon="ADD")
        column = layout.column(align=True)
        for name in ("gain", "offset", "low", "high"):
            column.prop(row, name)
        layout.prop(row, "invert")
        layout.prop(row, "mute")
        layout.prop(row, "approximate")
        if row.approximate or row.note:
            layout.prop(row, "note")
        layout.operator("facewright.reset_channel", icon="LOOP_BACK")


class FACEWRIGHT_PT_mapping_response(_ChannelPanel, bpy.types.Panel):
    """The response curve."""

    bl_label = "Response"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw presets and the curve."""
        layout = self.settings_layout()
        row = active_row(mapped_object(context).facewright_mapping)
        presets = layout.row(align=True)
        for name in _PRESETS:
            button = presets.operator("facewright.response_preset", text=name.capitalize())
            button.preset = name
        group = bpy.data.node_groups.get(RESPONSE_GROUP)
        is_shown = group is not None
        layout.operator(
            "facewright.edit_response",
            text="Hide Curve" if is_shown else "Edit Curve",
            icon="FCURVE",
            depress=is_shown,
        )
        # Another channel may have been chosen a moment ago.
        if is_shown and group.get("row", "").endswith(f" {row.name}"):
            layout.template_curve_mapping(group.nodes[0], "mapping")
        elif row.curve:
            layout.label(text=f"{row.curve.count(';') + 1} points")


class FACEWRIGHT_PT_mapping_pose(_ChannelPanel, bpy.types.Panel):
    """Pose it and store it."""

    bl_label = "Stored Pose"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what can be done with the channel's pose."""
        layout = self.settings_layout()
        mapping, edit = mapped_object(context).facewright_mapping, edit_of(context)
        is_stored = has_pose(mapping, active_row(mapping).name)
        icon = "CHECKMARK" if is_stored else "DOT"
        layout.label(text="A pose is stored" if is_stored else "No pose is stored", icon=icon)
        layout.prop(mapping, "poses_object")
        layout.prop(edit, "mirror_pose")
        row = layout.row(align=True)
        row.operator("facewright.store_pose", icon="ARMATURE_DATA")
        row.operator("facewright.store_pose", text="Selected Bones").selected = True
        row = layout.row(align=True)
        shown = row.row(align=True)
        shown.enabled = is_stored
        shown.operator("facewright.show_pose")
        shown.operator("facewright.clear_pose")
        row.operator("facewright.rest_pose")


class FACEWRIGHT_PT_mapping_parts(_ChannelPanel, bpy.types.Panel):
    """Gains by part of the face, and mirroring."""

    bl_label = "Whole Face"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the factors."""
        layout = self.settings_layout()
        mapping = mapped_object(context).facewright_mapping
        layout.prop(mapping, "mirror")
        column = layout.column(align=True)
        for part in PARTS:
            if hasattr(mapping.gains, part):
                column.prop(mapping.gains, part, slider=True)


def _draw_drive(layout: bpy.types.UILayout, context: bpy.types.Context, drive, index: int) -> None:
    box = layout.box().column(align=True)
    head = box.row(align=True)
    head.prop(drive, "kind", text="")
    head.operator("facewright.remove_drive", text="", icon="X").index = index
    box.prop(drive, "object")
    if drive.kind == "KEY":
        owner = drive.object or key_owner(context)
        keys = getattr(owner.data, "shape_keys", None) if owner else None
        _search(box, drive, keys, "key_blocks", "Key")
        box.prop(drive, "weight")
        return
    if drive.kind == "BONE":
        rig = drive.object or rig_of(context)
        is_rig = rig is not None and rig.type == "ARMATURE"
        _search(box, drive, rig.data if is_rig else None, "bones", "Bone")
        box.prop(drive, "transform")
        box.row().prop(drive, "axis", expand=True)
        unit = {"rotation": "Degrees", "location": "Distance", "scale": "Scale Added"}
        box.prop(drive, "weight", text=unit[drive.transform])
    else:
        box.prop(drive, "target", text="Data Path")
        box.prop(drive, "weight", text="Amount")
    box.prop(drive, "rest")


def _search(layout: bpy.types.UILayout, drive, data, items: str, label: str) -> None:
    if data is None:
        layout.prop(drive, "target", text=label)
    else:
        layout.prop_search(drive, "target", data, items, text=label)


CLASSES = (
    FACEWRIGHT_PT_mapping_channel,
    FACEWRIGHT_PT_mapping_response,
    FACEWRIGHT_PT_mapping_pose,
    FACEWRIGHT_PT_mapping_parts,
)
