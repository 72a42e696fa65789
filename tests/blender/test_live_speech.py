# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech live: only the mouth follows, and what was recorded keeps every contact on a frame."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import spoken
from faces import curve_keys, make_face, make_track
from facewright import registration
from facewright.engine.core.errors import FacewrightError
from facewright.engine.filters.chain import FilterSettings
from facewright.engine.takes.imported import write_values
from facewright.engine.takes.manage import read_summary
from facewright.operators.live_session import start_session
from facewright.properties.takes import speech_of
from facewright.properties.why_not import confidence_disabled_reason, show_cues_disabled_reason
from facewright.scene import live
from facewright.scene.apply_settings import ApplySettings
from facewright.scene.capture import apply_take
from facewright.scene.head import create_head
from facewright.scene.live_rig import LiveRig
from facewright.scene.pose_channels import PoseSettings
from facewright.scene.speech_take import MOUTH, read_speech_take

KEYS = ["jawOpen", "mouthClose", "browInnerUp", "cheekPuff", "eyeBlinkLeft"]
RATE = 50.0


@pytest.fixture(autouse=True)
def registered():
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def face(scene):
    """A face with raised brows and an eye half shut, which are animated and not."""
    face = make_face(keys=KEYS)
    blocks = face.data.shape_keys.key_blocks
    for frame, blocks["browInnerUp"].value in ((1, 0.25), (11, 0.75)):
        blocks["browInnerUp"].keyframe_insert("value", frame=frame)
    blocks["eyeBlinkLeft"].value = 0.5
    scene.frame_set(1)
    return face


def values(face):
    """Shape keys beside the base, by name."""
    return {block.name: round(block.value, 4) for block in face.data.shape_keys.key_blocks[1:]}


def spoken_row(jaw=0.6):
    """One moment of a mouth."""
    return make_track([0.0], {"jawOpen": [jaw]})


def test_brows_lids_and_cheeks_stay_as_the_artist_has_them(scene, face):
    rig = LiveRig(scene, [face], PoseSettings(), MOUTH)
    rig.begin()
    rig.show(spoken_row())
    others = {"mouthClose": 0.0, "cheekPuff": 0.0, "eyeBlinkLeft": 0.5}
    assert values(face) == {"jawOpen": 0.6, "browInnerUp": 0.25} | others
    scene.frame_set(11)
    rig.show(spoken_row(0.4))
    bpy.context.view_layer.update()
    assert values(face) == {"jawOpen": 0.4, "browInnerUp": 0.75} | others
    rig.end()
    assert values(face)["jawOpen"] == 0.0


class Silent:
    """A worker that says nothing."""

    log = ""

    def __getattr__(self, _name):
        return lambda *_arguments, **_named: []


def test_a_session_of_sound_leaves_head_and_eyes_alone(scene, monkeypatch):
    monkeypatch.setattr(live, "start_worker", Silent)
    head = create_head(bpy.context)
    bone = head.parent.pose.bones["head"]
    bone.rotation_mode, bone.rotation_euler = "XYZ", (0.1, 0.2, 0.3)
    blocks = head.data.shape_keys.key_blocks
    blocks["browInnerUp"].value = blocks["eyeLookUpLeft"].value = 0.5
    scene.facewright.target, scene.facewright.live.source = head, "MICROPHONE"
    scene.facewright.speech.jaw = 0.5
    session = start_session(bpy.context)
    try:
        assert session.speaks and session.request.source == "mic:"
        assert session.request.mouth.jaw == 0.5
        assert not any(session.settings.steadiness.values())
        session.rig.begin()
        session.rig.show(spoken_row())
        assert blocks["jawOpen"].value == pytest.approx(0.6)
        assert blocks["browInnerUp"].value == blocks["eyeLookUpLeft"].value == 0.5
        assert tuple(bone.rotation_euler) == pytest.approx((0.1, 0.2, 0.3))
    finally:
        session.close()
    assert blocks["jawOpen"].value == 0.0
    assert tuple(bone.rotation_euler) == pytest.approx((0.1, 0.2, 0.3))


