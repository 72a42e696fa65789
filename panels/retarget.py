# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel "Mapping": what each channel moves on the character."""

import bpy

from ..properties.capture import shot_of
from ..properties.mapping_edit import (
    STATUSES,
    edit_of,
    has_pose,
    is_listed,
    key_owner,
    mapped_object,
)
from ..properties.retarget import FacewrightMapping, has_mapping
from .capture import FacewrightPanel
from .sentence import draw_sentence

_ICONS = {
    "mapped": "CHECKMARK",
    "approximate": "IPO_EASE_IN_OUT",
    "missing": "X",
    "duplicate": "DUPLICATE",
    "driven": "DRIVER",
    "muted": "HIDE_ON",
    "locked": "LOCKED",
    "beyond": "ARROW_LEFTRIGHT",
    "left-out": "REMOVE",
}
_TARGETS_NAMED = 3
# Letters of a remark; the copied report has all of it.
_LONGEST = 300
# The list in its own window.
_IN_WINDOW = "window"
# Widths in Blender's units: of the buttons of a line, and from where on a line has room for all.
_BUTTONS, _WIDE = 2.4, 22.0
_UNIT_PX = 20.0


class FACEWRIGHT_UL_channels(bpy.types.UIList):
    """A line a channel."""

    # Name of the object whose keys a single target is searched in; set before each drawing.
    keys_of = ""

    def draw_item(
        self,
        context,
        layout,
        data,
        item,
        _icon,
        _active_data,
        _active_property,
        _index=0,
        _flags=0,
    ) -> None:
        """Draw name, targets, gain, mute and solo, as far as there is room for them."""
        room = _WIDE if self.list_id == _IN_WINDOW else _room(context)
        line = layout.split(factor=1 - _BUTTONS / max(room, 2 * _BUTTONS), align=True)
        split = line.split(factor=0.6 if room < _WIDE else 0.38, align=True)
        name = split.row(align=True)
        name.active = not item.mute and data.solo in ("", item.name)
        name.label(text=item.name, icon=_state(data, item) if room >= _WIDE else "NONE")
        rest = split.row(align=True)
        if room >= _WIDE:
            rest = rest.split(factor=0.75, align=True)
        keys = self._keys(item) if room >= _WIDE else None
        if keys:
            rest.prop_search(item.drives[0], "target", keys, "key_blocks", text="")
        else:
            rest.label(text=_targets(data, item))
        if room >= _WIDE:
            rest.prop(item, "gain", text="")
        end = line.row(align=True)
        mute = "HIDE_ON" if item.mute else "HIDE_OFF"
        end.prop(item, "mute", text="", icon=mute, emboss=False)
        solo = "SOLO_ON" if data.solo == item.name else "SOLO_OFF"
        button = end.operator("facewright.solo_channel", text="", icon=solo, emboss=False)
        button.channel = item.name

    def _keys(self, row) -> bpy.types.Key | None:
        """Where the only target of a channel can be chosen there and then; else None."""
        if len(row.drives) != 1 or row.drives[0].kind != "KEY":
            return None
        owner = row.drives[0].object or bpy.data.objects.get(self.keys_of)
        return getattr(owner.data, "shape_keys", None) if owner else None

    def filter_items(self, context, data, name) -> tuple[list[int], list[int]]:
        """Search, part and filter of the panel; the list's own search too."""
        edit, rows = edit_of(context), getattr(data, name)
        typed = self.filter_name.casefold()
        shown = [
            is_listed(edit, row, has_pose(data, row.name))
            and (typed in row.name.casefold()) != bool(typed and self.use_filter_invert)
            for row in rows
        ]
        return [self.bitflag_filter_item if flag else 0 for flag in shown], []


class FACEWRIGHT_MT_mapping_sources(bpy.types.Menu):
    """Objects whose mapping can be copied"""

    bl_label = "Copy Mapping From"

    def draw(self, context: bpy.types.Context) -> None:
        """One entry an object."""
        own = mapped_object(context)
        sources = [ob for ob in bpy.data.objects if ob != own and has_mapping(ob)]
        for ob in sources:
            text = f"{ob.name} ({title})" if (title := ob.facewright_mapping.title) else ob.name
            self.layout.operator("facewright.copy_mapping", text=text).source = ob.name
        if not sources:
            self.layout.label(text="No other object keeps a mapping")


class FACEWRIGHT_MT_mapping(bpy.types.Menu):
    """More that is done with a mapping"""

    bl_label = "Mapping"

    def draw(self, _context: bpy.types.Context) -> None:
        """Files, other characters, and the way back."""
        layout = self.layout
        filled = layout.operator("facewright.match_mapping", text="Match Empty Channels Only")
        filled.only_empty = True
        layout.operator("facewright.fit_mapping")
        layout.separator()
        layout.operator_menu_enum("facewright.load_mapping_profile", "profile")
        layout.operator("facewright.import_mapping", text="Import Mapping...", icon="IMPORT")
        layout.operator("facewright.export_mapping", text="Save Mapping...", icon="EXPORT")
        layout.menu("FACEWRIGHT_MT_mapping_sources", icon="PASTEDOWN")
        layout.separator()
        layout.operator("facewright.forget_mapping", icon="TRASH")


