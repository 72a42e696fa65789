# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole rigs by name: each family's real keys, shuffled, prefixed and among others."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig_name_tables import CC_STANDARD, FAMILIES, UNRELATED

from engine.core.arkit import NAMES, live_link_name
from engine.retarget.match.bare_names import bare_names
from engine.retarget.match.by_name import match_by_name
from engine.retarget.match.families import match_families

PREFIXES = ("", "Head.", "blendShape1.", "CC_Base_Body|", "char:", "Morpher_CC_Base_Tongue.")


def expected(family: str) -> dict[str, dict[str, float]]:
    single, composites, _ = FAMILIES[family]
    return {name: {key: 1.0} for name, key in single.items()} | composites


def weights_of(match) -> dict[str, dict[str, float]]:
    return {name: {c.key: c.weight for c in row.candidates} for name, row in match.rows.items()}


def rig(family: str, prefix: str = "", seed: int = 1) -> list[str]:
    """All of a family's keys and some that stand for nothing, in any order."""
    keys = {key for row in expected(family).values() for key in row}
    keys = sorted({*keys, *FAMILIES[family][2]})
    keys = [prefix + key for key in keys] + UNRELATED
    random.Random(seed).shuffle(keys)
    return keys


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_key_of_a_family_finds_its_channel_and_no_other_does(family, prefix):
    wanted = {
        name: {prefix + key: weight for key, weight in row.items()}
        for name, row in expected(family).items()
    }
    found = weights_of(match_by_name(rig(family, prefix)))
    assert {n: found.get(n) for n in wanted} == wanted
    assert not found.keys() - wanted.keys()


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"arkit", "sranipal"}))
def test_these_families_have_all_52(family):
    assert len(expected(family)) == 52
    assert list(match_families(rig(family, seed=7)).rows) == list(NAMES)


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"arkit"}))
def test_the_family_is_recognised(family):
    assert match_families(rig(family)).families[0] == family


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda key: f"{key}.001"])
@pytest.mark.parametrize("family", FAMILIES)
def test_case_and_copies_do_not_matter(family, change):
    wanted = {
        name: {change(key): weight for key, weight in row.items()}
        for name, row in expected(family).items()
    }
    keys = [key for row in wanted.values() for key in row]
    random.Random(3).shuffle(keys)
    found = weights_of(match_by_name(list(dict.fromkeys(keys))))
    if change is str.lower:
        # Without capitals and separators a few names have no words any more: none is wrong.
        assert all(found[name] == row for name, row in wanted.items() if name in found)
        assert len(found) >= len(wanted) - 2
    else:
        assert found == wanted


def test_unrelated_keys_alone_match_nothing():
    assert not match_by_name(UNRELATED).rows


@pytest.mark.parametrize(
    "keys",
    [
        list(NAMES),
        [live_link_name(name) for name in NAMES],
        [name.replace("Left", "_L").replace("Right", "_R") for name in NAMES if len(name) > 10]
        + ["jawLeft", "jawRight", "jawOpen", "mouthLeft", "mouthClose", "cheekPuff", "tongueOut"],
    ],
    ids=["camel", "pascal", "face-cap"],
)
def test_arkit_rigs_are_no_other_family(keys):
    assert match_by_name(keys).families == ()


def test_an_arkit_name_wins_over_every_family():
    keys = [*CC_STANDARD.values(), *NAMES, "viseme_aa", "A25_Jaw_Open", "あ"]
    random.Random(5).shuffle(keys)
    match = match_by_name(keys)
    assert all(row.how == "exact" and row.keys == (name,) for name, row in match.rows.items())
    assert set(match.rows["jawOpen"].duplicates) == {"Jaw_Open", "A25_Jaw_Open"}


def test_ready_player_me_extras_stay_out_of_the_way():
    extras = ["mouthOpen", "mouthSmile", "eyesClosed", "eyesLookUp", "eyesLookDown"]
    visemes = ["viseme_aa", "viseme_O", "viseme_U", "viseme_PP", "viseme_FF", "viseme_sil"]
    match = match_by_name([*extras, *visemes, *NAMES])
    assert {row.how for row in match.rows.values()} == {"exact"}
    assert set(match.left_over) == {*extras, *visemes}


def test_ready_player_me_extras_serve_where_there_is_nothing_else():
    match = match_by_name(["mouthOpen", "mouthSmile", "eyesClosed"])
    assert match.rows["eyeBlinkLeft"].keys == match.rows["eyeBlinkRight"].keys == ("eyesClosed",)
    assert match.rows["mouthSmileLeft"].keys == ("mouthSmile",)
    assert match.rows["jawOpen"].keys == ("mouthOpen",)
    assert match.rows["jawOpen"].approximate


def test_half_keys_make_a_centre_channel_together_but_not_alone():
    both = match_by_name(["browInnerUp_R", "browInnerUp_L"])
    assert both.rows["browInnerUp"].keys == ("browInnerUp_L", "browInnerUp_R")
    assert not match_by_name(["browInnerUp_L"]).rows
    whole = match_by_name(["browInnerUp_L", "browInnerUp", "browInnerUp_R"])
    assert whole.rows["browInnerUp"].keys == ("browInnerUp",)


def test_a_key_for_both_sides_serves_both_only_where_neither_has_its_own():
    both = match_by_name(["eyeBlink", "jawOpen"])
    assert both.rows["eyeBlinkLeft"].keys == both.rows["eyeBlinkRight"].keys == ("eyeBlink",)
    assert both.rows["eyeBlinkLeft"].candidates[0].weight == 1
    one = match_by_name(["eyeBlink", "eyeBlinkLeft"])
    assert list(one.rows) == ["eyeBlinkLeft"]
    assert one.left_over == ("eyeBlink",)


