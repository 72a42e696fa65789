# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: disable the add-on in the middle of tracking, then enable it again."""

import bpy
from parts import choose_clip_and_head, workers

ADDON = "bl_ext.user_default.facewright"


def steps(gui):
    """Blender must live, the worker must not, with six looks at each frame, too."""
    yield from choose_clip_and_head(gui)
    bpy.context.scene.facewright.quality = "BEST"
    with gui.override():
        bpy.ops.facewright.track_video("INVOKE_DEFAULT", True)
    run = bpy.context.window_manager.facewright
    yield from gui.until(lambda: run.factor > 0.05, "frames are tracked", 90)
    bpy.ops.preferences.addon_disable(module=ADDON)
    yield from gui.until(lambda: not workers(), "the worker ends with the add-on")
    yield from gui.wait(1.0)
    gone = not hasattr(bpy.types.Scene, "facewright")
    bpy.ops.preferences.addon_enable(module=ADDON)
    yield from gui.wait(0.5)
    return {
        "gone": gone,
        "back": hasattr(bpy.types.Scene, "facewright"),
        "quality": bpy.context.scene.facewright.quality,
        "running": bpy.context.window_manager.facewright.is_running,
    }