def write_live_take(path, closed_s, seconds=2.0, frame=1.0):
    """A take as the microphone records it: an open jaw, lips that meet for 40 ms at times."""
    times = np.arange(round(seconds * RATE)) / RATE
    jaw = np.full(len(times), 0.5)
    close = 0.1 * jaw
    for at in closed_s:
        close[np.abs(times - at) <= 0.0201] = 0.5
    track = make_track(times, {"jawOpen": jaw, "mouthClose": close})
    header = {
        "created": "2026-01-01T10:00:00+00:00",
        "source": {
            "kind": "live",
            "file": "USB Audio",
            "path": "",
            "sha256": "0" * 64,
            "width": 0,
            "height": 0,
            "rate": [50, 1],
            "frame_count": 0,
            "codec": "",
            "has_audio": False,
            "audio_offset_s": 0.0,
        },
        "engine": "speech",
        "solver": "none",
        "models": {},
        "provider": "",
        "settings": {},
        "state": "complete",
        "placed": {"frame": frame, "fps": 24, "fps_base": 1.0},
        "sound": {"offset_s": 0.0},
    }
    write_values(path, header, track)
    spoken.write_sound(path.with_suffix(".wav"), seconds)
    return path


@pytest.mark.parametrize(("fps", "base"), [(24, 1.0), (24, 1.001), (12, 1.0), (60, 1.0)])
def test_lips_that_met_meet_on_a_frame_and_nothing_else_gets_keys(scene, face, tmp_path, fps, base):
    scene.render.fps, scene.render.fps_base = fps, base
    closed_s = np.array([0.313, 0.658, 1.011, 1.373])
    take = write_live_take(tmp_path / "said.fwtake", closed_s)
    # Smoothing and centring are the defaults here; a take of sound is neither.
    apply_take(scene, take, [face], ApplySettings(filters=FilterSettings(), place_sound=False))
    curves = curve_keys(face.data.shape_keys)
    jaw, close = (curves[f'key_blocks["{name}"].value', 0] for name in ("jawOpen", "mouthClose"))
    assert jaw[:, 1] == pytest.approx(0.5, abs=1e-3)
    for at in closed_s:
        near = np.abs((close[:, 0] - 1) / (fps / base) - at) <= 0.02 + 0.5 * base / fps
        assert close[near, 1].max() == pytest.approx(0.5, abs=1e-3)
    # The brows' own animation goes on; lids and cheeks got nothing.
    assert len(curves['key_blocks["browInnerUp"].value', 0]) == 2
    assert not [path for path, _ in curves if "eyeBlink" in path or "cheek" in path]


def test_the_sound_lies_under_the_keys_where_it_was_spoken(scene, face, tmp_path):
    if not bpy.app.build_options.audaspace:
        pytest.skip("this bpy was built without sound")
    take = write_live_take(tmp_path / "said.fwtake", [0.5], frame=11.0)
    report = apply_take(scene, take, [face], ApplySettings(start_frame=11))
    assert report.first_frame == 11 and report.sound_strip


def test_a_take_without_cues_says_where_cues_come_from(tmp_path):
    take = write_live_take(tmp_path / "said.fwtake", [0.5])
    with pytest.raises(FacewrightError, match=r"said\.wav.*Lip-Sync"):
        read_speech_take(take)
    assert read_summary(take).speech == "LIVE"


def test_cues_and_confidence_are_greyed_with_a_reason(scene, tmp_path):
    run = bpy.context.window_manager.facewright
    shot = scene.facewright
    shot.take = str(write_live_take(tmp_path / "said.fwtake", [0.5]))
    item = run.takes.takes.add()
    item.path, item.speech = shot.take, "LIVE"
    try:
        assert speech_of(run, shot.take) == "LIVE"
        assert "no cues" in show_cues_disabled_reason(bpy.context)
        assert "no face" in confidence_disabled_reason(bpy.context)
        assert not bpy.ops.facewright.show_cues.poll()
        assert not bpy.ops.facewright.mark_doubt.poll()
        item.speech = ""
        assert confidence_disabled_reason(bpy.context) == ""
    finally:
        run.takes.takes.clear()
