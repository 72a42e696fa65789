# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel "Takes": which there are, and what of them goes onto the character."""

import bpy

from ..properties.capture import shot_of
from ..properties.run import run_of
from ..properties.takes import selected_take
from .capture import FacewrightPanel
from .sentence import draw_sentence


class FACEWRIGHT_UL_takes(bpy.types.UIList):
    """A line a take."""

    def draw_item(
        self,
        _context,
        layout,
        _data,
        item,
        _icon,
        _active_data,
        _active_property,
        _index=0,
        _flags=0,
    ) -> None:
        """Draw state, name, date, length and star."""
        state = "ERROR" if item.problem else "CHECKMARK" if item.is_complete else "SORTTIME"
        split = layout.split(factor=0.45, align=True)
        split.label(text=item.name, icon=state)
        row = split.row(align=True)
        # The year is below the list.
        row.label(text=item.date[5:])
        length = row.row()
        length.alignment = "RIGHT"
        length.label(text=item.length)
        icon = "SOLO_ON" if item.star else "SOLO_OFF"
        row.operator("facewright.star_take", text="", icon=icon, emboss=False).take = item.path


class FACEWRIGHT_PT_takes(FacewrightPanel, bpy.types.Panel):
    """The list, and what is done with a whole take."""

    bl_label = "Takes"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the list and the buttons; it never reads a file."""
        layout = self.settings_layout()
        run, shot = run_of(context), shot_of(context)
        row = layout.row()
        row.template_list("FACEWRIGHT_UL_takes", "", run.takes, "takes", run.takes, "index", rows=4)
        selected = selected_take(run)
        column = row.column(align=True)
        column.operator("facewright.refresh_takes", text="", icon="FILE_REFRESH")
        column.operator("facewright.open_take_folder", text="", icon="FILE_FOLDER")
        column.separator()
        one = column.column(align=True)
        one.enabled = selected is not None
        one.operator("facewright.set_take_note", text="", icon="TEXT")
        one.operator("facewright.rename_take", text="", icon="GREASEPENCIL")
        one.operator("facewright.delete_take", text="", icon="TRASH")
        if selected is None:
            draw_sentence(layout, context, "Track a clip or record, then a take is here", "INFO")
        elif selected.problem:
            draw_sentence(layout, context, selected.problem, "ERROR")
        else:
            state = "complete" if selected.is_complete else "unfinished"
            layout.label(text=f"{selected.date}, {selected.length}, {state}", icon="TIME")
            if selected.note:
                draw_sentence(layout, context, selected.note, "TEXT")
        row = layout.row(align=True)
        use = row.row(align=True)
        use.enabled = selected is not None
        use.operator("facewright.use_take", icon="ACTION")
        row.operator("facewright.compare_takes", icon="ARROW_LEFTRIGHT")
        if action := _shown_action(shot.target):
            layout.label(text=f"Plays: {action.name}", icon="PLAY")


class FACEWRIGHT_PT_take_parts(FacewrightPanel, bpy.types.Panel):
    """What a part of a take is."""

    bl_label = "Parts and Punch-In"
    bl_parent_id = "FACEWRIGHT_PT_takes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the parts of the face and the punch range, each with its button."""
        layout = self.settings_layout()
        chosen = shot_of(context).takes
        layout.enabled = selected_take(run_of(context)) is not None
        flow = layout.grid_flow(columns=2, even_columns=True, align=True)
        flow.use_property_split = False
        flow.prop(chosen, "regions")
        layout.operator("facewright.write_region", icon="MOD_MASK")
        layout.separator()
        row = layout.row(align=True)
        row.use_property_split = False
        row.prop(chosen, "punch_start")
        row.prop(chosen, "punch_end")
        row.operator("facewright.punch_range_from_preview", text="", icon="PREVIEW_RANGE")
        layout.prop(chosen, "punch_ease")
        layout.prop(chosen, "punch_parts_only")
        layout.operator("facewright.punch_in_take", icon="TRACKING_REFINE_FORWARDS")


def _shown_action(target: bpy.types.Object | None) -> bpy.types.Action | None:
    """The action that animates the target's shape keys now."""
    keys = getattr(target.data, "shape_keys", None) if target else None
    return keys.animation_data.action if keys and keys.animation_data else None


CLASSES = (FACEWRIGHT_UL_takes, FACEWRIGHT_PT_takes, FACEWRIGHT_PT_take_parts)
