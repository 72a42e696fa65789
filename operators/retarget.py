# SPDX-License-Identifier: GPL-3.0-or-later
"""A character's mapping as a whole: match, check, forget; and what all mapping operators share."""

from __future__ import annotations

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.mapping_edit import (
    RESPONSE_GROUP,
    active_row,
    channel_disabled_reason,
    disabled_reason,
    edit_disabled_reason,
    edit_of,
    mapped_object,
)
from ..properties.retarget import FacewrightMapping, FacewrightRow
from ..scene import channel_test, mapping_edit, response_widget
from ..scene.live import live_session
from ..scene.mapping_report import MappingReport, report_mapping
from ..scene.redraw import redraw_panels
from .keys import target_objects
from .why_not import TellsWhyNot


class MappingOperator(TellsWhyNot):
    """Mixin: something that is done with the mapping of the shot's target."""

    why_not = staticmethod(disabled_reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it, or say what is wrong."""
        # Nothing of what is tried out or drawn shall get mixed up with what is done.
        channel_test.end_test()
        response_widget.sync(RESPONSE_GROUP, shown_row())
        try:
            said = self.run(context, target_objects(context, context.scene))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if said:
            self.report({"INFO"}, said)
        redraw_panels()
        return {"FINISHED"}

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """What the operator does; raises FacewrightError.

        Returns:
            What to report; empty for nothing.
        """
        raise NotImplementedError


class EditOperator(MappingOperator):
    """Mixin: something that is done with the mapping that the character keeps."""

    why_not = staticmethod(edit_disabled_reason)

    @staticmethod
    def mapping(context: bpy.types.Context) -> FacewrightMapping:
        """The character's own mapping."""
        return mapped_object(context).facewright_mapping


class ChannelOperator(EditOperator):
    """Mixin: something that is done with the active channel."""

    why_not = staticmethod(channel_disabled_reason)

    def row(self, context: bpy.types.Context) -> FacewrightRow:
        """The active channel."""
        return active_row(self.mapping(context))


def shown_row() -> FacewrightRow | None:
    """The active channel of the window's scene, or None."""
    owner = mapped_object(bpy.context)
    return active_row(owner.facewright_mapping) if owner else None


def show_report(
    context: bpy.types.Context, objects: list[bpy.types.Object], owner: str
) -> MappingReport:
    """Put what moves what where the panel reads it."""
    report, edit = report_mapping(objects), edit_of(context)
    edit.report.clear()
    edit.result, edit.owner = report.summary(), owner
    for line in report.lines:
        item = edit.report.add()
        item.name, item.status, item.text = line.arkit, line.status, line.text
    for note in report.notes:
        edit.report.add().text = note
    if report.unused:
        edit.report.add().text = f"Keys that no channel moves: {', '.join(report.unused)}"
    redraw_panels()
    return report


class FACEWRIGHT_OT_match_mapping(MappingOperator, bpy.types.Operator):
    """Find out which shape keys and bones of the target each channel moves, and keep that on the \
target to be edited. Gains, curves and poses that are there stay. The character is not changed"""

    bl_idname = "facewright.match_mapping"
    bl_label = "Match"
    bl_options = {"REGISTER", "UNDO"}

    only_empty: bpy.props.BoolProperty(
        name="Empty Channels Only",
        description="Leave channels alone that move something already",
        options={"SKIP_SAVE"},
    )

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Match, keep and report."""
        owner = mapping_edit.match_anew(objects, self.only_empty)
        return f"{owner.name}: {show_report(context, objects, owner.name).summary()}"


class FACEWRIGHT_OT_check_mapping(MappingOperator, bpy.types.Operator):
    """Report anew what each channel moves and what stands in its way. Nothing is changed"""

    bl_idname = "facewright.check_mapping"
    bl_label = "Check"

    why_not = staticmethod(lambda context: "" if context.scene.facewright.target else "No target")

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Report."""
        owner = mapping_edit.owner_of(objects) or objects[0]
        return f"{owner.name}: {show_report(context, objects, owner.name).summary()}"


class FACEWRIGHT_OT_copy_mapping_report(TellsWhyNot, bpy.types.Operator):
    """Copy the report as text, with every channel and its reason"""

    bl_idname = "facewright.copy_mapping_report"
    bl_label = "Copy Report"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only with a report."""
        return "" if edit_of(context).result else "Match or check first"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Into the clipboard."""
        edit = edit_of(context)
        lines = [f"{item.name:20} {item.status:12} {item.text}".strip() for item in edit.report]
        context.window_manager.clipboard = "\n".join([f"{edit.owner}: {edit.result}", *lines, ""])
        self.report({"INFO"}, "The report is in the clipboard")
        return {"FINISHED"}


class FACEWRIGHT_OT_forget_mapping(EditOperator, bpy.types.Operator):
    """Throw the character's own mapping away, with its poses: its keys are matched anew each time \
from now on"""

    bl_idname = "facewright.forget_mapping"
    bl_label = "Forget Mapping"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Clear it."""
        owner = mapping_edit.forget(objects)
        edit = edit_of(context)
        edit.result = ""
        edit.report.clear()
        return f"{owner} is matched automatically now"


def test_disabled_reason(context: bpy.types.Context) -> str:
    """Why no channel can be tried out; empty if one can."""
    reason = channel_disabled_reason(context)
    if not reason and live_session() is not None:
        reason = "Live capture moves the character; stop it first"
    return reason


CLASSES = (
    FACEWRIGHT_OT_match_mapping,
    FACEWRIGHT_OT_check_mapping,
    FACEWRIGHT_OT_copy_mapping_report,
    FACEWRIGHT_OT_forget_mapping,
)
