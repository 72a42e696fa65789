# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sound told about a take shows in Blender: markers, and a sound that is moved on wish."""

from __future__ import annotations

import wave
from dataclasses import replace

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, make_face, random_track
from facewright import registration
from facewright.engine.core.types import APPEARANCE, LANDMARKS, Observations
from facewright.engine.takes.take_file import TakeWriter
from facewright.properties.solve import solve_settings
from facewright.scene.capture import apply_take, mark_take
from facewright.scene.sequencer import content_start, strips_of

needs_sound = pytest.mark.skipif(
    not bpy.app.build_options.audaspace, reason="this bpy was built without sound"
)
SETTINGS = replace(PLAIN_SETTINGS, start_frame=101, place_sound=True)


def write_take(folder, late_ms=None, stretches=(), measured=True):
    """A take of nine frames at 30 frames a second with what its sound told."""
    clip = folder / "clip.wav"
    with wave.open(str(clip), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(bytes(32000))
    track = random_track(9)
    source = {"file": clip.name, "path": str(clip), "has_audio": True, "sha256": "a" * 64}
    header = {"source": source, "settings": {"face": 0}, "state": "complete"}
    if measured:
        header["sound_help"] = {"late_ms": late_ms, "stretches": list(stretches)}
    with TakeWriter(folder / "a.fwtake", header) as writer:
        seen = Observations(
            index=np.arange(9),
            time_s=track.time_s,
            valid=track.valid,
            presence=np.ones(9, np.float32),
            landmarks=np.zeros((9, LANDMARKS, 3), np.float32),
            scores=np.zeros_like(track.weights),
            head=np.tile(np.eye(4, dtype=np.float32), (9, 1, 1)),
            appearance=np.full((9, APPEARANCE), np.nan, np.float32),
        )
        writer.append(seen, track)
    return folder / "a.fwtake"


def frames_of_sound(scene):
    return [round(content_start(strip)) for strip in strips_of(scene.sequence_editor)]


@needs_sound
@pytest.mark.parametrize(("late_ms", "moved", "says"), [(100, -3, "earlier"), (-200, 6, "later")])
def test_a_late_sound_is_moved_on_wish_and_back(scene, tmp_path, late_ms, moved, says):
    scene.render.fps, scene.render.fps_base = 30, 1.0
    take, face = write_take(tmp_path, late_ms), make_face()
    report = apply_take(scene, take, [face], SETTINGS)
    assert frames_of_sound(scene) == [101]
    assert not any("is placed" in warning for warning in report.warnings)
    report = apply_take(scene, take, [face], replace(SETTINGS, sound_in_step=True))
    assert frames_of_sound(scene) == [101 + moved]
    assert any(says in warning for warning in report.warnings)
    apply_take(scene, take, [face], SETTINGS)
    assert frames_of_sound(scene) == [101]


@needs_sound
@pytest.mark.parametrize("measured", [True, False])
def test_an_unknown_offset_moves_nothing(scene, tmp_path, measured):
    take = write_take(tmp_path, None, measured=measured)
    report = apply_take(scene, take, [make_face()], replace(SETTINGS, sound_in_step=True))
    assert frames_of_sound(scene) == [101]
    assert any("not measured" in warning for warning in report.warnings) is not measured


def test_where_the_mouth_goes_by_the_sound_there_is_a_marker(scene, tmp_path):
    scene.render.fps, scene.render.fps_base = 30, 1.0
    told = {"start_s": 0.1, "end_s": 0.2, "why": "the mouth is not clearly seen"}
    take = write_take(tmp_path, 0, [told])
    mark_take(scene, take, 101, 0.5)
    assert ("Check: mouth by sound", 104) in [(m.name, m.frame) for m in scene.timeline_markers]


def test_the_checkbox_reaches_the_solver(scene):
    registration.register()
    try:
        solve = bpy.context.scene.facewright.solve
        assert not solve_settings(solve).sound_helps
        solve.sound_helps = True
        assert solve_settings(solve).sound_helps
        solve.sound_helps = False
    finally:
        registration.unregister()
