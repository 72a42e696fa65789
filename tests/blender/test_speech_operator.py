# SPDX-License-Identifier: GPL-3.0-or-later
"""Lip-Sync onto a character: under its strip, closed on every P, B and M, and nothing lost."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
import spoken
from faces import curve_keys, make_face
from facewright.engine.core.arkit import INDEX
from facewright.engine.core.cues import Cue, read_cues
from facewright.engine.core.errors import FacewrightError
from facewright.engine.core.mouth_style import MouthStyle
from facewright.engine.speech.mouth import curves
from facewright.engine.takes.speech import cues_path
from facewright.engine.takes.take_file import read_header
from facewright.scene import keyframes, sequencer
from facewright.scene.apply_settings import ApplySettings
from facewright.scene.capture import apply_take
from facewright.scene.speech_source import mixed_source, needs_mixing, strip_source
from facewright.scene.speech_take import contact_times

needs_sound = pytest.mark.skipif(
    not bpy.app.build_options.audaspace, reason="this bpy was built without sound"
)
RATES = [(24, 1.0), (24, 1.001), (25, 1.0), (30, 1.001), (60, 1.0), (12, 1.0)]

pytestmark = pytest.mark.usefixtures("heard_speech")


@pytest.fixture
def sound(tmp_path):
    return spoken.write_sound(tmp_path / "Façade line 1.wav")


@pytest.fixture
def face(scene, tmp_path):
    """A face as the target of a saved file, so that takes lie beside it."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    face = make_face()
    bpy.context.scene.facewright.target = face
    return face


def speech():
    return bpy.context.scene.facewright.speech


def keys(face, name="jawOpen"):
    """Frames and values of one of the face's keys, (n, 2)."""
    return curve_keys(face.data.shape_keys)[f'key_blocks["{name}"].value', 0]


def lipsync(sound=None):
    if sound is not None:
        speech().sound = str(sound)
    return bpy.ops.facewright.lipsync_audio("EXEC_DEFAULT")


def add_strip(sound, frame, channel=3):
    scene = bpy.context.scene
    editor = scene.sequence_editor or scene.sequence_editor_create()
    strip = sequencer.strips_of(editor).new_sound("Line", str(sound), channel, frame)
    speech().source, speech().strip = "STRIP", strip.name
    return strip


def set_handles(strip, first, end):
    if hasattr(strip, "left_handle"):
        strip.left_handle, strip.right_handle = first, end
    else:
        strip.frame_final_start, strip.frame_final_end = first, end


@pytest.mark.parametrize(("fps", "base"), RATES)
def test_the_mouth_is_under_the_sound_at_any_rate(face, sound, fps, base):
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, base
    scene.facewright.start_frame = 11
    assert lipsync(sound) == {"FINISHED"}
    written = keys(face)
    rate = fps / base
    seconds = (written[:, 0] - 11) / rate
    assert written[0, 0] == 11 and seconds[-1] == pytest.approx(spoken.LENGTH_S, abs=1 / rate)
    cues = spoken.cues_of()
    wanted = curves(cues, contact_times(cues, seconds))
    assert written[:, 1] == pytest.approx(wanted[:, INDEX["jawOpen"]], abs=1e-5)


@pytest.mark.parametrize(("fps", "base"), RATES)
def test_lips_close_on_a_frame_for_every_p(face, sound, fps, base):
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, base
    cues = spoken.cues_of(("sil", "a", "p", "a", "t", "a", "p", "i", "p", "sil"), 0.045)
    spoken.FakeJob.heard = cues
    lipsync(sound)
    jaw, close = keys(face), keys(face, "mouthClose")
    apart = jaw[:, 1] - close[:, 1]
    seconds = (jaw[:, 0] - 1) / (fps / base)
    for cue in [cue for cue in cues if cue.spoken == "p"]:
        nearest = np.argmin(np.abs(seconds - (cue.start + cue.end) / 2))
        assert apart[nearest] == pytest.approx(0, abs=1e-4), cue


def test_a_half_frame_of_shift_never_reorders_times():
    cues = spoken.cues_of(("p", "a") * 40, 0.021)
    times = np.arange(0, 1.7, 1 / 24)
    shown = contact_times(cues, times)
    assert (np.diff(shown) >= 0).all()
    assert np.abs(shown - times).max() <= 0.5 / 24 + 1e-9


