# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how far a take can be trusted, and mark what should be checked on the timeline."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.capture import shot_of
from ..properties.why_not import confidence_disabled_reason
from ..scene.capture import mark_take, take_doubt
from ..scene.markers import has_markers, remove_markers
from .keys import show_doubt
from .why_not import TellsWhyNot


class _NeedsTake(TellsWhyNot):
    """Only where a take is chosen, and a face was seen."""

    why_not = staticmethod(confidence_disabled_reason)


class FACEWRIGHT_OT_read_confidence(_NeedsTake, bpy.types.Operator):
    """Read from the take how sure the solver is of each part of the face"""

    bl_idname = "facewright.read_confidence"
    bl_label = "Read Confidence"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read and show."""
        shot = shot_of(context)
        take = Path(bpy.path.abspath(shot.take))
        try:
            doubt = take_doubt(take, shot.doubt.threshold)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        show_doubt(context, take.stem, doubt)
        return {"FINISHED"}


class FACEWRIGHT_OT_mark_doubt(_NeedsTake, bpy.types.Operator):
    """Set markers on the timeline where the solver was not sure of the face, in place of the \
earlier ones"""

    bl_idname = "facewright.mark_doubt"
    bl_label = "Mark Stretches to Check"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set markers."""
        shot = shot_of(context)
        take = Path(bpy.path.abspath(shot.take))
        try:
            doubt, count = mark_take(context.scene, take, shot.start_frame, shot.doubt.threshold)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        show_doubt(context, take.stem, doubt)
        plural = "" if count == 1 else "s"
        self.report({"INFO"}, f"{count} marker{plural} set" if count else "Nothing to check")
        return {"FINISHED"}


class FACEWRIGHT_OT_remove_doubt_markers(TellsWhyNot, bpy.types.Operator):
    """Remove the markers that Facewright has set; those that were moved or renamed stay"""

    bl_idname = "facewright.remove_doubt_markers"
    bl_label = "Remove Markers"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only where there are some."""
        return "" if has_markers(context.scene) else "Facewright has set no markers in this scene"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove markers."""
        remove_markers(context.scene)
        return {"FINISHED"}


CLASSES = (
    FACEWRIGHT_OT_read_confidence,
    FACEWRIGHT_OT_mark_doubt,
    FACEWRIGHT_OT_remove_doubt_markers,
)
