# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of takes: look, annotate, rename, delete."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.capture import shot_of
from ..properties.preferences import chosen_take_folder
from ..properties.run import run_of
from ..properties.takes import selected_take
from ..scene import takes
from ..scene.capture import take_folder
from ..scene.redraw import redraw_panels
from .why_not import TellsWhyNot

_TAKE = bpy.props.StringProperty(
    name="Take",
    description="Path of the take; empty is the selected one of the list",
    subtype="FILE_PATH",
    options={"HIDDEN", "SKIP_SAVE"},
)


def refresh_takes(context: bpy.types.Context, select: Path | None = None) -> None:
    """Read the take folder into the list of the panel.

    Args:
        context: Its scene's take is listed wherever it is.
        select: The take to select; by default the selection stays.
    """
    listed = run_of(context).takes
    chosen = selected_take(run_of(context))
    wanted = str(select) if select else chosen.path if chosen else ""
    shot = shot_of(context)
    used = Path(bpy.path.abspath(shot.take)).absolute() if shot.take else None
    folder = take_folder(chosen_take_folder(context), make=False)
    listed.takes.clear()
    for summary in takes.find_takes(folder.absolute(), used):
        item = listed.takes.add()
        item.name, item.path = summary.path.stem, str(summary.path)
        item.date = summary.created.astimezone().strftime("%Y-%m-%d %H:%M")
        minutes, seconds = divmod(summary.length_s, 60)
        item.length = f"{minutes:.0f}:{seconds:04.1f}"
        item.is_complete, item.star = summary.is_complete, summary.star
        item.note, item.problem = summary.note, summary.problem
        item.speech = summary.speech
    paths = [item.path for item in listed.takes]
    listed.index = paths.index(wanted) if wanted in paths else 0
    redraw_panels()


class OneTake(TellsWhyNot):
    """Mixin for what is done with one take: the named one, or the selected one."""

    take: _TAKE

    def path(self, context: bpy.types.Context) -> Path:
        """The take's path.

        Raises:
            FacewrightError: ``no-take``.
        """
        if self.take:
            return Path(bpy.path.abspath(self.take)).absolute()
        selected = selected_take(run_of(context))
        if selected is None:
            raise FacewrightError(
                "No take is selected.", "Refresh the list and select one.", "no-take"
            )
        return Path(selected.path)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it, or say what is wrong."""
        try:
            self.run(context, self.path(context))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def run(self, context: bpy.types.Context, take: Path) -> None:
        """What the operator does; raises FacewrightError."""
        raise NotImplementedError


class FACEWRIGHT_OT_refresh_takes(bpy.types.Operator):
    """Read the folder of takes again"""

    bl_idname = "facewright.refresh_takes"
    bl_label = "Refresh Takes"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read the folder."""
        refresh_takes(context)
        return {"FINISHED"}


class FACEWRIGHT_OT_open_take_folder(bpy.types.Operator):
    """Show the folder of takes in the system's file browser"""

    bl_idname = "facewright.open_take_folder"
    bl_label = "Open Folder of Takes"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open the folder."""
        try:
            folder = take_folder(chosen_take_folder(context))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return bpy.ops.wm.path_open(filepath=str(folder))


class FACEWRIGHT_OT_star_take(OneTake, bpy.types.Operator):
    """Mark this take as a good one, or take the mark away"""

    bl_idname = "facewright.star_take"
    bl_label = "Star"

    def run(self, context: bpy.types.Context, take: Path) -> None:
        """The opposite of what it was."""
        takes.annotate_take(take, star=not takes.read_take(take).star)
        refresh_takes(context)


class FACEWRIGHT_OT_set_take_note(OneTake, bpy.types.Operator):
    """Write a note on this take; it is kept in the take's file"""

    bl_idname = "facewright.set_take_note"
    bl_label = "Note"

    note: bpy.props.StringProperty(
        name="Note", description="What to remember of the take", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the note."""
        selected = selected_take(run_of(context))
        self.note = selected.note if selected else ""
        return context.window_manager.invoke_props_dialog(self)

    def run(self, context: bpy.types.Context, take: Path) -> None:
        """Store it."""
        takes.annotate_take(take, note=self.note)
        refresh_takes(context)


class FACEWRIGHT_OT_rename_take(OneTake, bpy.types.Operator):
    """Rename this take's file, and the sound that was recorded with it"""

    bl_idname = "facewright.rename_take"
    bl_label = "Rename Take"

    name: bpy.props.StringProperty(name="Name", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the name."""
        selected = selected_take(run_of(context))
        self.name = selected.name if selected else ""
        return context.window_manager.invoke_props_dialog(self)

    def run(self, context: bpy.types.Context, take: Path) -> None:
        """Rename, and keep it selected."""
        refresh_takes(context, select=takes.rename_take(take, self.name))


class FACEWRIGHT_OT_delete_take(OneTake, bpy.types.Operator):
    """Delete this take's file for good, and the sound that was recorded with it; its keyframes \
stay. This cannot be undone"""

    bl_idname = "facewright.delete_take"
    bl_label = "Delete Take"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        try:
            take = self.path(context)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=f"Delete {take.name}?",
            message="The file is deleted for good; keyframes stay",
            confirm_text="Delete",
        )

    def run(self, context: bpy.types.Context, take: Path) -> None:
        """Delete."""
        takes.delete_take(take)
        refresh_takes(context)
        self.report({"INFO"}, f"{take.name} was deleted")


CLASSES = (
    FACEWRIGHT_OT_refresh_takes,
    FACEWRIGHT_OT_open_take_folder,
    FACEWRIGHT_OT_star_take,
    FACEWRIGHT_OT_set_take_note,
    FACEWRIGHT_OT_rename_take,
    FACEWRIGHT_OT_delete_take,
)
