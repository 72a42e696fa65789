# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preferences show of the GPU runtime; ``operators/runtime.py`` fills it."""

import bpy

# A line for each installed runtime.
INSTALLED: list[str] = []


def online_disabled_reason() -> str:
    """Why nothing may be fetched, or nothing."""
    return "" if bpy.app.online_access else "Allow Online Access in Preferences > System first"


def draw_runtime(layout: bpy.types.UILayout) -> None:
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