class FACEWRIGHT_PT_mapping(FacewrightPanel, bpy.types.Panel):
    """Match, report and the list of channels."""

    bl_label = "Mapping"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what there is; it changes nothing."""
        layout = self.settings_layout()
        layout.prop(shot_of(context), "target")
        row = layout.row(align=True)
        row.scale_y = 1.2
        row.operator("facewright.match_mapping", icon="VIEWZOOM")
        row.operator("facewright.check_mapping", text="", icon="FILE_REFRESH")
        row.menu("FACEWRIGHT_MT_mapping", text="", icon="DOWNARROW_HLT")
        _draw_report(layout, context)
        owner = mapped_object(context)
        if owner is None:
            text = "Choose a target"
            if shot_of(context).target:
                text = "Its keys are matched anew each time. Press Match to keep and edit that"
            draw_sentence(layout, context, text, "INFO")
            return
        _draw_list(layout, context, owner)


def _draw_report(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    edit = edit_of(context)
    if not edit.result:
        return
    box = layout.box()
    box.use_property_split = False
    head = box.row(align=True)
    icon = "DOWNARROW_HLT" if edit.show_report else "RIGHTARROW"
    mapped, word, others = edit.result.partition("mapped")
    head.prop(edit, "show_report", text=mapped + word, icon=icon, emboss=False)
    head.operator("facewright.copy_mapping_report", text="", icon="COPYDOWN")
    if not edit.show_report:
        if others:
            draw_sentence(box, context, others.lstrip(", "), "NONE")
        return
    for index, (status, label, _) in enumerate(STATUSES):
        lines = [line for line in edit.report if line.status == status]
        if not lines:
            continue
        text = f"{len(lines)} {label}"
        box.prop(edit, "open", index=index, text=text, icon=_ICONS[status], toggle=True)
        if edit.open[index]:
            column = box.column(align=True)
            for line in lines:
                draw_sentence(column, context, f"{line.name}: {line.text}", "NONE")
    for line in edit.report:
        if not line.status:
            text = line.text if len(line.text) < _LONGEST else f"{line.text[:_LONGEST]} ..."
            draw_sentence(box, context, text, "INFO")


def _room(context: bpy.types.Context) -> float:
    """The width that a panel has here, in Blender's units."""
    return context.region.width / (context.preferences.system.ui_scale * _UNIT_PX)


def _draw_list(layout: bpy.types.UILayout, context: bpy.types.Context, owner) -> None:
    edit, mapping = edit_of(context), owner.facewright_mapping
    layout.prop(mapping, "title")
    if mapping.solo:
        row = layout.row(align=True)
        row.alert = True
        text = f"Solo: only {mapping.solo} moves, in keyframes too"
        row.operator("facewright.solo_channel", text=text, icon="SOLO_ON").channel = mapping.solo
    if mapping.fit:
        draw_sentence(layout, context, "Some keys are fitted together; Match ends that", "INFO")
    row = _draw_filters(layout, edit)
    if _room(context) < _WIDE:
        row.popover("FACEWRIGHT_PT_mapping_wide", text="", icon="WINDOW")
    _draw_channels(layout, context, mapping)


def _draw_filters(layout: bpy.types.UILayout, edit) -> bpy.types.UILayout:
    row = layout.row(align=True)
    row.use_property_split = False
    row.prop(edit, "search", text="", icon="VIEWZOOM")
    row.prop(edit, "shown", text="")
    row.prop(edit, "region", text="")
    return row


def _draw_channels(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    mapping: FacewrightMapping,
    list_id: str = "",
) -> None:
    keys = key_owner(context)
    FACEWRIGHT_UL_channels.keys_of = keys.name if keys else ""
    layout.template_list(
        "FACEWRIGHT_UL_channels", list_id, mapping, "rows", mapping, "active", rows=10
    )


class FACEWRIGHT_PT_mapping_wide(bpy.types.Panel):
    """All channels with targets and gains, in a window that is wider than the sidebar"""

    bl_label = "All Channels"
    bl_space_type = "VIEW_3D"
    # Of no region: it opens where its button is.
    bl_region_type = "HEADER"
    bl_ui_units_x = 34
    bl_options = {"INSTANCED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the list."""
        owner = mapped_object(context)
        if owner is not None:
            _draw_filters(self.layout, edit_of(context))
            _draw_channels(self.layout, context, owner.facewright_mapping, _IN_WINDOW)


def _state(mapping: FacewrightMapping, row) -> str:
    if not (any(drive.target for drive in row.drives) or has_pose(mapping, row.name)):
        return "DOT"
    return _ICONS["approximate"] if row.approximate else "CHECKMARK"


def _targets(mapping: FacewrightMapping, row) -> str:
    """What a channel moves, at a glance."""
    names = [drive.target or "?" for drive in row.drives]
    if has_pose(mapping, row.name):
        names.append("stored pose")
    more = len(names) - _TARGETS_NAMED
    text = " + ".join(names[:_TARGETS_NAMED]) + (f" + {more} more" if more > 0 else "")
    return ("~ " if row.approximate else "") + (text or "-")


CLASSES = (
    FACEWRIGHT_UL_channels,
    FACEWRIGHT_MT_mapping_sources,
    FACEWRIGHT_MT_mapping,
    FACEWRIGHT_PT_mapping,
    FACEWRIGHT_PT_mapping_wide,
)
