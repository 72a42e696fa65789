# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender's window: measure live capture as the operator runs it, or the rival.

Run by ``live_latency.py``; ``tools/window_driver.py`` says what ``gui`` is.
"""

import importlib
import json

import bpy
from live_meter import Meter, stretches, watch_operator, watch_session
from live_rival import BENCHMARK_OT_rival, Rival

PACKAGE = "bl_ext.user_default.facewright"


def steps(gui):
    """Add the head, start live capture or the rival, measure, stop."""
    options = json.loads((gui.workdir / "options.json").read_text(encoding="utf-8"))
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    with gui.override():
        bpy.ops.facewright.add_head("INVOKE_DEFAULT", True)
        mesh = bpy.context.object
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    # Each pixel is drawn once: here the processor draws, which is a card's work.
    bpy.context.preferences.system.viewport_aa = "OFF"
    shot = bpy.context.scene.facewright
    shot.video, shot.target = options["clip"], mesh
    shot.live.source = "CLIP"
    yield from gui.show_tab("Facewright")
    meter = Meter(mesh)
    with meter.watching():
        contestant = _rival if options["rival"] else _ours
        found = yield from contestant(gui, meter, mesh, options)
    size = [gui.window().width, gui.window().height]
    return {"blender": bpy.app.version_string, "window": size, "found": found}


def _show_view(gui):
    """A function that opens or closes the 3D view: without one, nothing of the scene is drawn."""
    area = gui.area()

    def show(shown):
        area.type = "VIEW_3D" if shown else "CONSOLE"

    return show


def _ours(gui, meter, _mesh, options):
    watch_operator(meter, bpy.types.FACEWRIGHT_OT_capture_webcam)
    with gui.override():
        bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT")
    session = importlib.import_module(f"{PACKAGE}.scene.live").live_session()
    watch_session(meter, session)
    yield from gui.until(lambda: meter.frames, "values arrive", seconds=60)
    # The face at rest is learned in the first seconds.
    yield from gui.wait(options["settle_s"])
    found = yield from stretches(
        meter, options["plan"], lambda: session.status, gui.wait, _show_view(gui)
    )
    session.stop()
    yield from gui.until(lambda: session.ended, "live capture ends")
    return found


def _rival(gui, meter, mesh, options):
    rival = Rival(meter, mesh, options["clip"], f"{PACKAGE}.engine", options["packages"])
    bpy.utils.register_class(BENCHMARK_OT_rival)
    BENCHMARK_OT_rival.rival = rival
    with gui.override():
        bpy.ops.benchmark.rival("INVOKE_DEFAULT")
    yield from gui.wait(options["settle_s"])
    found = yield from stretches(meter, options["plan"], rival.status, gui.wait, _show_view(gui))
    BENCHMARK_OT_rival.rival = None
    yield from gui.wait(0.5)
    rival.close()
    return found
