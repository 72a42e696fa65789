# SPDX-License-Identifier: GPL-3.0-or-later
"""VMC: what a Marionette hears, and what Performer and Assistant say, in Unity's frame."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core.arkit import INDEX, NAMES, live_link_name
from engine.core.errors import FacewrightError
from engine.formats import osc
from engine.formats.sample import FaceSample, to_row
from engine.formats.vmc import VmcDecoder, encode_assistant, encode_performer
from engine.formats.vmc_presets import no_presets, preset_place, presets_of, weights_of

APPLY = osc.message("/VMC/Ext/Blend/Apply")


def value(name: str, weight: float) -> bytes:
    return osc.message("/VMC/Ext/Blend/Val", name, weight)


def bone(name: str, *turn: float) -> bytes:
    return osc.message("/VMC/Ext/Bone/Pos", name, 0.0, 0.0, 0.0, *turn)


def heard(*messages: bytes) -> list[FaceSample]:
    decoder = VmcDecoder()
    return [sample for bundle in osc.bundles(messages) for sample in decoder.feed(bundle)]


def about(axis: str, degrees: float) -> list[float]:
    """Unity quaternion about one axis."""
    turn = [0.0, 0.0, 0.0, math.cos(math.radians(degrees) / 2)]
    turn["xyz".index(axis)] = math.sin(math.radians(degrees) / 2)
    return turn


def face(**weights: float) -> FaceSample:
    row = np.zeros(52)
    for name, weight in weights.items():
        row[INDEX[name]] = weight
    return FaceSample(0.0, weights=row, head_deg=np.zeros(3), gaze_deg=np.zeros((2, 2)))


def test_a_datagram_written_out_byte_by_byte():
    datagram = (
        b"#bundle\0\0\0\0\0\0\0\0\1"
        b"\0\0\0\x24/VMC/Ext/Blend/Val\0\0,sf\0JawOpen\0\x3e\x80\0\0"
        b"\0\0\0\x1c/VMC/Ext/Blend/Apply\0\0\0\0,\0\0\0"
    )
    (sample,) = VmcDecoder().feed(datagram)
    assert sample.weights[INDEX["jawOpen"]] == 0.25
    assert np.isnan(sample.weights).sum() == 51
    assert sample.time_s is None
    assert np.isnan(sample.head_deg).all()


def test_values_wait_for_apply_and_stay():
    decoder = VmcDecoder()
    assert decoder.feed(value("JawOpen", 0.5)) == []
    assert decoder.feed(value("mouthpucker", 0.25)) == []
    assert decoder.feed(APPLY)[0].weights[INDEX["mouthPucker"]] == 0.25
    decoder.feed(value("JAWOPEN", 0.75))
    (sample,) = decoder.feed(APPLY)
    assert sample.weights[INDEX["jawOpen"]] == 0.75
    assert sample.weights[INDEX["mouthPucker"]] == 0.25


def test_all_perfect_sync_names_are_known_in_two_spellings():
    for spelled in (NAMES, tuple(live_link_name(name) for name in NAMES)):
        said = [value(name, (place + 1) / 64) for place, name in enumerate(spelled)]
        (sample,) = heard(*said, APPLY)
        np.testing.assert_array_equal(sample.weights, np.arange(1, 53) / 64)


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        ("Blink_L", "eyeBlinkLeft"),
        ("blinkRight", "eyeBlinkRight"),
        ("Blink", "eyeBlinkRight"),
        ("LookLeft", "eyeLookOutLeft"),
        ("LookLeft", "eyeLookInRight"),
        ("lookRight", "eyeLookOutRight"),
        ("LookUp", "eyeLookUpLeft"),
    ],
)
def test_presets_of_lids_and_gaze_move_their_weights(preset, name):
    (sample,) = heard(value(preset, 0.5), APPLY)
    assert sample.weights[INDEX[name]] == 0.5


def test_vowels_and_emotions_of_both_vrm_versions():
    for old, new in (("A", "aa"), ("U", "ou"), ("Joy", "happy"), ("Sorrow", "sad")):
        (first,), (second,) = heard(value(old, 1.0), APPLY), heard(value(new, 1.0), APPLY)
        np.testing.assert_array_equal(first.weights, second.weights)
    (a,), (u,) = heard(value("A", 1.0), APPLY), heard(value("U", 1.0), APPLY)
    assert a.weights[INDEX["jawOpen"]] == 0.6
    assert u.weights[INDEX["mouthPucker"]] == 0.8
    assert u.weights[INDEX["jawOpen"]] == 0.15


def test_presets_tell_what_no_perfect_sync_clip_has_told():
    (sample,) = heard(value("A", 1.0), value("Blink", 1.0), value("TongueOut", 0.0), APPLY)
    assert sample.weights[INDEX["jawOpen"]] == 0.6
    assert sample.weights[INDEX["eyeBlinkLeft"]] == 1.0
    (sample,) = heard(value("A", 1.0), value("JawOpen", 0.125), APPLY)
    assert sample.weights[INDEX["jawOpen"]] == 0.125
    assert sample.weights[INDEX["mouthLowerDownLeft"]] == 0.2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_a_presets_two_names_the_larger_value_counts(order):
    said = (value("aa", 1.0), value("A", 0.0))
    (sample,) = heard(*(said[place] for place in order), APPLY)
    assert sample.weights[INDEX["jawOpen"]] == 0.6


@pytest.mark.parametrize(
    ("axis", "degrees", "expected"),
    [
        ("x", 30.0, [30.0, 0.0, 0.0]),  # looks down
        ("y", 30.0, [0.0, -30.0, 0.0]),  # Unity turns to the avatar's right
        ("z", 30.0, [0.0, 0.0, -30.0]),  # the top tilts to the avatar's left, the image's right
    ],
)
def test_heads_and_eyes_turn_as_in_unity(axis, degrees, expected):
    (sample,) = heard(
        bone("Head", *about(axis, degrees)), bone("LeftEye", *about(axis, degrees)), APPLY
    )
    np.testing.assert_allclose(sample.head_deg, expected, atol=1e-4)
    np.testing.assert_allclose(sample.gaze_deg[0], expected[:2], atol=1e-4)
    assert np.isnan(sample.gaze_deg[1]).all()


def test_neck_and_head_add_up():
    (sample,) = heard(bone("Neck", *about("x", 10)), bone("Head", *about("x", 20)), APPLY)
    np.testing.assert_allclose(sample.head_deg, [30, 0, 0], atol=1e-4)


def test_root_time_and_tracking_are_heard():
    root = osc.message("/VMC/Ext/Root/Pos", "root", 0.5, 1.25, -0.25, 0.0, 0.0, 0.0, 1.0)
    clock, lost = osc.message("/VMC/Ext/T", 2.5), osc.message("/VMC/Ext/OK", 1, 3, 0, 0)
    (sample,) = heard(root, clock, lost, APPLY)
    np.testing.assert_array_equal(sample.head_cm, [-50.0, 125.0, -25.0])
    assert (sample.time_s, sample.valid) == (2.5, False)
    assert heard(lost, osc.message("/VMC/Ext/OK", 1), APPLY)[0].valid


def test_an_avatar_that_is_not_loaded_does_not_hide_the_face():
    for arguments in ([0], [0, 3, 0, 1]):
        (sample,) = heard(osc.message("/VMC/Ext/OK", *arguments), value("JawOpen", 0.5), APPLY)
        assert sample.valid


def test_a_performer_that_loses_the_face_is_heard_to():
    decoder = VmcDecoder()
    row, lost = to_row(face(jawOpen=0.5), 0.0), to_row(FaceSample(None, valid=False), 0.0)
    got = [
        (sample.time_s, sample.valid)
        for time_s, each in ((1.0, row), (2.0, lost), (3.0, lost), (4.0, row))
        for bundle in encode_performer(each, time_s)
        for sample in decoder.feed(bundle)
    ]
    assert got == [(1.0, True), (2.0, False), (3.0, False), (4.0, True)]


def test_who_applies_values_without_a_face_is_not_heard_twice():
    decoder = VmcDecoder()
    lost = osc.message("/VMC/Ext/OK", 1, 3, 0, 0)
    heard_now = [len(decoder.feed(data)) for data in (APPLY, lost, APPLY, lost, APPLY)]
    assert heard_now == [1, 1, 1, 0, 1]


def test_what_the_specification_says_to_ignore_is_ignored():
    (sample,) = heard(
        osc.message("/VMC/Ext/Unheard", 1),
        osc.message("/VMC/Ext/Blend/Val", "JawOpen"),
        osc.message("/VMC/Ext/Blend/Val", 1, "JawOpen"),
        osc.message("/VMC/Ext/Blend/Val", "JawOpen", float("nan")),
        osc.message("/VMC/Ext/Blend/Val", "SomethingElse", 1.0),
        osc.message("/VMC/Ext/Bone/Pos", "Head", 0.0),
        osc.message("/VMC/Ext/Bone/Pos", 5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
        bone("Head", 0.0, 0.0, 0.0, 0.0),
        osc.message("/VMC/Ext/OK"),
        osc.message("/VMC/Ext/T", "now"),
        osc.message("/VMC/Ext/Root/Pos"),
        APPLY,
    )
    assert np.isnan(sample.weights).all()
    assert np.isnan(sample.head_deg).all()
    assert (sample.time_s, sample.valid) == (None, True)


def test_no_osc_is_refused():
    with pytest.raises(FacewrightError):
        VmcDecoder().feed(b"hello")


def said_by(bundles: list[bytes]) -> list[osc.Message]:
    assert all(len(bundle) <= 1500 for bundle in bundles)
    return [told for bundle in bundles for told in osc.parse(bundle)]


def bones_of(messages: list[osc.Message]) -> dict[str, list[float]]:
    return {a[0]: a[4:] for address, a in messages if address == "/VMC/Ext/Bone/Pos"}


def test_a_performer_says_everything_in_order():
    said = said_by(encode_performer(to_row(face(jawOpen=0.25), 0.0), 1.5))
    assert said[0] == ("/VMC/Ext/OK", [1, 3, 0, 1])
    assert said[1] == ("/VMC/Ext/T", [1.5])
    assert said[2] == ("/VMC/Ext/Root/Pos", ["root", 0, 0, 0, 0, 0, 0, 1])
    assert list(bones_of(said)) == ["Neck", "Head", "LeftEye", "RightEye"]
    values = [a for address, a in said if address == "/VMC/Ext/Blend/Val"]
    assert [name for name, _ in values[-52:]] == [live_link_name(name) for name in NAMES]
    assert dict(values)["JawOpen"] == 0.25
    assert said[-1] == ("/VMC/Ext/Blend/Apply", [])


@pytest.mark.parametrize(
    ("head", "axis", "sign"),
    [([30.0, 0, 0], "x", 1), ([0, 30.0, 0], "y", -1), ([0, 0, 30.0], "z", -1)],
)
def test_a_performers_head_turns_as_unity_means_it(head, axis, sign):
    sample = FaceSample(0.0, head_deg=np.array(head), gaze_deg=np.zeros((2, 2)))
    bones = bones_of(said_by(encode_performer(to_row(sample, 0.0), 0.0)))
    np.testing.assert_allclose(bones["Neck"], about(axis, sign * 9.0), atol=1e-6)
    np.testing.assert_allclose(bones["Head"], about(axis, sign * 21.0), atol=1e-6)
    np.testing.assert_allclose(bones["LeftEye"], [0, 0, 0, 1], atol=1e-6)


def test_without_a_face_a_performer_says_so_and_an_assistant_nothing():
    row = to_row(FaceSample(None, valid=False), 0.0)
    assert said_by(encode_performer(row, 0.5)) == [
        ("/VMC/Ext/OK", [1, 3, 0, 0]),
        ("/VMC/Ext/T", [0.5]),
    ]
    assert encode_assistant(row) == []


def test_an_assistant_says_the_face_and_where_the_eyes_look():
    sample = face(jawOpen=0.5)
    # Both eyes look 30 degrees down; then to the actor's left, which is Unity's -x.
    for gaze, expected in (((30, 0), (0, -0.5, 0.866025)), ((0, 30), (-0.5, 0, 0.866025))):
        sample.gaze_deg[:] = gaze
        said = said_by(encode_assistant(to_row(sample, 0.0)))
        assert {address for address, _ in said} == {
            "/VMC/Ext/Blend/Val",
            "/VMC/Ext/Blend/Apply",
            "/VMC/Ext/Set/Eye",
        }
        assert said[-1][1][0] == 1
        np.testing.assert_allclose(said[-1][1][1:], expected, atol=1e-5)


def test_presets_are_said_instead_for_avatars_without_perfect_sync():
    row = to_row(face(eyeBlinkLeft=0.75, eyeBlinkRight=0.5, jawOpen=0.75, mouthPucker=0.25), 0.0)
    said = said_by(encode_performer(row, 0.0, presets=True))
    values = dict(a for address, a in said if address == "/VMC/Ext/Blend/Val")
    assert len(values) == 17
    assert (values["Blink"], values["Blink_L"], values["Blink_R"]) == (0.5, 0.25, 0.0)
    assert (values["A"], values["U"], values["I"]) == (0.5, 0.25, 0.0)
    assert {values[name] for name in ("Joy", "Angry", "Sorrow", "Fun", "Surprised")} == {0.0}


@pytest.mark.parametrize("name", ["Joy", "Angry", "Sorrow", "Fun", "Surprised"])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_a_face_of_one_emotion_is_that_preset_and_no_other(name, strength):
    presets = no_presets()
    presets[preset_place(name)] = strength
    told = presets_of(weights_of(presets))
    assert told.pop(name) == pytest.approx(strength)
    assert max(told.values()) < 1e-9


def test_a_smile_without_the_eyes_closes_none():
    told = presets_of(face(mouthSmileLeft=0.6, mouthSmileRight=0.6).weights)
    assert (told["Joy"], told["Fun"]) == (0.0, 0.0)
    smile = face(mouthSmileLeft=0.6, mouthSmileRight=0.6, cheekSquintLeft=0.3, cheekSquintRight=0.3)
    told = presets_of(smile.weights)
    assert (told["Joy"], told["Fun"]) == (0.0, pytest.approx(1.0))


def test_a_face_survives_the_way_there_and_back():
    generator = np.random.default_rng(5)
    sample = FaceSample(
        None,
        weights=generator.random(52),
        head_deg=generator.uniform(-60, 60, 3),
        gaze_deg=generator.uniform(-30, 30, (2, 2)),
    )
    decoder = VmcDecoder()
    bundles = encode_performer(to_row(sample, 0.0), 3.0)
    (got,) = [told for bundle in bundles for told in decoder.feed(bundle)]
    np.testing.assert_allclose(got.weights, sample.weights, atol=1e-6)
    np.testing.assert_allclose(got.head_deg, sample.head_deg, atol=1e-4)
    np.testing.assert_allclose(got.gaze_deg, sample.gaze_deg, atol=1e-4)
