# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: press Esc in the middle of tracking, resume, then leave in the middle."""

import bpy
from parts import choose_clip_and_head, curves_of, watch, workers


def steps(gui):
    """Cancel by key, resume by button; then open another file while a clip is being tracked."""
    mesh = yield from choose_clip_and_head(gui)
    name = mesh.name
    yield from start(gui, bpy.ops.facewright.track_video)
    yield from gui.press("ESC")
    yield from watch(gui)
    yield from gui.until(lambda: not workers(), "the worker leaves after Esc")
    yield from gui.photograph("cancelled")
    cancelled = {
        "result_after_esc": run().result,
        "curves_after_esc": len(curves_of(bpy.data.objects[name])),
        "workers_after_esc": workers(),
    }

    with gui.override():
        bpy.ops.facewright.track_video("INVOKE_DEFAULT", True, resume=True)
    yield from gui.until(lambda: run().is_running, "tracking goes on")
    # What was chosen when tracking began counts, whatever it is called when it ends.
    bpy.context.scene.name = "Renamed while tracking"
    mesh = bpy.data.objects[name]
    mesh.name = name = "Renamed Head"
    mesh.select_set(False)
    yield from watch(gui)
    resumed = {
        "result_after_resume": run().result,
        "lines_after_resume": [line.text for line in run().lines],
        "curves_after_resume": len(curves_of(bpy.data.objects[name])),
    }

    yield from start(gui, bpy.ops.facewright.track_video)
    bpy.ops.wm.read_homefile(app_template="")
    yield from gui.until(lambda: not workers(), "the worker ends when another file is opened")
    yield from gui.photograph("another_file")
    return cancelled | resumed | {"running_in_the_other_file": run().is_running}


def start(gui, operator):
    """Press a button and wait until frames come in."""
    with gui.override():
        operator("INVOKE_DEFAULT", True)
    yield from gui.until(lambda: run().factor > 0.05, "frames are tracked")


def run():
    """Facewright's run-time state, looked up anew: it does not outlive a file."""
    return bpy.context.window_manager.facewright
