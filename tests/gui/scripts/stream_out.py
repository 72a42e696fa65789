# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: send to a program outside, standing, live and playing; then follow its stream."""

import importlib
import json
import time

import bpy
from parts import choose_clip_and_head, curves_of, workers

ADDON = "bl_ext.user_default.facewright"


def steps(gui):
    """What an artist does who drives another program, and is driven by one."""
    ports = json.loads((gui.workdir / "ports.json").read_text())
    mesh = yield from choose_clip_and_head(gui)
    scene = bpy.context.scene
    shot, run = scene.facewright, bpy.context.window_manager.facewright.live
    blocks = mesh.data.shape_keys.key_blocks
    stream_out = importlib.import_module(f"{ADDON}.scene.stream_out")
    spans = {}

    def watch(name, frames=0, until=lambda: True):
        """Note when this goes on: until so many frames were sent and something is so."""
        stream = stream_out.running_stream()
        begin_s, begun = time.perf_counter(), stream.sender.sent if stream else 0
        yield from gui.until(
            lambda: (not stream or stream.sender.sent >= begun + frames) and until(), name
        )
        yield from gui.wait(0.5)  # for the other program to hear them
        spans[name] = [begin_s, time.perf_counter()]

    def moves(seen):
        """Whether the jaw was seen closed and open since ``seen`` was empty."""
        seen.append(blocks["jawOpen"].value)
        return min(seen) < 0.25 and max(seen) > 0.75

    shot.live.send_dialect, shot.live.send_port = "livelink", ports["send"]
    blocks["mouthSmileLeft"].value = 0.25
    with gui.override():
        bpy.ops.facewright.start_sending()
    yield from gui.wait(0.3)
    yield from watch("standing", frames=5)
    with gui.override():
        bpy.ops.ed.undo_push(message="A step")
        blocks["mouthSmileLeft"].value = 0.5
        bpy.ops.ed.undo_push(message="A smile")
        bpy.ops.ed.undo()
    scene = bpy.context.scene
    shot, mesh = scene.facewright, scene.facewright.target
    blocks = mesh.data.shape_keys.key_blocks
    yield from gui.wait(0.3)
    yield from watch("undone", frames=3)

    # Live, from a clip.
    shot.live.source, shot.live.countdown = "CLIP", 0
    with gui.override():
        bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT")
    yield from gui.until(lambda: "frames/s" in run.rate and blocks["jawOpen"].value, "a face")
    yield from watch("live", frames=15)
    found = {"status": run.send_status, "shown": blocks["jawOpen"].value}
    with gui.override():
        bpy.ops.facewright.stop_live()
    yield from gui.until(lambda: not run.is_live, "live capture ends")

    # The timeline: the jaw opens over a second of 24 frames, again and again.
    blocks["mouthSmileLeft"].value = 0.25
    for frame, blocks["jawOpen"].value in ((1, 0.0), (25, 1.0)):
        blocks["jawOpen"].keyframe_insert("value", frame=frame)
    scene.frame_end, scene.sync_mode = 25, "FRAME_DROP"
    with gui.override():
        bpy.ops.screen.animation_play()
    yield from gui.wait(0.3)
    shown = []
    yield from watch("playing", frames=5, until=lambda: moves(shown))
    with gui.override():
        bpy.ops.screen.animation_cancel(restore_frame=False)
    scene.frame_set(13)
    found["middle"] = blocks["jawOpen"].value
    yield from gui.wait(0.2)
    yield from watch("scrubbed", frames=2)
    mesh.data.shape_keys.animation_data_clear()
    with gui.override():
        bpy.ops.facewright.stop_sending()
    yield from gui.wait(0.2)
    yield from watch("stopped")
    found["sending"] = run.is_sending

    # A stream from outside, and a take of it.
    shot.live.source, shot.live.dialect, shot.live.port = "STREAM", "any", ports["hear"]
    with gui.override():
        bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT")
    yield from gui.until(lambda: blocks["eyeBlinkRight"].value > 0.7, "the head follows")
    jaws = []
    yield from gui.until(lambda: moves(jaws), "its jaw opens and closes")
    found["followed"] = {"status": run.status, "rate": run.rate, "problem": run.problem}
    yield from gui.photograph("stream")
    scene.frame_set(1)
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: run.is_recording, "the recording begins")
    yield from gui.wait(2.5)
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: not run.is_finishing and curves_of(mesh), "keys are written")
    take_file = importlib.import_module(f"{ADDON}.engine.takes.take_file")
    header, track = take_file.read_header(shot.take), take_file.read_track(shot.take)
    curves = curves_of(mesh)
    found["keys"] = {
        path.split('"')[1]: [point.co.y for point in curve.keyframe_points]
        for path, curve in curves.items()
        if "eyeBlinkRight" in path or "jawOpen" in path
    }
    found["curves"], found["header"] = len(curves), header
    found["seconds"] = float(track.time_s[-1] - track.time_s[0])
    found["rows"] = len(track)
    yield from gui.press("ESC")
    yield from gui.until(lambda: not run.is_live, "Esc ends live capture")
    yield from gui.until(lambda: not workers(), "the worker leaves")
    return found | {"spans": spans}
