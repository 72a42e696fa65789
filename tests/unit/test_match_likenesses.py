# SPDX-License-Identifier: GPL-3.0-or-later
"""Families that speak another language than ARKit: anime, visemes, Japanese; and the profiles."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

from engine.core.arkit import INDEX, NAMES, region_of
from engine.retarget.mapping import KeyDrive
from engine.retarget.mapping_file import read_mapping, shipped_profiles
from engine.retarget.match.aliases import ALIASES, BOTH_SIDED
from engine.retarget.match.by_name import match_by_name
from engine.retarget.match.families import match_families


def listed(text: str) -> list[str]:
    return text.split()


VROID = """Fcl_ALL_Neutral Fcl_ALL_Angry Fcl_ALL_Joy Fcl_BRW_Angry Fcl_BRW_Fun Fcl_BRW_Joy
Fcl_BRW_Sorrow Fcl_BRW_Surprised Fcl_EYE_Natural Fcl_EYE_Angry Fcl_EYE_Close Fcl_EYE_Close_R
Fcl_EYE_Close_L Fcl_EYE_Fun Fcl_EYE_Joy Fcl_EYE_Joy_R Fcl_EYE_Joy_L Fcl_EYE_Surprised
Fcl_EYE_Spread Fcl_EYE_Iris_Hide Fcl_EYE_Highlight_Hide Fcl_MTH_Close Fcl_MTH_Up Fcl_MTH_Down
Fcl_MTH_Angry Fcl_MTH_Small Fcl_MTH_Large Fcl_MTH_Neutral Fcl_MTH_Fun Fcl_MTH_Joy Fcl_MTH_Sorrow
Fcl_MTH_Surprised Fcl_MTH_SkinFung Fcl_MTH_SkinFung_R Fcl_MTH_SkinFung_L Fcl_MTH_A Fcl_MTH_I
Fcl_MTH_U Fcl_MTH_E Fcl_MTH_O Fcl_HA_Hide Fcl_HA_Fung1"""
MMD = """まばたき 笑い ウィンク ウィンク右 ウィンク２ ｳｨﾝｸ２右 なごみ はぅ びっくり じと目 ｷﾘｯ
はちゅ目 星目 瞳小 恐ろしい子 あ い う え お あ２ ん ▲ ∧ □ ワ ω にやり にやり２ にっこり ぺろっ
てへぺろ 口角上げ 口角下げ 口横広げ 歯無し上 歯無し下 真面目 困る にこり 怒り 上 下 前 涙 照れ"""
MIXAMO_PAIRS = """Blink BrowsDown BrowsIn BrowsOuterLower BrowsUp CheekPuff EyesWide Frown
JawRotateY JawRotateZ Jaw LowerLipDown Midmouth MouthNarrow MouthWhistle_NarrowAdjust NoseScrunch
Smile Squint UpperLipUp"""
MIXAMO = [f"{stem}_{side}" for stem in MIXAMO_PAIRS.split() for side in ("Left", "Right")] + listed(
    "JawBackward JawForeward Jaw_Down Jaw_Up LowerLipIn LowerLipOut MouthDown MouthOpen MouthUp "
    "TongueUp UpperLipIn UpperLipOut"
)
OCULUS = [f"viseme_{v}" for v in listed("sil PP FF TH DD kk CH SS nn RR aa E I O U")]
VRCHAT = [f"vrc.v_{v}" for v in listed("sil pp ff th dd kk ch ss nn rr aa e ih oh ou")]


def keys_of(match) -> dict[str, tuple[str, ...]]:
    return {name: row.keys for name, row in match.rows.items()}


def shuffled(keys) -> list[str]:
    keys = list(keys)
    random.Random(11).shuffle(keys)
    return keys


@pytest.mark.parametrize("front", ["", "Face.M_F00_000_00_", "Face_Blendshape."])
def test_vroid(front):
    match = match_by_name(shuffled(front + key for key in VROID.split()))
    found = {name: tuple(k.removeprefix(front) for k in r.keys) for name, r in match.rows.items()}
    assert match.families == ("vroid",)
    assert found["eyeBlinkLeft"] == ("Fcl_EYE_Close_L",)
    assert found["eyeBlinkRight"] == ("Fcl_EYE_Close_R",)
    assert found["jawOpen"] == ("Fcl_MTH_A",)
    assert found["mouthPucker"] == ("Fcl_MTH_U",)
    assert found["browDownLeft"] == found["browDownRight"] == ("Fcl_BRW_Angry",)
    assert {n for n, r in match.rows.items() if not r.approximate} == {
        "eyeBlinkLeft",
        "eyeBlinkRight",
    }


def test_vroid_with_the_52_of_perfect_sync_uses_these_alone():
    match = match_by_name(shuffled([*VROID.split(), *NAMES]))
    assert keys_of(match) == {name: (name,) for name in NAMES}
    assert set(match.left_over) == set(VROID.split())


def test_vroid_keys_that_are_split_serve_one_side_each():
    keys = [*VROID.split(), "Fcl_BRW_Angry_L", "Fcl_BRW_Angry_R"]
    found = keys_of(match_by_name(keys))
    assert found["browDownLeft"] == ("Fcl_BRW_Angry_L",)
    assert found["browDownRight"] == ("Fcl_BRW_Angry_R",)


def test_mikumikudance():
    match = match_by_name(shuffled(MMD.split()))
    found = keys_of(match)
    assert match.families == ("mmd",)
    assert found["eyeBlinkLeft"] == ("ウィンク２",)
    assert found["eyeBlinkRight"] == ("ｳｨﾝｸ２右",)
    assert found["jawOpen"] == ("あ",)
    assert match.rows["jawOpen"].candidates[0].weight == 0.7
    assert found["mouthSmileLeft"] == found["mouthSmileRight"] == ("口角上げ",)
    assert found["browInnerUp"] == ("困る",)
    assert found["browDownLeft"] == ("怒り",)
    assert found["tongueOut"] == ("ぺろっ",)
    assert "mouthPucker" not in found  # A mouth breaks where う is taken for a pucker.
    assert {"笑い", "涙", "照れ", "ω", "下"} <= set(match.left_over)


@pytest.mark.parametrize(
    ("keys", "left", "right"),
    [
        (["まばたき", "あ"], "まばたき", "まばたき"),
        (["ウィンク", "ウィンク右"], "ウィンク", "ウィンク右"),
        (["左ウィンク", "右ウィンク", "まばたき"], "左ウィンク", "右ウィンク"),
        (["ｳｨﾝｸ２", "ｳｨﾝｸ２右", "ｳｨﾝｸ", "ｳｨﾝｸ右"], "ｳｨﾝｸ２", "ｳｨﾝｸ２右"),
        (["ウインク左", "ウインク右"], "ウインク左", "ウインク右"),
        (["まばたき右", "まばたき左"], "まばたき左", "まばたき右"),
    ],
)
def test_japanese_blinks(keys, left, right):
    found = keys_of(match_by_name(keys))
    assert found["eyeBlinkLeft"] == (left,)
    assert found["eyeBlinkRight"] == (right,)


def test_japanese_keys_of_one_side():
    found = keys_of(match_by_name(["怒り", "怒り左", "怒り右", "あ"]))
    assert found["browDownLeft"] == ("怒り左",)
    assert found["browDownRight"] == ("怒り右",)


def test_mixamo():
    match = match_by_name(shuffled(MIXAMO))
    found = keys_of(match)
    assert len(MIXAMO) == 50
    assert match.families == ("mixamo",)
    for channel, key in (
        ("eyeBlink", "Blink"),
        ("eyeSquint", "Squint"),
        ("eyeWide", "EyesWide"),
        ("browDown", "BrowsDown"),
        ("mouthSmile", "Smile"),
        ("mouthFrown", "Frown"),
        ("noseSneer", "NoseScrunch"),
        ("mouthUpperUp", "UpperLipUp"),
        ("mouthLowerDown", "LowerLipDown"),
        ("mouth", "Midmouth"),
        ("jaw", "Jaw"),
    ):
        for side in ("Left", "Right"):
            assert found[channel + side] == (f"{key}_{side}",)
    assert found["jawOpen"] == ("MouthOpen",)
    assert found["jawForward"] == ("JawForeward",)
    assert found["mouthRollUpper"] == ("UpperLipIn",)
    assert found["cheekPuff"] == ("CheekPuff_Left", "CheekPuff_Right")
    assert {"JawBackward", "LowerLipOut", "TongueUp", "BrowsOuterLower_Left"} <= set(
        match.left_over
    )


def test_a_likeness_is_told_as_one_though_another_family_is_sure():
    keys = [f"CTRL_expressions_mouthLipsTogether{q}" for q in ("UL", "UR", "DL", "DR")]
    mapping = read_mapping(shipped_profiles()["metahuman"])
    keys += [drive.key for row in mapping.rows.values() for drive in row.drives]
    row = match_by_name(list(dict.fromkeys(keys))).rows["mouthClose"]
    assert row.family == "metahuman"
    assert row.approximate
    assert row.note


def test_vrm_presets():
    old = keys_of(match_by_name(listed("A I U E O Blink Blink_L Blink_R Joy Angry Sorrow Fun")))
    assert old["eyeBlinkLeft"] == ("Blink_L",)
    assert old["jawOpen"] == ("A",)
    assert old["mouthFunnel"] == ("O",)
    new = keys_of(
        match_by_name(
            listed(
                """happy angry sad relaxed surprised aa ih ou ee oh blink blinkLeft
            blinkRight lookUp
            lookDown lookLeft lookRight neutral"""
            )
        )
    )
    assert new["eyeBlinkRight"] == ("blinkRight",)
    assert new["eyeLookOutLeft"] == new["eyeLookInRight"] == ("lookLeft",)
    assert new["eyeLookInLeft"] == new["eyeLookOutRight"] == ("lookRight",)
    assert new["jawOpen"] == ("aa",)


def test_five_vowels_are_a_family_and_two_are_not():
    assert keys_of(match_by_name(list("AIUEO")))["jawOpen"] == ("A",)
    assert not match_by_name(["A", "I", "EE", "Ah", "W_OO", "S_Z"]).rows


@pytest.mark.parametrize(("keys", "mouth"), [(OCULUS, "viseme_aa"), (VRCHAT, "vrc.v_aa")])
def test_visemes_alone_move_the_mouth_a_little(keys, mouth):
    match = match_by_name(shuffled(keys))
    assert match.rows["jawOpen"].keys == (mouth,)
    assert all(row.approximate for row in match.rows.values())
    assert {region_of(name) for name in match.rows} == {"jaw", "mouth"}


def test_visemes_do_not_mix_into_a_mouth_that_has_better():
    keys = [name for name in NAMES if name not in ("mouthClose", "mouthFunnel", "tongueOut")]
    match = match_by_name(shuffled([*keys, *OCULUS, *VRCHAT]))
    assert match.rows.keys() == set(keys)


def test_without_likenesses_none_is_taken():
    assert not match_families(OCULUS, likenesses=False).rows
    assert match_families(OCULUS).rows


def test_vrchat_lids_and_visemes():
    match = match_by_name([*VRCHAT, "vrc.blink_left", "vrc.blink_right", "vrc.lowerlid_left"])
    assert match.rows["eyeBlinkLeft"].keys == ("vrc.blink_left",)
    assert match.rows["eyeBlinkRight"].keys == ("vrc.blink_right",)


PROFILES = sorted(shipped_profiles())


@pytest.mark.parametrize("identifier", PROFILES)
def test_a_shipped_profile_is_sound(identifier):
    path = shipped_profiles()[identifier]
    mapping = read_mapping(path)
    assert mapping.name
    assert mapping.notes
    assert mapping.rows
    for name, row in mapping.rows.items():
        assert name in INDEX
        assert row.drives
        assert len({drive.key for drive in row.drives}) == len(row.drives)
        for drive in row.drives:
            assert isinstance(drive, KeyDrive)
            assert math.isfinite(drive.weight)
            assert 0 < drive.weight <= 1
        if row.approximate:
            assert row.note, name
    assert json.loads(path.read_text(encoding="utf-8"))["facewright_mapping"] == 1


@pytest.mark.parametrize("identifier", PROFILES)
def test_a_profile_claims_all_of_its_own_keys(identifier):
    mapping = read_mapping(shipped_profiles()[identifier])
    keys = dict.fromkeys(drive.key for row in mapping.rows.values() for drive in row.drives)
    match = match_families(shuffled(keys))
    assert match.families[:1] == (identifier,)
    assert not match.left_over
    for name, row in mapping.rows.items():
        found = {(c.key, c.weight) for c in match.rows[name].candidates}
        assert found == {(drive.key, drive.weight) for drive in row.drives}, name
    assert match.rows.keys() == mapping.rows.keys()


def test_aliases_belong_to_keys_of_their_profile():
    for identifier, aliases in ALIASES.items():
        mapping = read_mapping(shipped_profiles()[identifier])
        keys = {drive.key for row in mapping.rows.values() for drive in row.drives}
        assert aliases.keys() <= keys
        told = [alias for group in aliases.values() for alias in group]
        assert len(set(told)) == len(told)
        assert not keys & set(told)
    for identifier, stems in BOTH_SIDED.items():
        assert identifier in PROFILES
        assert all(f"{stem}Left" in INDEX for stem in stems.values())


RIGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "rigs"


@pytest.mark.skipif(not RIGS.is_dir(), reason="the rigs are not at hand")
def test_rigs_of_others_have_all_52():
    for path in sorted(RIGS.glob("*.glb")):
        data = path.read_bytes()
        length = int.from_bytes(data[12:16], "little")
        meshes = json.loads(data[20 : 20 + length])["meshes"]
        names = [name for mesh in meshes for name in mesh.get("extras", {}).get("targetNames", [])]
        match = match_by_name(shuffled(dict.fromkeys(names)))
        assert len(match.rows) == 52, path.name
        assert {row.how for row in match.rows.values()} <= {"exact", "spelling"}
