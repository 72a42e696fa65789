# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: live from a clip paced as a camera, calibrate, record, stop, undo, stop live."""

import time

import bpy
from parts import choose_clip_and_head, curves_of, workers

BEFORE = "facewright_before_preview"


def values(mesh):
    """Shape keys that are not at rest."""
    blocks = mesh.data.shape_keys.key_blocks[1:]
    return {block.name: round(block.value, 4) for block in blocks if block.value}


def steps(gui):
    """What an artist does with a camera."""
    mesh = yield from choose_clip_and_head(gui)
    shot = bpy.context.scene.facewright
    shot.live.source, shot.live.countdown = "CLIP", 1
    mesh.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.25
    bpy.ops.ed.undo_push(message="A smile")
    found = {"before": values(mesh)}
    with gui.override():
        found["started"] = list(bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT"))
    run = bpy.context.window_manager.facewright.live
    yield from gui.until(lambda: "frames/s" in run.rate and values(mesh), "values arrive")
    yield from gui.wait(3.0)
    found["live"] = values(mesh)
    found["status"], found["rate"] = run.status, run.rate
    yield from gui.photograph("live")

    with gui.override():
        bpy.ops.facewright.calibrate_performer()
    yield from gui.until(lambda: shot.solve.performer, "the calibration ends")
    found["performer"] = shot.solve.performer

    bpy.context.scene.frame_set(11)
    with gui.override():
        bpy.ops.facewright.record_take()
    found["counting"] = run.is_counting
    yield from gui.until(lambda: run.is_recording, "the countdown ends")
    yield from gui.wait(2.0)
    yield from gui.photograph("recording")
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: not run.is_finishing and curves_of(mesh), "keys are written")
    curves = curves_of(mesh)
    found["curves"] = len(curves)
    frames = [point.co.x for point in next(iter(curves.values())).keyframe_points]
    found["first"], found["last"] = frames[0], frames[-1]
    found["take"] = shot.take
    found["still_live"] = run.is_live

    # One undo step takes the keys back; the preview goes on.
    with gui.override():
        bpy.ops.ed.undo()
    mesh = bpy.context.scene.facewright.target
    found["curves_after_undo"] = len(curves_of(mesh))
    yield from gui.wait(1.0)
    found["live_after_undo"] = run.is_live
    with gui.override():
        bpy.ops.ed.redo()
    yield from gui.wait(0.5)
    mesh = bpy.context.scene.facewright.target
    found["curves_after_redo"] = len(curves_of(mesh))
    with gui.override():
        bpy.ops.ed.undo()
    yield from gui.wait(0.5)

    yield from gui.press("ESC")
    yield from gui.until(lambda: not run.is_live, "Esc ends live capture", seconds=10)
    yield from gui.until(lambda: not workers(), "the worker leaves", seconds=10)
    mesh = bpy.context.scene.facewright.target
    found["after"] = values(mesh)
    found["marked"] = BEFORE in mesh.data.shape_keys
    found["time"] = time.time()
    return found
