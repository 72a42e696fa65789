# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose among the performer profiles that were saved beside the takes."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.requests import PERFORMER_SUFFIX
from ..properties.capture import shot_of
from ..properties.preferences import chosen_take_folder
from ..scene.capture import take_folder

# Blender keeps no reference to the texts of a dynamic list.
_shown: list[tuple[str, str, str]] = []


def _profiles(_operator: bpy.types.Operator, context: bpy.types.Context | None) -> list:
    """The profiles in the take folder, the newest first, after "none"."""
    folder = take_folder(chosen_take_folder(context or bpy.context), make=False)
    found = sorted(folder.glob(f"*{PERFORMER_SUFFIX}"), key=_age) if folder.is_dir() else []
    _shown[:] = [
        ("NONE", "None", "Learn the face at rest from what is captured"),
        *((str(path), path.stem, str(path)) for path in found),
    ]
    return _shown


def _age(path: Path) -> float:
    return -path.stat().st_mtime


class FACEWRIGHT_OT_choose_performer(bpy.types.Operator):
    """Choose among the performer profiles beside the takes"""

    bl_idname = "facewright.choose_performer"
    bl_label = "Choose Performer"
    bl_options = {"REGISTER", "UNDO"}
    bl_property = "profile"

    profile: bpy.props.EnumProperty(name="Profile", items=_profiles)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the list."""
        context.window_manager.invoke_search_popup(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Let the shot, and what is live, go by it."""
        shot_of(context).solve.performer = "" if self.profile == "NONE" else self.profile
        return {"FINISHED"}


CLASSES = (FACEWRIGHT_OT_choose_performer,)
