# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: track a clip, solve its take again, cancel by key, save the performer."""

import os
import signal
from pathlib import Path

import bpy
from parts import choose_clip_and_head, curves_of, watch, workers


def steps(gui):
    """What a person does who wants other values from a take."""
    show_solver_open()
    mesh = yield from choose_clip_and_head(gui)
    name = mesh.name
    with gui.override():
        bpy.ops.facewright.track_video("INVOKE_DEFAULT", True)
    yield from watch(gui)
    take = Path(shot().take)
    tracked = smiles(name)

    yield from gui.until(lambda: not workers(), "the tracking worker leaves")
    start(gui, bpy.ops.facewright.solve_take)
    # Solving this clip takes less time than a key press here.
    (worker,) = workers()
    os.kill(worker, signal.SIGSTOP)
    yield from gui.press("ESC")
    os.kill(worker, signal.SIGCONT)
    yield from watch(gui)
    cancelled = {"result_after_esc": run().result, "smiles_after_esc": smiles(name) == tracked}

    shot().solve.symmetry = 1.0
    bpy.ops.ed.undo_push(message="Symmetry")
    start(gui, bpy.ops.facewright.solve_take)
    yield from watch(gui)
    yield from gui.photograph("solved")
    left, right = smiles(name)
    solved = {
        "result": run().result,
        "lines": [line.text for line in run().lines],
        "asymmetry_before": difference(*tracked),
        "asymmetry": difference(left, right),
    }
    with gui.override():
        bpy.ops.ed.undo()
    yield from gui.wait(0.5)
    solved["undone"] = smiles(name) == tracked

    profile = take.with_suffix(".fwperformer")
    with gui.override():
        bpy.ops.facewright.save_performer("INVOKE_DEFAULT")
    yield from gui.until(lambda: file_browser() is not None, "the file browser opens")
    yield from gui.photograph("file_browser")
    window, area = file_browser()
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.file.execute()
    yield from gui.until(profile.exists, "the profile is written")
    yield from watch(gui)
    yield from gui.until(lambda: not workers(), "the workers leave")
    yield from gui.photograph("saved")
    return cancelled | solved | {"profile": profile.name, "result_after_saving": run().result}


def show_solver_open():
    """Let the sub-panel start open, as a click would leave it, and all of it fit the screen."""
    bpy.context.preferences.view.ui_scale = 0.85
    panel = bpy.types.FACEWRIGHT_PT_solver
    bpy.utils.unregister_class(panel)
    panel.bl_options = set()
    bpy.utils.register_class(panel)


def start(gui, operator):
    """Press a button."""
    with gui.override():
        operator("INVOKE_DEFAULT", True)


def file_browser():
    """Window and area of the file browser, if one is open."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "FILE_BROWSER":
                return window, area
    return None


def smiles(name):
    """The keys of the left and the right smile."""
    curves = curves_of(bpy.data.objects[name])
    paths = [f'key_blocks["mouthSmile{side}"].value' for side in ("Left", "Right")]
    return [[point.co.y for point in curves[path].keyframe_points] for path in paths]


def difference(left, right):
    """The largest difference of two rows of keys."""
    return max(abs(a - b) for a, b in zip(left, right, strict=True))


def shot():
    """The settings, looked up anew: undo replaces them."""
    return bpy.context.scene.facewright


def run():
    """Facewright's run-time state."""
    return bpy.context.window_manager.facewright
