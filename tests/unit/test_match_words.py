# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of unknown families by their English words."""

from __future__ import annotations

import pytest

from engine.core.arkit import INDEX, NAMES
from engine.retarget.match.by_name import match_by_name
from engine.retarget.match.tokens import THRESHOLD, match_tokens, speak
from engine.retarget.match.vocabulary import PHRASES


@pytest.mark.parametrize(
    ("key", "channel"),
    [
        ("Mouth Smile Left", "mouthSmileLeft"),
        ("smile_l", "mouthSmileLeft"),
        ("L_blink", "eyeBlinkLeft"),
        ("eye close R", "eyeBlinkRight"),
        ("Right Eyelid Closed", "eyeBlinkRight"),
        ("brow inner raise", "browInnerUp"),
        ("eyebrow raise outer left", "browOuterUpLeft"),
        ("browLowerL", "browDownLeft"),
        ("lip pucker", "mouthPucker"),
        ("jaw drop", "jawOpen"),
        ("jawThrust", "jawForward"),
        ("jawSlideLeft", "jawLeft"),
        ("jaw_slide_R", "jawRight"),
        ("mouthSlideRight", "mouthRight"),
        ("sneer.L", "noseSneerLeft"),
        ("noseWrinkler_R", "noseSneerRight"),
        ("lipCornerPullerL", "mouthSmileLeft"),
        ("lip_corner_depressor_r", "mouthFrownRight"),
        ("upperLipRaiserL", "mouthUpperUpLeft"),
        ("Lower Lip Depress R", "mouthLowerDownRight"),
        ("lipStretcherL", "mouthStretchLeft"),
        ("dimpler_L", "mouthDimpleLeft"),
        ("cheekRaiser_R", "cheekSquintRight"),
        ("lid_tighten_L", "eyeSquintLeft"),
        ("eyesUpperLidRaiserR", "eyeWideRight"),
        ("upper_lip_roll_in", "mouthRollUpper"),
        ("lower lip suck", "mouthRollLower"),
        ("chinRaiser", "mouthShrugLower"),
        ("funneler", "mouthFunnel"),
        ("puffed cheeks", "cheekPuff"),
        ("Tongue Out", "tongueOut"),
        ("AU12_L", "mouthSmileLeft"),
        ("au_04.R", "browDownRight"),
        ("AU26", "jawOpen"),
        ("Eye_L_Look_R", "eyeLookInLeft"),
        ("Eye_R_Look_R", "eyeLookOutRight"),
        ("EyeLookLeft_R", "eyeLookInRight"),
        ("left_eye_look_in", "eyeLookInLeft"),
        ("gaze_up_L", "eyeLookUpLeft"),
        ("Head.smile_L.001", "mouthSmileLeft"),
    ],
)
def test_words_say_one_channel(key, channel):
    spoken = speak(key)
    assert spoken.channels == (channel,)
    assert spoken.score >= THRESHOLD
    assert not spoken.half


@pytest.mark.parametrize(
    ("key", "both"),
    [
        ("Smile", ("mouthSmileLeft", "mouthSmileRight")),
        ("eyes closed", ("eyeBlinkLeft", "eyeBlinkRight")),
        ("lipPressor", ("mouthPressLeft", "mouthPressRight")),
        ("eyesLookUp", ("eyeLookUpLeft", "eyeLookUpRight")),
        ("eyesLookLeft", ("eyeLookInRight", "eyeLookOutLeft")),
        ("LookRight", ("eyeLookInLeft", "eyeLookOutRight")),
    ],
)
def test_without_a_side_both_are_meant(key, both):
    assert set(speak(key).channels) == set(both)
    match = match_tokens([key])
    assert {name: row.keys for name, row in match.rows.items()} == dict.fromkeys(both, (key,))


