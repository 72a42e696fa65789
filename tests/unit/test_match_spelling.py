# SPDX-License-Identifier: GPL-3.0-or-later
"""Spellings of ARKit's names: read right or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.arkit import NAMES
from engine.retarget.match.by_name import match_by_name
from engine.retarget.match.spelling import DIRECTIONS, cuts, read, words


def channels(name: str) -> tuple[str, ...]:
    found = read(name)
    return found.channels if found is not None and found.kind == "whole" else ()


@pytest.mark.parametrize(
    ("key", "channel"),
    [
        ("eyeBlink_L", "eyeBlinkLeft"),
        ("eye_blink_left", "eyeBlinkLeft"),
        ("EYE_BLINK_R", "eyeBlinkRight"),
        ("EYEBLINKLEFT", "eyeBlinkLeft"),
        ("eye-blink-left", "eyeBlinkLeft"),
        ("Eye Blink Left", "eyeBlinkLeft"),
        ("eye.blink.L", "eyeBlinkLeft"),
        ("eyeBlink.L.001", "eyeBlinkLeft"),
        ("left_eye_blink", "eyeBlinkLeft"),
        ("Left_eyeBlink", "eyeBlinkLeft"),
        ("L_eyeBlink", "eyeBlinkLeft"),
        ("Eye_L_Blink", "eyeBlinkLeft"),
        ("左eyeBlink", "eyeBlinkLeft"),
        ("eyeBlink右", "eyeBlinkRight"),
        ("".join(chr(ord(letter) + 0xFEE0) for letter in "eyeBlinkLeft"), "eyeBlinkLeft"),
        ("A14_Eye_Blink_Left", "eyeBlinkLeft"),
        ("14_eyeBlinkLeft", "eyeBlinkLeft"),
        ("blendShape2.eyeBlink_L", "eyeBlinkLeft"),
        ("blendShape1_eyeBlink_L", "eyeBlinkLeft"),
        ("Face|Head:eyeBlinkLeft", "eyeBlinkLeft"),
        ("head_lod0_mesh__eye_blink_L", "eyeBlinkLeft"),
        ("facs_bs_MouthSmileLeft_div2", "mouthSmileLeft"),
        ("facs_jnt_EyeBlinkLeft_div2(fin)", "eyeBlinkLeft"),
        ("CTRL_Expressions_mouthStretchL", "mouthStretchLeft"),
        ("!ex-mouthUpperUpRight", "mouthUpperUpRight"),
        ("vrc.jawOpen", "jawOpen"),
        ("Mouth_Upper_UpRight", "mouthUpperUpRight"),
        ("mouthLowerDownL", "mouthLowerDownLeft"),
        ("mouthLowerDownLeft", "mouthLowerDownLeft"),
        ("mouthLowerDown_R", "mouthLowerDownRight"),
        ("mouth_left", "mouthLeft"),
        ("Jaw.Right", "jawRight"),
        ("MouthFunnel", "mouthFunnel"),
        ("mouthRollLower", "mouthRollLower"),
        ("jaw_open.002", "jawOpen"),
    ],
)
def test_a_spelling_is_read(key, channel):
    assert channels(key) == (channel,)


@pytest.mark.parametrize(
    "key",
    [
        "mouth_L",
        "mouthL",
        "jaw.R",
        "leftMouth",
        "mouthLeftRight",
        "eyeBlinkLeft2",
        "eyeBlinkLeft_half",
        "jawOpen_eyeBlinkLeft",
        "jawOpen.eyeBlinkLeft",
        "fix.jawOpen",
        "corrective|mouthClose",
        "mouthLeftCornerSculpt",
        "mouthSmileLeft_R",
        "jaw_width",
        "jawOpenLeft",
        "Eye_L_Look_R",
        "EyeLookLeft_R",
        "mouthUpperLeft",
        "mouthLowerRight",
        "mouthUpper",
        "cheekSquintUp",
        "tongueOutLeft",
        "",
        "...",
        "L",
        "左",
        "Basis",
    ],
)
def test_what_is_not_clear_is_not_read(key):
    assert channels(key) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mouthLeft", "mouthSmileLeft"),
        ("mouthLeft", "mouthSmileL"),
        ("jawLeft", "mouthLeft"),
        ("cheekSquintLeft", "eyeSquintLeft"),
        ("mouthUpperUpLeft", "mouthShrugUpper"),
        ("mouthRollUpper", "mouthUpperUp_L"),
        ("mouthLowerDownLeft", "mouthRollLower"),
        ("browDownLeft", "browInnerUp"),
        ("browOuterUpLeft", "browInnerUp"),
        ("eyeLookInLeft", "eyeLookOutRight"),
        ("eyeWideLeft", "eyeSquintLeft"),
        ("mouthClose", "eyeClosed"),
        ("mouthPress_L", "mouthPucker"),
    ],
)
def test_names_that_look_alike_are_kept_apart(one, other):
    match = match_by_name([one, other])
    users = {key: name for name, row in match.rows.items() for key in row.keys}
    assert users[one] != users.get(other)
    for key in (one, other):
        alone = match_by_name([key])
        assert {n for n, r in alone.rows.items() if key in r.keys} == {
            n for n, r in match.rows.items() if key in r.keys
        }


@pytest.mark.parametrize("key", ["browDown", "eyeBlink", "MouthSmile", "mouth_lower_down"])
def test_a_pair_without_a_side_is_both(key):
    found = read(key)
    assert found.kind == "both"
    assert [name[-4:] for name in found.channels] == ["Left", "ight"]


def test_exact_names_are_nearest():
    for name in NAMES:
        assert read(name).distance == 0
        assert read(name.lower()).distance > 0


def test_a_side_after_a_dot_is_no_mesh():
    assert cuts("Head.eyeBlink.L") == ("Head.eyeBlink.L", "eyeBlink.L")
    assert (
        words("ウィンク２右") == ("ウィンク", "2", "right") or words("ウィンク２右")[-1] == "right"
    )


STEMS = {name: name.removesuffix("Left").removesuffix("Right") for name in NAMES}
SIDES = {"Left": ("Left", "left", "L", "l", "LEFT"), "Right": ("Right", "right", "R", "r", "RIGHT")}


@st.composite
def spelled(draw):
    """An ARKit name written in a random way: (channel, key)."""
    name = draw(st.sampled_from(NAMES))
    side = next((s for s in SIDES if name.endswith(s) and name not in DIRECTIONS), "")
    stem = STEMS[name] if side else name
    parts = list(words(stem))
    case = draw(st.sampled_from([str.lower, str.upper, str.title, str.capitalize]))
    parts = [case(part) for part in parts]
    separator = draw(st.sampled_from(["_", "-", " ", ".", ""]))
    if separator == "":
        parts = ["".join([parts[0].lower(), *(part.title() for part in parts[1:])])]
        separator = draw(st.sampled_from(["_", ".", "-"]))
    if side:
        spelling = draw(st.sampled_from(SIDES[side]))
        parts.insert(draw(st.sampled_from([0, len(parts)])), spelling)
    key = separator.join(parts)
    front = ["", "Head.", "char:", "a|b|", "blendShape3.", "BS_", "!ex-", "A07_", "face_", "m__"]
    end = ["", ".001", "_div2", "_shape"]
    return name, draw(st.sampled_from(front)) + key + draw(st.sampled_from(end))


@given(spelled())
def test_any_spelling_is_read_right(pair):
    name, key = pair
    assert channels(key) == (name,), key


@settings(max_examples=40)
@given(st.lists(spelled(), min_size=1, max_size=30), st.randoms())
def test_a_rig_in_any_spelling_has_no_wrong_pair(pairs, order):
    pairs = [(name, key) for name, key in dict(pairs).items()]
    order.shuffle(pairs)
    meant = {key: name for name, key in pairs}
    match = match_by_name(list(meant))
    for name, row in match.rows.items():
        for key in row.keys:
            assert meant[key] == name, (key, name, row.how)


@settings(max_examples=40)
@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(["_", ".", " ", "-", ""]))
def test_two_names_in_one_are_no_name(one, other, separator):
    key = one + separator + (other if separator else other[0].upper() + other[1:])
    assert not match_by_name([key]).rows


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_any_text_is_survived(text):
    read(text)
    match = match_by_name([text])
    assert set(match.left_over) <= {text}
