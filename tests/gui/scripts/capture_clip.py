# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: add the head, press Track on ``clip.mp4``, look at the result, undo it."""

import bpy
from parts import choose_clip_and_head, curves_of, watch, workers


def steps(gui):
    """The whole way of a first-time user, photographed."""
    mesh = yield from choose_clip_and_head(gui)
    yield from gui.photograph("ready")

    with gui.override():
        started = bpy.ops.facewright.track_video("INVOKE_DEFAULT", True)
    longest = yield from watch(gui, photograph_at=0.1)
    run = bpy.context.window_manager.facewright
    lines = [line.text for line in run.lines]
    yield from gui.photograph("done")

    curves = curves_of(mesh)
    jaw = curves['key_blocks["jawOpen"].value']
    opened = max(jaw.keyframe_points, key=lambda point: point.co.y).co.x
    closed = min(jaw.keyframe_points, key=lambda point: point.co.y).co.x
    for name, frame in (("mouth_open", opened), ("mouth_closed", closed)):
        bpy.context.scene.frame_set(round(frame))
        yield from gui.photograph(name)
    name = mesh.name
    before = {
        "started": sorted(started),
        "longest_pause_s": longest,
        "result": run.result,
        "lines": lines,
        "curves": len(curves),
        "keys": sum(len(curve.keyframe_points) for curve in curves.values()),
        "workers_left": workers(),
        "take_there": bpy.context.scene.facewright.take != "",
    }
    with gui.override():
        bpy.ops.ed.undo()
    yield from gui.wait(0.5)
    yield from gui.photograph("undone")
    return before | {
        "curves_after_undo": len(curves_of(bpy.data.objects[name])),
        "video_after_undo": bpy.context.scene.facewright.video != "",
    }
