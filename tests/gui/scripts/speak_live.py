# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender, while nothing is live: a sound file is captured as if it were a microphone."""

import importlib
import time

import bpy
import numpy as np
from parts import curves_of, workers

ADDON = "bl_ext.user_default.facewright"
PARTS = ("jaw", "mouth", "tongue")
_BROW = 0.375


def speech_session(gui):
    """Choose the sound, start, watch, change an amount, record a take, end it with Esc."""
    arkit = importlib.import_module(f"{ADDON}.engine.core.arkit")
    scene = bpy.context.scene
    shot, run = scene.facewright, bpy.context.window_manager.facewright
    mesh = shot.target
    with gui.override():
        bpy.ops.facewright.find_devices()
    _forget_animation(mesh)
    bone = mesh.parent.pose.bones["head"]
    bone.rotation_mode, bone.rotation_euler = "XYZ", (0.1, 0.2, 0.3)
    blocks = mesh.data.shape_keys.key_blocks
    blocks["browInnerUp"].value = _BROW
    shot.live.source, shot.live.punch, shot.live.countdown = "MICROPHONE", False, 0
    bpy.ops.ed.undo_push(message="Choose a microphone")
    yield from gui.wait(1.0)
    yield from gui.photograph("microphone")
    shot.live.source, shot.video = "CLIP", str(gui.workdir / "line.wav")
    meter = _Meter(mesh)
    with gui.override():
        found = {"started": list(bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT"))}
    live = run.live
    meter.session = importlib.import_module(f"{ADDON}.scene.live").live_session()
    bpy.app.handlers.depsgraph_update_post.append(meter)
    yield from gui.until(lambda: blocks["jawOpen"].value > 0.1, "the mouth opens")
    yield from gui.wait(3.0)
    bpy.app.handlers.depsgraph_update_post.remove(meter)
    found |= {"status": live.status, "rate": live.rate, "delays_s": meter.delays_s}
    moved = {block.name for block in blocks[1:] if block.value}
    found["moved_others"] = sorted(
        name for name in moved - {"browInnerUp"} if arkit.region_of(name) not in PARTS
    )
    found["kept"] = [blocks["browInnerUp"].value, *bone.rotation_euler]
    with gui.override():
        found["may_calibrate"] = bpy.ops.facewright.calibrate_performer.poll()
    yield from gui.photograph("speaking")

    shot.speech.jaw = 0.0
    # Between two words it is shut for a moment anyway.
    found["shut"] = yield from _shut_for(gui, blocks["jawOpen"], seconds=1.5)
    shot.speech.jaw = 1.0

    scene.frame_set(11)
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: live.is_recording, "the recording begins")
    yield from gui.wait(2.5)
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: not live.is_finishing and curves_of(mesh), "keys are written")
    curves = {path.split('"')[1]: curve for path, curve in curves_of(mesh).items()}
    found["keyed_others"] = sorted(n for n in curves if arkit.region_of(n) not in PARTS)
    points = curves["jawOpen"].keyframe_points
    found["first"], found["jaw"] = points[0].co.x, max(point.co.y for point in points)
    found["strips"] = [strip.name for strip in scene.sequence_editor.strips_all]
    listed = run.takes.takes[run.takes.index]
    found["take"], found["speech"] = listed.name, listed.speech
    with gui.override():
        found["may_show_cues"] = bpy.ops.facewright.show_cues.poll()
    yield from gui.press("ESC")
    yield from gui.until(lambda: not live.is_live, "Esc ends it")
    yield from gui.until(lambda: not workers(), "the worker leaves")
    found["still_kept"] = [blocks["browInnerUp"].value, *bone.rotation_euler]
    yield from gui.photograph("spoken")
    return found


def _forget_animation(mesh):
    for block in (mesh.data.shape_keys, mesh.parent, mesh):
        block.animation_data_clear()
    for key in mesh.data.shape_keys.key_blocks:
        key.value = 0.0


def _shut_for(gui, jaw, seconds):
    """Waits until the jaw stays shut that long; how far it was open meanwhile."""
    since, most = time.monotonic(), 0.0

    def stays_shut():
        nonlocal since, most
        most = max(most, jaw.value)
        if jaw.value >= 0.02:
            since, most = time.monotonic(), 0.0
        return time.monotonic() - since > seconds

    yield from gui.until(stays_shut, "the jaw's amount is heard")
    return most


class _Meter:
    """From the time of a sample to the evaluated shape keys that show it."""

    def __init__(self, mesh):
        self._now = importlib.import_module(f"{ADDON}.engine.core.clock").now_s
        self._jaw = importlib.import_module(f"{ADDON}.engine.core.arkit").INDEX["jawOpen"]
        self._mesh, self._last = mesh, None
        self.session, self.delays_s = None, []

    def __call__(self, _scene, depsgraph):
        row = self.session.row
        if row is None or row.time_s[0] == self._last:
            return
        keys = self._mesh.evaluated_get(depsgraph).data.shape_keys
        shown, wanted = keys.key_blocks["jawOpen"].value, float(row.weights[0, self._jaw])
        if np.isclose(shown, wanted, atol=2e-3):
            self._last = row.time_s[0]
            self.delays_s.append(self._now() - float(self._last))
