# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel of live capture says is what the filter does."""

import bpy
import pytest
from facewright import registration
from facewright.engine.core.mouth_style import MouthStyle
from facewright.engine.filters.live import DEFAULT_STEADINESS
from facewright.engine.formats.dialects import DIALECTS
from facewright.operators.live_session import filter_settings, source_spec
from facewright.properties.live import speaks
from facewright.properties.speech import mouth_style
from facewright.properties.why_not import calibrate_disabled_reason


@pytest.fixture(autouse=True)
def addon():
    registration.register()
    yield
    registration.unregister()


def test_the_panels_defaults_are_the_filters():
    settings = filter_settings(bpy.context.scene.facewright)
    assert settings.steadiness == pytest.approx(dict(DEFAULT_STEADINESS))
    assert settings.keep_blinks and not settings.gain


def test_every_slider_reaches_the_filter():
    shot = bpy.context.scene.facewright
    for number, part in enumerate(DEFAULT_STEADINESS):
        setattr(shot.live, f"steady_{part}", number / 10)
        setattr(shot.gain, part, 1.0 + number / 4)
    shot.live.keep_blinks, shot.live.gap_policy = False, "HOLD"
    settings = filter_settings(shot)
    for number, part in enumerate(DEFAULT_STEADINESS):
        assert settings.steadiness[part] == pytest.approx(number / 10)
        assert settings.gain.get(part, 1.0) == pytest.approx(1.0 + number / 4)
    assert (settings.keep_blinks, settings.gap_policy) == (False, "HOLD")


def test_live_capture_in_the_background_names_the_command_that_works_there():
    bpy.ops.mesh.primitive_cube_add()
    shot = bpy.context.scene.facewright
    shot.target, shot.live.source, shot.video = bpy.context.object, "CLIP", "x.mp4"
    with pytest.raises(RuntimeError, match="python -m engine live"):
        bpy.ops.facewright.capture_webcam()


def test_every_stream_of_the_panel_can_be_spoken():
    live = bpy.context.scene.facewright.live
    heard = {item.identifier for item in live.bl_rna.properties["dialect"].enum_items}
    sent = {item.identifier for item in live.bl_rna.properties["send_dialect"].enum_items}
    assert heard == {"any", *DIALECTS} - {"vmc-assistant", "vmc-presets"}  # reads as a Performer's
    assert sent == {name for name, dialect in DIALECTS.items() if dialect.encoder}


@pytest.mark.parametrize(
    ("settings", "spec"),
    [
        ({"source": "CAMERA"}, "webcam:0"),
        ({"source": "CAMERA", "camera": "Logi"}, "webcam:Logi"),
        ({"source": "MICROPHONE"}, "mic:"),
        ({"source": "MICROPHONE", "microphone": "USB "}, "mic:USB"),
        ({"source": "STREAM"}, "udp:any"),
        ({"source": "STREAM", "dialect": "livelink", "port": 11112}, "udp:livelink:11112"),
        (
            {
                "source": "STREAM",
                "dialect": "ifacialmocap",
                "transport": "TCP",
                "phone": "10.0.0.7 ",
            },
            "tcp:ifacialmocap@10.0.0.7",
        ),
    ],
)
def test_the_panel_names_its_source(settings, spec):
    shot = bpy.context.scene.facewright
    for name, value in settings.items():
        setattr(shot.live, name, value)
    assert source_spec(shot) == spec


@pytest.mark.parametrize(
    ("source", "clip", "is_sound"),
    [
        ("MICROPHONE", "", True),
        ("CLIP", "line.WAV", True),
        ("CLIP", "take.mp4", False),
        ("CAMERA", "line.wav", False),
        ("STREAM", "", False),
    ],
)
def test_which_sources_are_heard(source, clip, is_sound):
    shot = bpy.context.scene.facewright
    shot.live.source, shot.video = source, clip
    assert speaks(shot) is is_sound


def test_what_is_heard_is_not_calmed_but_scaled():
    shot = bpy.context.scene.facewright
    shot.gain.jaw, shot.live.gap_policy = 1.5, "EASE"
    settings = filter_settings(shot, heard=True)
    assert not any(settings.steadiness.values())
    assert settings.gain == {"jaw": 1.5} and settings.gap_policy == "EASE"


def test_the_amounts_of_speech_hold_live():
    speech = bpy.context.scene.facewright.speech
    speech.strength, speech.jaw, speech.lips, speech.tongue = 1.5, 0.5, 2, 0
    speech.visemes.viseme_pp = 0.75
    assert mouth_style(speech) == MouthStyle(1.5, 0.5, 2, 0, {"PP": 0.75})


def test_there_is_no_face_to_calibrate_in_sound():
    live = bpy.context.window_manager.facewright.live
    live.is_live = live.speaks = True
    try:
        assert "no face" in calibrate_disabled_reason(bpy.context)
        live.speaks = False
        assert calibrate_disabled_reason(bpy.context) == ""
    finally:
        live.is_live = live.speaks = False


def test_listening_on_the_network_says_where():
    run = bpy.context.window_manager.facewright.live
    run.network = True
    assert run.addresses
