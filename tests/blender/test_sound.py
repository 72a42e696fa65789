# SPDX-License-Identifier: GPL-3.0-or-later
"""The clip's sound lies in the Sequencer where the face is on the timeline."""

from __future__ import annotations

import wave
from dataclasses import replace

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, make_face, random_track
from facewright.engine.core.errors import FacewrightError
from facewright.scene import sound
from facewright.scene.apply import apply_track
from facewright.scene.sequencer import handles, strips_of

# Some bpy wheels (4.2) are built without the library that reads sound; Blender itself never is.
needs_sound = pytest.mark.skipif(
    not bpy.app.build_options.audaspace, reason="this bpy was built without sound"
)


@pytest.fixture
def sound_file(tmp_path):
    """Two seconds of sound in a path with spaces and accents."""
    path = tmp_path / "Vidéo à moi.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(np.zeros(32000, np.int16).tobytes())
    return path


def strips(scene):
    return [] if scene.sequence_editor is None else list(strips_of(scene.sequence_editor))


@needs_sound
def test_the_sound_starts_on_the_takes_start_frame(scene, sound_file):
    face = make_face()
    settings = replace(PLAIN_SETTINGS, start_frame=101, place_sound=True)
    report = apply_track(
        scene,
        random_track(9),
        [face],
        settings,
        take_name="T",
        sound_path=sound_file,
        has_audio=True,
    )
    (strip,) = strips(scene)
    assert (strip.type, strip.name, strip.channel) == ("SOUND", report.sound_strip, 1)
    assert handles(strip) == (101, 161)
    # From 5.0 the Sequencer shows the scene that the workspace names.
    assert getattr(bpy.context.workspace, "sequencer_scene", scene) == scene


@needs_sound
def test_the_same_sound_is_not_added_twice(scene, sound_file):
    first = sound.place_sound(scene, sound_file, 11)
    again = sound.place_sound(scene, sound_file, 11)
    assert (first.added, again.added) == (True, False)
    assert len(strips(scene)) == 1


@needs_sound
def test_a_channel_that_is_taken_is_not_used(scene, sound_file):
    assert sound.place_sound(scene, sound_file, 1).channel == 1
    assert sound.place_sound(scene, sound_file, 30).channel == 2
    assert sound.place_sound(scene, sound_file, 61).channel == 1


@needs_sound
def test_a_fraction_of_a_frame_goes_to_the_nearest_whole_one(scene, sound_file):
    assert sound.place_sound(scene, sound_file, 10.6).frame == 11
    assert not sound.place_sound(scene, sound_file, 10.6).added


def test_a_file_without_readable_sound_is_a_warning_and_leaves_no_strip(scene, tmp_path):
    text = tmp_path / "notes.mp4"
    text.write_text("not a video")
    with pytest.raises(FacewrightError) as caught:
        sound.place_sound(scene, text, 1)
    assert caught.value.code == "sound-unreadable"
    face = make_face()
    settings = replace(PLAIN_SETTINGS, place_sound=True)
    report = apply_track(
        scene, random_track(3), [face], settings, take_name="T", sound_path=text, has_audio=True
    )
    assert report.mapped == 52
    assert any("notes.mp4" in warning for warning in report.warnings)
    assert not strips(scene)
    assert not bpy.data.sounds


def test_a_clip_without_sound_is_said_so(scene, sound_file):
    face = make_face()
    settings = replace(PLAIN_SETTINGS, place_sound=True)
    report = apply_track(
        scene,
        random_track(3),
        [face],
        settings,
        take_name="T",
        sound_path=sound_file,
        has_audio=False,
    )
    assert any("no sound" in warning for warning in report.warnings)
    assert not strips(scene)