@pytest.mark.parametrize(
    "key",
    [
        "jaw_width",
        "Eye size L",
        "mouthLeftCornerSculpt",
        "Mouth_Smile_Sharp_L",
        "jaw open fix",
        "eye_blink_L_R",
        "smile_left_right",
        "jaw_open_L",
        "tongue out R",
        "jaw_L",
        "mouth.R",
        "frown_L",
        "eye open L",
        "mouth wide",
        "wink",
        "eyeLook_L",
        "lower lip roll out",
        "jawDropLipTowards",
        "brow inner up L",
        "mouth upper left",
        "nose bridge up",
        "eye look up down",
        "upper lid down",
        "Smile Frown L",
    ],
)
def test_unclear_words_decide_nothing(key):
    assert not match_tokens([key]).rows


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("Mouth_Smile_Sharp_L", "sharp"),
        ("jaw open fix", "mends"),
        ("smile_left_right", "two sides"),
        ("jaw_open_L", "has none"),
        ("frown_L", "may be"),
        ("wink", "which side"),
        ("brow inner up L", "other half"),
        ("jaw_L", "may be"),
        ("eyeLook_L", "where"),
    ],
)
def test_a_refusal_has_its_reason(key, reason):
    assert reason in match_tokens([key]).refused[key]


def test_a_key_for_both_sides_steps_back_for_one_of_its_own():
    match = match_tokens(["smile", "smile_L", "smile_R"])
    assert match.rows["mouthSmileLeft"].keys == ("smile_L",)
    assert match.rows["mouthSmileRight"].keys == ("smile_R",)
    assert match.left_over == ("smile",)


def test_the_plainest_words_win_and_the_rest_are_duplicates():
    match = match_tokens(["smile_L", "lip corner pull L"])
    assert match.rows["mouthSmileLeft"].keys == ("lip corner pull L",)
    assert match.rows["mouthSmileLeft"].duplicates == ("smile_L",)


def test_halves_make_a_whole():
    match = match_tokens(["cheekPuffL", "cheekPuffR", "innerBrowRaiserR", "innerBrowRaiserL"])
    assert match.rows["cheekPuff"].keys == ("cheekPuffL", "cheekPuffR")
    assert match.rows["browInnerUp"].keys == ("innerBrowRaiserL", "innerBrowRaiserR")


def test_what_is_taken_is_left_alone():
    assert not match_tokens(["smile_L"], taken={"mouthSmileLeft"}).rows


def test_every_phrase_is_a_channel_and_some_are_below_the_threshold():
    for phrase in PHRASES:
        assert phrase.channel in INDEX or f"{phrase.channel}Left" in INDEX
        assert 0 < phrase.score <= 1
    assert any(phrase.score < THRESHOLD for phrase in PHRASES)


def test_the_words_of_every_arkit_name_say_it():
    for name in NAMES:
        assert speak(name).channels == (name,), name


AUDIO2FACE = """browLower innerBrowRaiser outerBrowRaiser eyesClose eyesUpperLidRaiser squint
cheekRaiser cheekPuff noseWrinkler dimpler lipCornerPuller lipCornerDepressor lipStretcher
upperLipRaiser lowerLipDepressor"""
AUDIO2FACE_KEYS = [
    *(f"{stem}{side}" for stem in AUDIO2FACE.split() for side in "LR"),
    *("eyesLookLeft", "eyesLookRight", "eyesLookUp", "eyesLookDown", "jawDrop"),
    *("jawDropLipTowards", "jawThrust", "jawSlideLeft", "jawSlideRight", "mouthSlideLeft"),
    *("mouthSlideRight", "chinRaiser", "lipPressor", "pucker", "funneler", "lipSuck"),
]


def test_the_46_shapes_of_audio2face():
    match = match_by_name(AUDIO2FACE_KEYS)
    assert set(match.left_over) == {"jawDropLipTowards", "lipSuck"}
    missing = {"mouthClose", "mouthRollLower", "mouthRollUpper", "mouthShrugUpper", "tongueOut"}
    assert set(NAMES) - match.rows.keys() == missing
    for stem, channel in (
        ("browLower", "browDown"),
        ("outerBrowRaiser", "browOuterUp"),
        ("eyesClose", "eyeBlink"),
        ("eyesUpperLidRaiser", "eyeWide"),
        ("cheekRaiser", "cheekSquint"),
        ("noseWrinkler", "noseSneer"),
        ("lipCornerDepressor", "mouthFrown"),
        ("upperLipRaiser", "mouthUpperUp"),
    ):
        assert match.rows[f"{channel}Left"].keys == (f"{stem}L",)
        assert match.rows[f"{channel}Right"].keys == (f"{stem}R",)
    assert match.rows["eyeLookOutLeft"].keys == match.rows["eyeLookInRight"].keys
    assert match.rows["eyeLookOutLeft"].keys == ("eyesLookLeft",)