def test_duplicates_and_what_is_left_over_are_told():
    match = match_by_name(["JawOpen", "jawOpen", "jaw_open", "wings"])
    assert match.rows["jawOpen"].keys == ("jawOpen",)
    assert set(match.rows["jawOpen"].duplicates) == {"JawOpen", "jaw_open"}
    assert match.left_over == ("wings",)


def test_the_order_of_the_keys_does_not_change_what_is_found():
    for family in FAMILIES:
        found = [weights_of(match_by_name(rig(family, seed=seed))) for seed in (1, 2, 3)]
        assert found[0] == found[1] == found[2], family


@pytest.mark.parametrize("separator", [" ", "-"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_separator_will_do(separator, seed):
    def change(key: str) -> str:
        return key.replace("_", separator)

    family = "reallusion_traditional"
    wanted = {n: {change(k): w for k, w in r.items()} for n, r in expected(family).items()}
    match = match_by_name([change(key) for key in rig(family, seed=seed)])
    assert weights_of(match) == wanted
    assert match.families[0] == family


@pytest.mark.parametrize("label", ["Bob_", "Mr Smith 2-", "Bob_Face_"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_character_s_name_before_all_keys_changes_nothing(family, label):
    keys = sorted(
        {key for row in expected(family).values() for key in row} | {*FAMILIES[family][2]}
    )
    random.Random(4).shuffle(keys)
    plain = match_by_name(keys)
    named = match_by_name([label + key for key in keys])
    wanted = {n: {label + k: w for k, w in r.items()} for n, r in weights_of(plain).items()}
    assert weights_of(named) == wanted
    assert named.families == plain.families
    assert named.left_over == tuple(label + key for key in plain.left_over)
    assert all(row.how != "exact" for row in named.rows.values())


def test_one_number_behind_all_keys_is_a_label():
    for number in ("_0", "_100", ".1"):
        keys = [name + number for name in NAMES]
        found = {name: row.keys for name, row in match_by_name(keys).rows.items()}
        assert found == {name: (name + number,) for name in NAMES}


def test_what_all_names_share_is_no_label_where_it_says_something():
    for start in ("jawOpen_", "Tail_", "Left_", "corrective_", "eye_"):
        names = ["puff", "smile_L", "smile_R", "kiss", "squint_L", "squint_R"]
        assert bare_names([start + name for name in names]) == {start + n: start + n for n in names}


def test_a_name_that_would_be_another_s_stays_whole():
    keys = ["Bob_A", "Bob_B", "Bob_C", "Bob_D", "Bob_E", "B"]
    assert bare_names(keys) == {
        key.removeprefix("Bob_") if key != "Bob_B" else key: key for key in keys
    }


@given(st.lists(st.text("ab_ 01LR.", max_size=8), unique=True, max_size=12))
def test_no_name_is_lost(names):
    names = [*names, *(f"Bob_{name}" for name in names if f"Bob_{name}" not in names)]
    found = bare_names(names)
    assert list(found.values()) == names


def test_a_key_for_both_sides_is_not_put_beside_one_for_a_side():
    keys = ["eyes_closed", "eyesClosed_L", "wink.R", "browsUp"]
    match = match_by_name(keys)
    assert match.rows["eyeBlinkLeft"].keys == ("eyesClosed_L",)
    assert match.rows["eyeBlinkRight"].keys == ("wink.R",)
    assert not match.rows["eyeBlinkRight"].approximate
    alone = match_by_name(keys[:2]).rows
    assert alone["eyeBlinkLeft"].keys == ("eyesClosed_L",)
    assert "eyeBlinkRight" not in alone or alone["eyeBlinkRight"].approximate


def test_a_common_label_that_nobody_knows_is_seen_through():
    keys = [f"Wolf3D_Avatar_{name}" for name in NAMES]
    assert {n: r.keys for n, r in match_by_name(keys).rows.items()} == {
        name: (f"Wolf3D_Avatar_{name}",) for name in NAMES
    }


@pytest.mark.parametrize(
    "write",
    [
        lambda name, i: f"{name}_Mesh12",
        lambda name, i: f"Avatar{name[0].upper()}{name[1:]}",
        lambda name, i: f"{name}_{i}",
        lambda name, i: f"{name}{i}",
        lambda name, i: f"{i}_{name}",
        lambda name, i: f"{i:02d}{name}",
        lambda name, i: f"Key {i} {name}",
        lambda name, i: f"{name} (copy)",
        lambda name, i: f"rig:face|exp_{name}",
        lambda name, i: f"A{i:02d}-{name}",
    ],
)
def test_what_stands_around_all_names_is_seen_through(write):
    keys = [write(name, i) for i, name in enumerate(NAMES)]
    meant = dict(zip(NAMES, keys, strict=True))
    random.Random(2).shuffle(keys)
    found = {name: row.keys[0] for name, row in match_by_name(keys).rows.items()}
    assert found == meant


def test_mixes_of_two_movements_are_not_taken_for_labels():
    mixes = [f"jawOpen_{name}" for name in NAMES] + [f"corrective_{name}" for name in NAMES]
    mixes += [f"jawOpen.{name}" for name in NAMES] + [f"{name}_50" for name in NAMES]
    mixes += [f"{name}_{value}" for name in NAMES[:20] for value in (25, 75)]
    mixes += [f"half_{name}" for name in NAMES]
    assert not match_by_name([key for key in mixes if key != "jawOpen_jawOpen"]).rows
