# SPDX-License-Identifier: GPL-3.0-or-later
"""A take's clip is found, and its sound lies where the picture says."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, make_face, random_track
from facewright.engine.core.types import APPEARANCE, LANDMARKS, Observations
from facewright.engine.takes.take_file import TakeWriter
from facewright.scene.capture import apply_take
from facewright.scene.sequencer import content_start, strips_of

# Some bpy wheels (4.2) are built without the library that reads sound; Blender itself never is.
needs_sound = pytest.mark.skipif(
    not bpy.app.build_options.audaspace, reason="this bpy was built without sound"
)
SETTINGS = replace(PLAIN_SETTINGS, start_frame=101, place_sound=True)


def write_sound(path):
    """A second of silence."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(bytes(32000))


def write_take(path, clip, **source):
    """A take of nine frames that was made from ``clip``."""
    origin = {"file": clip.name, "path": str(clip), "has_audio": True, **source}
    return write_frames(path, {"source": origin})


def write_live_take(path, sound):
    """A take of nine frames as recording writes it; ``sound`` is what its header tells of it."""
    origin = {"kind": "live", "file": "Webcam", "path": "", "has_audio": False}
    return write_frames(path, {"source": origin, "sound": sound})


def write_frames(path, header):
    track = random_track(9)
    with TakeWriter(path, {**header, "state": "complete"}) as writer:
        writer.append(
            Observations(
                index=np.arange(9),
                time_s=track.time_s,
                valid=track.valid,
                presence=np.ones(9, np.float32),
                landmarks=np.zeros((9, LANDMARKS, 3), np.float32),
                scores=np.zeros_like(track.weights),
                head=np.tile(np.eye(4, dtype=np.float32), (9, 1, 1)),
                appearance=np.full((9, APPEARANCE), np.nan, np.float32),
            ),
            track,
        )
    return path


def strip_frames(scene):
    editor = scene.sequence_editor
    return [round(content_start(strip)) for strip in strips_of(editor)] if editor else []


@needs_sound
@pytest.mark.parametrize(
    ("source", "frame"),
    [
        ({"audio_offset_s": 0.5}, 116),
        ({"audio_offset_s": -0.3}, 92),
        ({"audio_offset_s": 0.021}, 102),
        ({}, 101),
    ],
)
def test_sound_that_starts_later_than_the_picture_lies_later(scene, tmp_path, source, frame):
    clip = tmp_path / "clip.wav"
    write_sound(clip)
    take = write_take(tmp_path / "a.fwtake", clip, **source)
    apply_take(scene, take, [make_face()], SETTINGS)
    assert strip_frames(scene) == [frame]


@needs_sound
def test_a_clip_that_was_moved_with_its_take_is_found_beside_it(scene, tmp_path):
    write_sound(tmp_path / "clip.wav")
    take = write_take(tmp_path / "a.fwtake", tmp_path / "old place" / "clip.wav")
    report = apply_take(scene, take, [make_face()], SETTINGS)
    assert strip_frames(scene) == [101]
    assert not report.warnings


def test_a_clip_that_is_gone_is_a_warning(scene, tmp_path):
    take = write_take(tmp_path / "a.fwtake", tmp_path / "old place" / "clip.wav")
    report = apply_take(scene, take, [make_face()], SETTINGS)
    assert report.warnings == ['The clip "clip.wav" was not found, so its sound was not placed.']
    assert report.mapped == 52
    for quiet in (PLAIN_SETTINGS, SETTINGS):
        silent = write_take(
            tmp_path / f"{quiet.place_sound}.fwtake",
            tmp_path / "clip.wav",
            has_audio=not quiet.place_sound,
        )
        assert not apply_take(scene, silent, [bpy.data.objects["Face"]], quiet).warnings


@needs_sound
@pytest.mark.parametrize(("offset_s", "frame"), [(0.0, 101), (0.5, 116), (-0.3, 92)])
def test_what_was_recorded_with_a_live_take_lies_beside_it_and_in_time(
    scene, tmp_path, offset_s, frame
):
    take = write_live_take(tmp_path / "performer.fwtake", {"offset_s": offset_s})
    write_sound(tmp_path / "performer.wav")
    report = apply_take(scene, take, [make_face()], SETTINGS)
    assert strip_frames(scene) == [frame]
    (strip,) = strips_of(scene.sequence_editor)
    assert Path(bpy.path.abspath(strip.sound.filepath)) == tmp_path / "performer.wav"
    assert report.sound_strip == strip.name
    assert not report.warnings


def test_a_wav_that_was_not_recorded_with_a_live_take_is_not_placed(scene, tmp_path):
    take = write_live_take(tmp_path / "performer.fwtake", None)
    write_sound(tmp_path / "performer.wav")
    report = apply_take(scene, take, [make_face()], SETTINGS)
    assert strip_frames(scene) == []
    assert not report.warnings


def test_the_sound_of_a_live_take_that_is_gone_is_a_warning(scene, tmp_path):
    take = write_live_take(tmp_path / "performer.fwtake", {"offset_s": 0.0})
    report = apply_take(scene, take, [make_face()], SETTINGS)
    assert report.warnings == [
        'The sound of "performer.fwtake" was not found, so its sound was not placed.'
    ]
    assert report.mapped == 52
