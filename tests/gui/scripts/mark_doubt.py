# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: track a clip, look at its confidence, mark what is to be checked, undo."""

import bpy
from parts import choose_clip_and_head, watch


def steps(gui):
    """What a person does who wants to know where to look."""
    show_confidence_open()
    yield from choose_clip_and_head(gui)
    with gui.override():
        bpy.ops.facewright.track_video("INVOKE_DEFAULT", True)
    yield from watch(gui)
    read = bpy.context.window_manager.facewright.confidence
    tracked = {"take": read.take, "regions": [region.name for region in read.regions]}
    # Nothing is as sure as this, whatever network is installed.
    bpy.context.scene.facewright.doubt.threshold = 1.0
    bpy.ops.ed.undo_push(message="Threshold")
    with gui.override():
        bpy.ops.facewright.mark_doubt("INVOKE_DEFAULT", True)
    yield from gui.wait(1.0)
    yield from gui.photograph("marked")
    marked = markers()
    with gui.override():
        bpy.ops.ed.undo()
    yield from gui.wait(0.5)
    return tracked | {"marked": marked, "undone": markers()}


def markers():
    """Frames and names on the timeline."""
    return [[marker.frame, marker.name] for marker in bpy.context.scene.timeline_markers]


def show_confidence_open():
    """Let the sub-panel start open, as a click would leave it, and all of it fit the screen."""
    bpy.context.preferences.view.ui_scale = 0.85
    panel = bpy.types.FACEWRIGHT_PT_confidence
    bpy.utils.unregister_class(panel)
    panel.bl_options = set()
    bpy.utils.register_class(panel)
