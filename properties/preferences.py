# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to the person at this machine."""

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from .paths import PATH_OPTIONS

_PACKAGE = __package__.rpartition(".")[0]

_TAKE_FOLDER = "//takes"


class FacewrightPreferences(bpy.types.AddonPreferences):
    """Facewright's page in the preferences."""

    bl_idname = _PACKAGE

    device: EnumProperty(
        name="Device",
        description="What runs the networks",
        items=[
            ("auto", "Automatic", "CUDA where this Blender has it, else the processor"),
            ("cuda", "CUDA", "An NVIDIA card"),
            ("cpu", "CPU", "The processor"),
        ],
    )
    streams: IntProperty(
        name="Streams",
        description="Stretches of a clip tracked side by side; 0 chooses by the processor",
        min=0,
        max=16,
    )
    take_folder: StringProperty(
        name="Takes",
        description="Folder for takes; // is the folder of the .blend file. An unsaved file's "
        "takes go to Facewright's user folder",
        default=_TAKE_FOLDER,
        subtype="DIR_PATH",
        options=PATH_OPTIONS,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the page."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "device")
        layout.prop(self, "streams")
        layout.prop(self, "take_folder")


CLASSES = (FacewrightPreferences,)


def preferences_of(context: bpy.types.Context) -> FacewrightPreferences | None:
    """The preferences; None where Facewright runs without being enabled as an add-on."""
    addon = context.preferences.addons.get(_PACKAGE)
    return addon.preferences if addon else None


def chosen_take_folder(context: bpy.types.Context) -> str:
    """Where takes go, as the preferences have it; see ``scene.capture.take_folder``."""
    preferences = preferences_of(context)
    return preferences.take_folder if preferences else _TAKE_FOLDER
