# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preferences show of the GPU runtime; ``operators/runtime.py`` fills it."""

import textwrap

import bpy

from .run import FacewrightRun, draw_progress

# A line for each installed runtime.
INSTALLED: list[str] = []
# What came of the last installation.
SAID: list[str] = []
# Letters in a line of the page at the width that Blender opens it with.
_ROOM = 90


def online_disabled_reason() -> str:
    """Why nothing may be fetched, or nothing."""
    return "" if bpy.app.online_access else "Allow Online Access in Preferences > System first"


def draw_runtime(layout: bpy.types.UILayout, run: FacewrightRun) -> None:
    """The box of the preferences."""
    box = layout.box()
    box.label(text="GPU Runtime", icon="MEMORY")
    for line in INSTALLED:
        box.label(text=line)
    if not INSTALLED:
        box.label(text="None is installed")
    row = box.row(align=True)
    row.operator("facewright.install_runtime", icon="IMPORT")
    row.operator("facewright.remove_runtime", icon="TRASH")
    if reason := online_disabled_reason():
        box.label(text=reason, icon="INFO")
    if run.is_running:
        draw_progress(box, run)
        return
    for sentence in SAID:
        for line in textwrap.wrap(sentence, _ROOM):
            box.label(text=line)
