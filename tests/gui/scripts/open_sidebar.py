# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: look at the 3D view, then open the sidebar at Facewright's tab."""

import bpy


def steps(gui):
    """Photograph the 3D view without and with the tab."""
    yield from gui.photograph("without_sidebar")
    yield from gui.show_tab("Facewright")
    yield from gui.photograph("with_sidebar")
    sidebar = gui.region("UI")
    return {
        "blender": list(bpy.app.version),
        "addons": [addon.module for addon in bpy.context.preferences.addons],
        "background": bpy.app.background,
        "tab": sidebar.active_panel_category,
        "sidebar": [sidebar.x, sidebar.y, sidebar.width, sidebar.height],
    }
