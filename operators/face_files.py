# SPDX-License-Identifier: GPL-3.0-or-later
"""Face files of other programs: File > Import, File > Export, and drag and drop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..engine.core.errors import FacewrightError
from ..properties.capture import shot_of
from ..properties.preferences import chosen_take_folder
from ..properties.run import run_of
from ..properties.why_not import take_disabled_reason, write_disabled_reason
from ..scene.capture import take_folder
from ..scene.face_files import READ_SUFFIXES, WRITE_FORMATS, as_take, export_take, suffix_of
from .keys import apply_settings, check_keys, show_keys, show_result, target_objects, write_keys
from .takes import refresh_takes
from .why_not import TellsWhyNot

_LABEL = "Facewright Face Animation"


class FACEWRIGHT_OT_import_face_file(TellsWhyNot, bpy.types.Operator, ImportHelper):
    """Make a take of a face capture file of another program and write its keyframes"""

    bl_idname = "facewright.import_face_file"
    bl_label = "Import Face Animation"
    # No REGISTER: adjusting it in the redo panel would make another take each time.
    bl_options = {"UNDO"}

    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in READ_SUFFIXES), options={"HIDDEN"}
    )
    fps: bpy.props.FloatProperty(
        name="Frame Rate",
        description="Frames per second of the file, where it tells none or a wrong one; 0 as it is",
        default=0.0,
        min=0.0,
        max=1000.0,
        precision=3,
        options={"SKIP_SAVE"},
    )
    start_frame: bpy.props.IntProperty(
        name="Start Frame",
        description="The frame on which the file starts",
        default=1,
        options={"SKIP_SAVE"},
    )

    why_not = staticmethod(write_disabled_reason)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for a file, unless one was dropped."""
        if not self.properties.is_property_set("start_frame"):
            self.start_frame = shot_of(context).start_frame
        if self.properties.is_property_set("filepath") and self.filepath:
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the take, write keys, and make it the shot's."""
        shot, scene = shot_of(context), context.scene
        start = shot.start_frame
        if self.properties.is_property_set("start_frame"):
            start = self.start_frame
        file = Path(bpy.path.abspath(self.filepath)).absolute()
        take = None
        kept = False
        try:
            objects = target_objects(context, scene)
            check_keys(scene, objects)
            take, notes = as_take(file, take_folder(chosen_take_folder(context)), self.fps or None)
            settings = replace(apply_settings(shot, objects), start_frame=start)
            report = write_keys(scene, objects, take, settings)
            kept = True
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            # Whatever went wrong, no take stays that the person did not ask for.
            if not kept and take not in (None, file):
                take.unlink(missing_ok=True)
        shot.take, shot.start_frame = str(take), start
        refresh_takes(context, select=take)
        show_keys(context, report, notes)
        self.report({"INFO"}, f"{file.name}: {run_of(context).result}")
        return {"FINISHED"}


class FACEWRIGHT_OT_export_take(TellsWhyNot, bpy.types.Operator, ExportHelper):
    """Write the shot's take as a face capture file for another program"""

    bl_idname = "facewright.export_take"
    bl_label = "Export Face Animation"

    filename_ext = ".csv"
    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in READ_SUFFIXES), options={"HIDDEN"}
    )
    format: bpy.props.EnumProperty(
        name="Format", description="What the file is written for", items=WRITE_FORMATS
    )
    fps: bpy.props.FloatProperty(
        name="Frame Rate",
        description="Frames per second of the file, if the format has a rate; 0 is the usual one",
        default=0.0,
        min=0.0,
        max=1000.0,
        precision=3,
    )

    why_not = staticmethod(take_disabled_reason)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for a file; it is called as the take unless a name is there."""
        if not self.filepath:
            take = Path(bpy.path.abspath(shot_of(context).take))
            self.filepath = str(take.with_suffix(suffix_of(self.format)))
        return ExportHelper.invoke(self, context, event)

    def check(self, context: bpy.types.Context) -> bool:
        """The suffix follows the format."""
        self.filename_ext = suffix_of(self.format)
        return ExportHelper.check(self, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file."""
        take = Path(bpy.path.abspath(shot_of(context).take))
        file = Path(bpy.path.abspath(self.filepath))
        try:
            lost = export_take(take, file, self.format, self.fps or None)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        show_result(context, f"{take.stem} written to {file.name}", lost)
        self.report({"INFO"}, run_of(context).result)
        return {"FINISHED"}


class FACEWRIGHT_FH_face_file(bpy.types.FileHandler):
    """Face files that are dropped into the 3D view"""

    bl_idname = "FACEWRIGHT_FH_face_file"
    bl_label = _LABEL
    bl_import_operator = FACEWRIGHT_OT_import_face_file.bl_idname
    bl_export_operator = FACEWRIGHT_OT_export_take.bl_idname
    bl_file_extensions = ";".join(READ_SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only over the 3D view."""
        return context.area is not None and context.area.type == "VIEW_3D"


def draw_import_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Entry for ``TOPBAR_MT_file_import``."""
    self.layout.operator(FACEWRIGHT_OT_import_face_file.bl_idname, text=_LABEL)


def draw_export_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Entry for ``TOPBAR_MT_file_export``."""
    self.layout.operator(FACEWRIGHT_OT_export_take.bl_idname, text=_LABEL)


CLASSES = (
    FACEWRIGHT_OT_import_face_file,
    FACEWRIGHT_OT_export_take,
    FACEWRIGHT_FH_face_file,
)
