# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: live from a clip paced as a camera, calibrate, record, stop, undo, stop live;
then the same from a sound file paced as a microphone."""

import importlib
import json

import bpy
from parts import choose_clip_and_head, curves_of, workers
from speak_live import speech_session

ADDON = "bl_ext.user_default.facewright"
BEFORE = "facewright_before_preview"


def values(mesh):
    """Shape keys that are not at rest."""
    blocks = mesh.data.shape_keys.key_blocks[1:]
    return {block.name: round(block.value, 4) for block in blocks if block.value}


def resting(mesh):
    """The values from before the preview, which the shape keys carry with them."""
    kept = json.loads(mesh.data.shape_keys[BEFORE])
    entries = [(entry["path"].split('"')[1], entry["values"][0]) for entry in kept]
    return {name: value for name, value in entries if value}


def keys_of(mesh):
    """Shape key -> frame -> value of its keyframes."""
    return {
        path.split('"')[1]: {point.co.x: point.co.y for point in curve.keyframe_points}
        for path, curve in curves_of(mesh).items()
    }


def steps(gui):
    """What an artist does with a camera."""
    bpy.context.scene.frame_end, bpy.context.scene.sync_mode = 150, "NONE"
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
    with gui.override():
        bpy.ops.ed.undo()
    found["performer_undone"] = bpy.context.scene.facewright.solve.performer
    yield from gui.wait(0.5)
    with gui.override():
        bpy.ops.ed.redo()
    shot = bpy.context.scene.facewright
    mesh = shot.target
    found["performer_redone"] = shot.solve.performer

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
    read_track = importlib.import_module(f"{ADDON}.engine.takes.take_file").read_track
    track = read_track(shot.take)
    found["times"] = [float(track.time_s[0]), float(track.time_s[-1])]
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
    found["at_rest"] = resting(bpy.context.scene.facewright.target)

    # Punch in over the first recording, with the timeline playing along.
    with gui.override():
        bpy.ops.ed.redo()
    yield from gui.wait(0.5)
    scene = bpy.context.scene
    shot, mesh = scene.facewright, scene.facewright.target
    before = keys_of(mesh)
    shot.live.punch, shot.live.preroll, shot.live.countdown = True, 6, 0
    shot.takes.punch_start, shot.takes.punch_end, shot.takes.punch_ease = 20, 40, 4
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: run.is_recording, "the punch-in begins")
    yield from gui.until(
        lambda: not (run.is_recording or run.is_finishing) and keys_of(mesh) != before,
        "the punch-in ends by itself",
    )
    yield from gui.wait(0.5)
    after = keys_of(mesh)
    outside = [f for f in before["jawOpen"] if not 20 <= f <= 40]
    found["punched"] = {
        "start": shot.start_frame,
        "outside_same": all(before[name][f] == after[name][f] for name in before for f in outside),
        "inside_changed": max(
            abs(before[name][f] - after[name][f]) for name in before for f in range(26, 35)
        ),
        "edge": max(abs(before[name][f] - after[name][f]) for name in before for f in (20, 40)),
        "still_playing": bpy.context.screen.is_animation_playing,
        "sync_mode": scene.sync_mode,
        "seconds": float(read_track(shot.take).time_s[-1]),
        "listed": len(bpy.context.window_manager.facewright.takes.takes),
    }
    yield from gui.photograph("punched")

    yield from gui.press("ESC")
    yield from gui.until(lambda: not run.is_live, "Esc ends live capture")
    yield from gui.until(lambda: not workers(), "the worker leaves")
    mesh = bpy.context.scene.facewright.target
    scene.frame_set(30)
    found["after"] = values(mesh)
    found["by_curves"] = {
        name: round(frames[30.0], 4) for name, frames in after.items() if frames[30.0]
    }
    found["marked"] = BEFORE in mesh.data.shape_keys
    if (gui.workdir / "line.wav").is_file():
        found["speech"] = yield from speech_session(gui)
    return found