def test_other_parts_of_the_face_go_on(face, sound):
    block = face.data.shape_keys.key_blocks["browInnerUp"]
    for frame, value in ((1, 0.2), (40, 0.9)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    old = keyframes.current_action(face.data.shape_keys)
    before = keys(face, "browInnerUp")
    assert lipsync(sound) == {"FINISHED"}
    assert old in list(bpy.data.actions) and old.use_fake_user
    assert keys(face, "browInnerUp") == pytest.approx(before)
    assert ('key_blocks["eyeBlinkLeft"].value', 0) not in curve_keys(face.data.shape_keys)


def test_gestures_are_written_too(face, sound, tmp_path):
    cues = spoken.cues_of()
    track = spoken.track_of(cues)
    track.weights[:, INDEX["browInnerUp"]] = 0.4
    take = spoken.write_take(tmp_path / "g.fwtake", sound, cues, track=track)
    settings = ApplySettings(place_sound=False)
    apply_take(bpy.context.scene, take, [face], settings)
    assert keys(face, "browInnerUp")[:, 1] == pytest.approx(0.4)


def test_no_gesture_of_another_seed_goes_on(face, sound, tmp_path):
    cues, settings = spoken.cues_of(), ApplySettings(place_sound=False)
    asked = {"on": True, "brows": 1.0, "blinks": 1.0, "gaze": 0.0, "head": 0.0}
    first = spoken.track_of(cues)
    first.weights[:, INDEX["browInnerUp"]] = first.weights[:, INDEX["cheekPuff"]] = 0.4
    for name, track in (("one", first), ("two", spoken.track_of(cues))):
        path = tmp_path / f"{name}.fwtake"
        spoken.write_take(path, sound, cues, track=track, gestures=asked)
        apply_take(bpy.context.scene, path, [face], settings)
    assert not keys(face, "browInnerUp")[:, 1].any()
    # Nobody asked for cheeks.
    assert keys(face, "cheekPuff")[:, 1] == pytest.approx(0.4)


def test_undo_of_a_setting_changes_nothing_written(face, sound):
    lipsync(sound)
    first = keys(face)
    speech().jaw = 0.5
    lipsync(sound)
    takes = sorted(path.name for path in Path(bpy.context.scene.facewright.take).parent.iterdir())
    assert takes == [
        "Façade line 1.cues.json",
        "Façade line 1.fwtake",
        "Façade line 1_002.cues.json",
        "Façade line 1_002.fwtake",
    ]
    assert keys(face)[:, 1].max() < first[:, 1].max()
    assert len([a for a in bpy.data.actions if a.name.startswith("Façade line 1")]) == 2


@needs_sound
def test_the_sound_lies_where_the_mouth_is(face, sound):
    bpy.context.scene.facewright.start_frame = 21
    lipsync(sound)
    (strip,) = sequencer.strips_in(bpy.context.scene)
    assert (sequencer.content_start(strip), strip.type) == (21, "SOUND")
    bpy.ops.facewright.apply_take("EXEC_DEFAULT")
    assert len(sequencer.strips_in(bpy.context.scene)) == 1


@needs_sound
@pytest.mark.parametrize(("fps", "base"), [(24, 1.0), (24, 1.001), (30, 1.0)])
def test_a_trimmed_strip_is_heard_between_its_handles(face, sound, fps, base):
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, base
    scene.frame_start = 100
    strip = add_strip(sound, 101)
    set_handles(strip, 113, 125)
    assert lipsync() == {"FINISHED"}
    (request,) = spoken.FakeJob.requests
    rate = fps / base
    assert request.start_s == pytest.approx(12 / rate)
    assert request.end_s == pytest.approx(24 / rate)
    written = keys(face)
    assert written[0, 0] >= 112
    wanted = curves(
        [c for c in spoken.cues_of() if c.end > 12 / rate and c.start < 24 / rate],
        (written[:, 0] - 101) / rate,
    )
    assert written[2:-2, 1] == pytest.approx(wanted[2:-2, INDEX["jawOpen"]], abs=1e-4)
    assert len(sequencer.strips_in(scene)) == 1
    # Written again from the panel it is where it was, and the strip is not doubled.
    bpy.ops.facewright.apply_take("EXEC_DEFAULT")
    assert keys(face) == pytest.approx(written)
    assert len(sequencer.strips_in(scene)) == 1


def test_a_take_at_another_speed_lies_under_its_strip(face, sound, tmp_path):
    scene = bpy.context.scene
    cues = spoken.cues_of()
    take = spoken.write_take(tmp_path / "t.fwtake", sound, cues)
    from facewright.scene.speech import place_take
    from facewright.scene.speech_source import SpeechSource

    place_take(take, SpeechSource(sound, 10.25, 2.0, strip="Line"))
    report = apply_take(scene, take, [face], ApplySettings(start_frame=10, place_sound=True))
    written = keys(face)
    seconds = (written[:, 0] - 10.25) / 30 * 2
    wanted = curves(cues, contact_times(cues, seconds))
    assert written[:, 1] == pytest.approx(wanted[:, INDEX["jawOpen"]], abs=1e-5)
    assert report.sound_strip == "" and written[-1, 0] <= 10.25 + spoken.LENGTH_S * 15 + 1


class Strip:
    """A strip as Blender 5.1 and newer describes one."""

    type, name, sound_offset = "MOVIE", "Line", 0.0
    content_trim_start = content_trim_end = 0

    def __init__(self, sound, speed_keys=(), **values):
        class Key:
            def __init__(self, frame):
                self.timeline_frame = frame

        self.filepath = str(sound)
        self.retiming_keys = [Key(frame) for frame in speed_keys]
        for name, value in values.items():
            setattr(self, name, value)


# Frames of clicks at 1, 2 and 3 s were compared with what Blender mixes of such strips.
@pytest.mark.parametrize(
    ("values", "start", "speed", "heard"),
    [
        ({"content_start": 10, "left_handle": 10, "right_handle": 106}, 10, 1, (0, 4)),
        ({"content_start": 10, "left_handle": 20, "right_handle": 58}, 10, 1, (10 / 24, 2)),
        (
            {"content_start": 10, "left_handle": 20, "right_handle": 58, "speed_keys": (10, 58)},
            10,
            2,
            (20 / 24, 4),
        ),
        (
            {
                "content_start": 50,
                "left_handle": 50,
                "right_handle": 106,
                "content_trim_start": 40,
            },
            10,
            1,
            (40 / 24, 4),
        ),
        ({"content_start": 10, "left_handle": 4, "right_handle": 200}, 10, 1, (0, 4)),
    ],
)
def test_trims_and_speed_of_a_strip(scene, sound, values, start, speed, heard):
    scene.render.fps = 24
    source = strip_source(scene, Strip(sound, **values), 4.0)
    assert (source.start_frame, source.speed) == (start, speed)
    assert (source.first_s, source.last_s) == pytest.approx(heard)


def test_strips_that_only_blender_can_tell_are_mixed(sound):
    assert not needs_mixing(Strip(sound, speed_keys=(1, 50)))
    assert needs_mixing(Strip(sound, speed_keys=(1, 20, 50)))
    assert needs_mixing(Strip(sound, speed_keys=(1, 50), content_trim_start=9))
    assert needs_mixing(Strip(sound, type="META"))


@needs_sound
def test_what_is_heard_of_one_strip_is_mixed(face, sound, tmp_path):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 5, 20
    strip, other = add_strip(sound, 31), add_strip(sound, 31, 4)
    set_handles(strip, 40, 61)
    source = mixed_source(scene, strip, tmp_path / "mix.wav")
    with wave.open(str(source.path)) as mix:
        assert mix.getnframes() / mix.getframerate() == pytest.approx(21 / 30, abs=0.05)
    assert (source.start_frame, source.speed) == (40, 1)
    assert (scene.frame_start, scene.frame_end) == (5, 20)
    assert not strip.mute and not other.mute


def test_what_is_asked_is_what_the_panel_says(face, sound):
    chosen = speech()
    chosen.transcript, chosen.text, chosen.language = "TYPED", " Mama, papa. ", "es"
    chosen.strength, chosen.visemes.viseme_e = 1.5, 0.25
    chosen.use_gestures, chosen.seed = True, 7
    lipsync(sound)
    (request,) = spoken.FakeJob.requests
    assert (request.text, request.language) == ("Mama, papa.", "es")
    assert request.mouth == MouthStyle(strength=1.5, viseme_strength={"E": 0.25})
    assert (request.gestures.on, request.gestures.seed) == (True, 7)
    assert read_header(request.take)["placed"] == {"frame": 1, "speed": 1.0, "strip": ""}


def test_the_text_may_be_a_block_or_a_file(face, sound, tmp_path):
    speech().transcript = "BLOCK"
    speech().text_block = bpy.data.texts.new("Script")
    speech().text_block.write("Hello there")
    lipsync(sound)
    speech().transcript = "FILE"
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    speech().text_file = str(tmp_path / "a.srt")
    lipsync(sound)
    one, two = spoken.FakeJob.requests
    assert (one.text, one.text_file) == ("Hello there", "")
    assert (two.text, two.text_file) == ("", str(tmp_path / "a.srt"))


@needs_sound
def test_text_strips_over_the_recording_are_its_text(face, sound, monkeypatch):
    scene = bpy.context.scene
    add_strip(sound, 31)
    strips = sequencer.strips_of(scene.sequence_editor)
    for name, first, end in (("world", 50, 70), ("Hello", 31, 45), ("elsewhere", 200, 240)):
        make = strips.new_effect
        options = {"type": "TEXT", "channel": 5, "frame_start": first}
        try:
            strip = make(name, length=end - first, **options)
        except TypeError:
            strip = make(name, frame_end=end, **options)
        strip.text = name
    speech().transcript = "STRIPS"
    read = []
    monkeypatch.setattr(
        spoken.FakeJob, "said", lambda request: read.append(Path(request.text_file).read_text())
    )
    assert lipsync() == {"FINISHED"}
    hello, world = read[0].strip().split("\n\n")
    assert hello.split("\n") == ["1", "00:00:00,000 --> 00:00:00,467", "Hello"]
    assert world.split("\n") == ["2", "00:00:00,633 --> 00:00:01,300", "world"]
    assert not Path(spoken.FakeJob.requests[0].text_file).exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sound": "/nowhere/a.wav"}, "There is no file"),
        ({"transcript": "BLOCK"}, "No text is chosen"),
        ({"transcript": "FILE", "text_file": "/nowhere/a.txt"}, "There is no file"),
        ({"source": "STRIP", "strip": "gone"}, 'There is no strip "gone"'),
        ({"source": "STRIP"}, "No strip of the Sequencer is active"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_done(face, sound, change, sentence):
    bpy.context.scene.sequence_editor_create()
    speech().sound = str(sound)
    for name, value in change.items():
        setattr(speech(), name, value)
    with pytest.raises(RuntimeError, match=sentence):
        lipsync()
    assert not spoken.FakeJob.requests
    assert not bpy.data.actions


def test_a_failure_of_the_worker_leaves_all_as_it_was(face, sound):
    spoken.FakeJob.error = FacewrightError("The sound is broken.", "", "sound-broken")
    with pytest.raises(RuntimeError, match="The sound is broken"):
        lipsync(sound)
    assert not bpy.data.actions and bpy.context.scene.facewright.take == ""


def test_the_button_says_why_it_cannot_be_pressed(scene):
    assert not bpy.ops.facewright.lipsync_audio.poll()
    speech().sound = "a.wav"
    assert not bpy.ops.facewright.lipsync_audio.poll()
    scene.facewright.target = make_face()
    assert bpy.ops.facewright.lipsync_audio.poll()


def add_speakers(**faces):
    for name, face in faces.items():
        bpy.ops.facewright.add_speaker()
        speech().speakers[-1].name, speech().speakers[-1].target = name, face


def test_two_speakers_share_a_recording(face, sound):
    other = make_face("Other")
    add_speakers(Anna=face, Bob=other)
    scene = bpy.context.scene
    # From 0.5 s on it is Bob: frame 16 at 30 frames a second.
    scene.timeline_markers.new("anna: hello", frame=1)
    scene.timeline_markers.new("Bob:", frame=16)
    scene.timeline_markers.new("a note", frame=20)
    assert lipsync(sound) == {"FINISHED"}
    cues = spoken.cues_of()
    silence = [Cue.of_phone("sil", 0.0, 0.5)], [Cue.of_phone("sil", 0.5, spoken.LENGTH_S)]
    for who, said in ((face, [*cues[:4], *silence[1]]), (other, [*silence[0], *cues[4:]])):
        written = keys(who)
        seconds = (written[:, 0] - 1) / 30
        wanted = curves(said, contact_times(said, seconds))[:, INDEX["jawOpen"]]
        assert written[:, 1] == pytest.approx(wanted, abs=1e-4)
    # The whole, Anna's and Bob's.
    folder = Path(spoken.FakeJob.requests[0].take).parent
    assert len(list(folder.glob("*.fwtake"))) == 3
    own = [Path(speaker.take) for speaker in speech().speakers]
    assert [read_header(path)["speech"]["speaker"] for path in own] == ["Anna", "Bob"]
    said = [cue.spoken for cue in read_cues(cues_path(own[0]))]
    assert said == ["sil", "p", "a", "p", "sil"]
    assert len(scene.timeline_markers) == 3


def test_speakers_without_markers_or_characters_are_told(face, sound):
    add_speakers(Anna=face, Bob=None)
    with pytest.raises(RuntimeError, match='"Bob" has no character'):
        lipsync(sound)
    speech().speakers[1].target = make_face("Other")
    with pytest.raises(RuntimeError, match='named after "Anna", "Bob"'):
        lipsync(sound)
    assert not bpy.data.actions


def test_the_cues_of_a_profile_do_not_replace_its_values(face, sound, tmp_path):
    cues = spoken.cues_of()
    track = spoken.track_of(cues)
    track = replace(track, weights=np.full_like(track.weights, 0.0))
    track.weights[:, INDEX["jawOpen"]] = 0.33
    take = spoken.write_take(tmp_path / "p.fwtake", sound, cues, track=track, profile="me.fwvoice")
    apply_take(bpy.context.scene, take, [face], ApplySettings(place_sound=False))
    assert keys(face)[:, 1] == pytest.approx(0.33)


@pytest.mark.parametrize("who", [0, 1])
def test_a_speaker_who_cannot_be_written_leaves_all_as_it_was(face, sound, monkeypatch, who):
    other = make_face("Other")
    add_speakers(Anna=face, Bob=other)
    scene = bpy.context.scene
    scene.frame_end = 10
    for name, frame in (("Anna", 1), ("Bob", 16)):
        scene.timeline_markers.new(name, frame=frame)

    def leave(_request):
        bpy.data.objects.remove((face, other)[who])

    monkeypatch.setattr(spoken.FakeJob, "said", leave)
    with pytest.raises(RuntimeError, match="target is not in the scene"):
        lipsync(sound)
    left = (other, face)[who]
    assert not bpy.data.actions and not left.data.shape_keys.animation_data
    assert scene.frame_end == 10 and not sequencer.strips_in(scene) and not bpy.data.sounds
    # What was heard is kept, and nothing else.
    folder = Path(spoken.FakeJob.requests[0].take).parent
    assert [path.name for path in folder.glob("*.fwtake")] == ["Façade line 1.fwtake"]
    assert [speaker.take for speaker in speech().speakers] == ["", ""]


def test_a_speaker_who_cannot_be_written_leaves_cues_and_keys_of_before(face, sound, monkeypatch):
    add_speakers(Anna=face)
    bpy.context.scene.timeline_markers.new("Anna", frame=1)
    lipsync(sound)
    bpy.ops.facewright.show_cues("EXEC_DEFAULT", take=speech().speakers[0].take)
    before, markers = keys(face), len(bpy.context.scene.timeline_markers)
    add_speakers(Bob=make_face("Other"))
    bpy.context.scene.timeline_markers.new("Bob", frame=16)

    def leave(_request):
        bpy.data.objects.remove(speech().speakers[1].target)

    monkeypatch.setattr(spoken.FakeJob, "said", leave)
    with pytest.raises(RuntimeError, match="target is not in the scene"):
        lipsync(sound)
    assert keys(face) == pytest.approx(before)
    assert len(bpy.context.scene.timeline_markers) == markers + 1 and speech().cues_record
