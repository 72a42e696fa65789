# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings from elsewhere and to elsewhere: profiles, files, other characters."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..engine.core.errors import FacewrightError
from ..properties.mapping_edit import mapped_object
from ..scene import mapping_edit
from ..scene.user_folder import user_folder
from .retarget import EditOperator, MappingOperator, show_report

_GLOB = "*.json"
# Blender keeps no reference to the texts of such a list.
_items: list[tuple[str, str, str]] = []


def _profile_items(_operator: object, _context: object) -> list[tuple[str, str, str]]:
    files = mapping_edit.profile_files(_folder(make=False))
    labels = mapping_edit.profile_labels(files)
    _items[:] = [
        (name, labels[name], "One of your own" if name.startswith("user:") else "Ships with it")
        for name in files
    ]
    return _items


class _Loads(MappingOperator):
    """Mixin: another mapping becomes the character's."""

    def loaded(
        self, context: bpy.types.Context, objects: list[bpy.types.Object], owner: bpy.types.Object
    ) -> str:
        """Report what it is on this character."""
        return f"{owner.name}: {show_report(context, objects, owner.name).summary()}"


class FACEWRIGHT_OT_load_mapping_profile(_Loads, bpy.types.Operator):
    """Give the character the mapping of a family of rigs, or one of your own, instead of the one \
that it has"""

    bl_idname = "facewright.load_mapping_profile"
    bl_label = "Load Profile"
    bl_options = {"REGISTER", "UNDO"}
    bl_property = "profile"

    profile: bpy.props.EnumProperty(
        name="Profile", description="Which mapping", items=_profile_items
    )

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Load it."""
        path = mapping_edit.profile_files(_folder(make=False)).get(self.profile)
        if path is None:
            raise FacewrightError(
                f'There is no profile "{self.profile}".', "Choose another one.", "no-profile"
            )
        return self.loaded(context, objects, mapping_edit.load_file(objects, path))


class FACEWRIGHT_OT_import_mapping(_Loads, bpy.types.Operator, ImportHelper):
    """Give the character the mapping of a file, instead of the one that it has"""

    bl_idname = "facewright.import_mapping"
    bl_label = "Import Mapping"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(default=_GLOB, options={"HIDDEN"})

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Read the file."""
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        return self.loaded(context, objects, mapping_edit.load_file(objects, path))


class FACEWRIGHT_OT_export_mapping(EditOperator, bpy.types.Operator, ExportHelper):
    """Save the character's mapping as a readable file. In the folder that is proposed it becomes \
one of your profiles"""

    bl_idname = "facewright.export_mapping"
    bl_label = "Save Mapping"

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default=_GLOB, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for a name, in the folder of one's own profiles."""
        if not self.filepath:
            owner = mapped_object(context)
            name = bpy.path.clean_name(owner.facewright_mapping.title or owner.name)
            self.filepath = str(_folder(make=True) / f"{name}{self.filename_ext}")
        return ExportHelper.invoke(self, context, event)

    def run(self, _context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Write the file."""
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        path = Path(bpy.path.ensure_ext(str(path), self.filename_ext))
        mapping_edit.save_file(objects, path)
        return f"The mapping was written to {path.name}"


class FACEWRIGHT_OT_copy_mapping(_Loads, bpy.types.Operator):
    """Give the character the mapping of another one, instead of the one that it has"""

    bl_idname = "facewright.copy_mapping"
    bl_label = "Copy Mapping From"
    bl_options = {"REGISTER", "UNDO"}

    source: bpy.props.StringProperty(
        name="Object", description="The object that keeps the mapping to copy"
    )

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Copy it."""
        source = bpy.data.objects.get(self.source)
        if source is None:
            raise FacewrightError(
                f'There is no object "{self.source}".', "Choose another one.", "object-missing"
            )
        return self.loaded(context, objects, mapping_edit.copy_from(objects, source))


def _folder(*, make: bool) -> Path:
    folder = user_folder(make=make) / "profiles"
    if make:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


CLASSES = (
    FACEWRIGHT_OT_load_mapping_profile,
    FACEWRIGHT_OT_import_mapping,
    FACEWRIGHT_OT_export_mapping,
    FACEWRIGHT_OT_copy_mapping,
)
