# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts of this folder share; imported inside Blender."""

import sys
import time
from contextlib import contextmanager
from pathlib import Path

import bpy


def choose_clip_and_head(gui):
    """Add the Facewright head as from the menu, fill in the panel, look at the head's front."""
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    with gui.override():
        bpy.ops.facewright.add_head("INVOKE_DEFAULT", True)
        mesh = bpy.context.object
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    bpy.context.scene.facewright.video = str(gui.workdir / "clip.mp4")
    bpy.context.scene.facewright.target = mesh
    # Typing into a field makes an undo step; setting it from Python does not.
    bpy.ops.ed.undo_push(message="Choose video and target")
    yield from gui.show_tab("Facewright")
    return mesh


@contextmanager
def only_panels(*names):
    """Leave some panels of Facewright's, open, so that they fit the screen."""
    registration = sys.modules["bl_ext.user_default.facewright.registration"]
    panels = [one for one in registration.CLASSES if issubclass(one, bpy.types.Panel)]
    shown = [one for one in panels if one.__name__ in names]
    for panel in reversed(panels):
        bpy.utils.unregister_class(panel)
    for panel in shown:
        panel.bl_options = set()
        bpy.utils.register_class(panel)
    try:
        yield
    finally:
        for panel in reversed(shown):
            bpy.utils.unregister_class(panel)
        for panel in panels:
            bpy.utils.register_class(panel)


def watch(gui, photograph_at=1.0):
    """Wait for the end of tracking.

    Args:
        gui: the driver's tools.
        photograph_at: part of the clip after which the picture ``tracking`` is taken.

    Returns:
        The longest pause between two turns of Blender's event loop, seconds.
    """
    longest, last, photographed = 0.0, time.monotonic(), False
    while (run := bpy.context.window_manager.facewright).is_running:
        if not photographed and run.factor > photograph_at:
            yield from gui.photograph("tracking")
            photographed, last = True, time.monotonic()
        yield
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    return longest


def curves_of(mesh):
    """The F-curves of the mesh's shape keys by data path; empty when there is no action."""
    data = mesh.data.shape_keys.animation_data
    if data is None or data.action is None:
        return {}
    strips = [strip for layer in data.action.layers for strip in layer.strips]
    bags = [strip.channelbag(data.action_slot) for strip in strips]
    return {curve.data_path: curve for bag in bags if bag for curve in bag.fcurves}


def workers():
    """Process ids of Facewright's workers that are alive."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.endswith(b"worker/launch.py") for word in words):
            found.append(int(folder.name))
    return found
