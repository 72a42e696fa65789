# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the panels drawn anew, and nothing else: the 3D view itself may be dear to draw."""

from __future__ import annotations

import bpy


def redraw_panels() -> None:
    """Tag the sidebars of all 3D views, and the preferences where they are open."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
            elif area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
