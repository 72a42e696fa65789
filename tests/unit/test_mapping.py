# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings: responses, mixing, the way back, and their files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.arkit import COUNT, INDEX, NAMES
from engine.core.errors import FacewrightError
from engine.retarget.mapping import BoneDrive, KeyDrive, Mapping, PropertyDrive, Row
from engine.retarget.mapping_file import (
    mapping_from_json,
    mapping_to_json,
    read_mapping,
    shipped_profiles,
    write_mapping,
)
from engine.retarget.mixing import key_sources, make_mixer, unmixing


def channels(**values) -> np.ndarray:
    row = np.zeros(COUNT)
    for name, value in values.items():
        row[INDEX[name]] = value
    return row


@pytest.mark.parametrize(
    ("row", "weight", "wanted"),
    [
        (Row(), 0.3, 0.3),
        (Row(gain=2.0, offset=0.1), 0.3, 0.7),
        (Row(invert=True), 0.3, 0.7),
        (Row(invert=True, gain=2.0, offset=-1.0), 0.25, 0.5),
        (Row(high=0.5), 0.8, 0.5),
        (Row(low=0.2), 0.1, 0.2),
        (Row(mute=True, offset=1.0), 0.8, 0.0),
        (Row(curve=((0, 0), (0.5, 0.8), (1, 1))), 0.25, 0.4),
        (Row(curve=((0.2, 0), (0.8, 1))), 0.9, 1.0),
        (Row(curve=((0, 0), (1, 0.5)), gain=2.0), 0.5, 0.5),
    ],
)
def test_responses(row, weight, wanted):
    assert row.respond(np.array(weight)) == pytest.approx(wanted)
    mapping = Mapping({"jawOpen": row})
    assert mapping.respond(channels(jawOpen=weight, cheekPuff=1))[INDEX["jawOpen"]] == (
        pytest.approx(wanted)
    )
    assert mapping.respond(channels(cheekPuff=1))[INDEX["cheekPuff"]] == 0  # it has no row


def test_region_gains_multiply():
    mapping = Mapping({"jawOpen": Row(gain=0.5)}, region_gains={"jaw": 1.5, "mouth": 9.0})
    assert mapping.respond(channels(jawOpen=1.0))[INDEX["jawOpen"]] == pytest.approx(0.75)


def test_many_to_many():
    rows = {
        "jawOpen": Row((KeyDrive("A", 0.5), KeyDrive("B", 1.0))),
        "mouthClose": Row((KeyDrive("B", -0.25),)),
        "cheekPuff": Row((KeyDrive("A", 1.0, object="Other"),)),
    }
    sources = key_sources(Mapping(rows), "Face", {"A", "B"})
    mixer = make_mixer(sources, ["A", "B"])
    values = mixer(np.stack([channels(jawOpen=1, mouthClose=0.4, cheekPuff=1), channels()]))
    assert values == pytest.approx(np.array([[0.5, 0.9], [0, 0]]))


def test_both_sides_on_one_key_do_not_add_up():
    rows = {name: Row((KeyDrive("Blink"),)) for name in ("eyeBlinkLeft", "eyeBlinkRight")}
    rows |= {"jawLeft": Row((KeyDrive("Jaw"),)), "jawRight": Row((KeyDrive("Jaw", -1.0),))}
    mixer = make_mixer(key_sources(Mapping(rows), "", {"Blink", "Jaw"}), ["Blink", "Jaw"])
    both = mixer(channels(eyeBlinkLeft=0.75, eyeBlinkRight=0.5, jawLeft=0.5, jawRight=0.2))
    assert both == pytest.approx([0.75, 0.3])


LOOKS = {
    "LookLeft": ("eyeLookOutLeft", "eyeLookInRight"),
    "LookRight": ("eyeLookInLeft", "eyeLookOutRight"),
    "LookUp": ("eyeLookUpLeft", "eyeLookUpRight"),
}


def test_both_eyes_that_look_to_a_side_do_not_add_up():
    sources = {key: dict.fromkeys(names, 1.0) for key, names in LOOKS.items()}
    mixer = make_mixer(sources, list(LOOKS))
    weights = channels(eyeLookOutLeft=0.6, eyeLookInRight=0.5, eyeLookUpLeft=0.6)
    assert mixer(weights) == pytest.approx([0.6, 0, 0.6])
    names, back = unmixing(sources, list(LOOKS))
    told = dict(zip(names, back @ [0.6, 0.0, 0.2], strict=True))
    wanted = {"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6, "eyeLookUpLeft": 0.2}
    assert {n: v for n, v in told.items() if abs(v) > 1e-9} == pytest.approx(
        wanted | {"eyeLookUpRight": 0.2}
    )


def test_one_bone_that_turns_both_eyes_goes_both_ways():
    signs = {"eyeLookOutLeft": 1, "eyeLookInLeft": -1, "eyeLookInRight": 1, "eyeLookOutRight": -1}
    mixer = make_mixer({"eyes": {name: 30.0 * sign for name, sign in signs.items()}}, ["eyes"])
    assert mixer(channels(eyeLookOutLeft=0.5, eyeLookInRight=0.4)) == pytest.approx([15.0])
    assert mixer(channels(eyeLookInLeft=0.5, eyeLookOutRight=0.4)) == pytest.approx([-15.0])


def test_eyes_that_part_are_two_sides():
    signs = {"eyeLookOutLeft": 1, "eyeLookInLeft": -1, "eyeLookInRight": -1, "eyeLookOutRight": 1}
    mixer = make_mixer({"part": signs}, ["part"])
    assert mixer(channels(eyeLookOutLeft=0.6, eyeLookInRight=0.6)) == pytest.approx([0.0])
    assert mixer(channels(eyeLookOutLeft=0.6, eyeLookOutRight=0.6)) == pytest.approx([0.6])


def test_the_way_back():
    rows = {
        "jawOpen": Row((KeyDrive("A", 0.5),), gain=2.0, offset=0.1),
        "cheekPuff": Row((KeyDrive("B"), KeyDrive("C"))),
        "eyeBlinkLeft": Row((KeyDrive("D"),)),
        "eyeBlinkRight": Row((KeyDrive("D"),)),
        "mouthPucker": Row((KeyDrive("E"),), curve=((0, 0), (0.5, 0.8), (1, 1))),
    }
    mapping = Mapping(rows)
    keys = list("ABCDE")
    sources = key_sources(mapping, "", keys)
    wanted = channels(
        jawOpen=0.3, cheekPuff=0.6, eyeBlinkLeft=0.5, eyeBlinkRight=0.5, mouthPucker=0.25
    )
    names, back = unmixing(sources, keys)
    told = np.zeros(COUNT)
    told[[INDEX[n] for n in names]] = back @ make_mixer(sources, keys)(mapping.respond(wanted))
    assert mapping.invert(told) == pytest.approx(wanted, abs=2e-3)


def test_files_round_trip(tmp_path):
    mapping = Mapping(
        {
            "jawOpen": Row(
                (
                    KeyDrive("口を開く", 0.5, "Face"),
                    BoneDrive("jaw", "rotation", "X", 20.0, 1.0, "Rig"),
                    PropertyDrive('["open"]', 2.0),
                ),
                gain=1.25,
                offset=0.1,
                invert=True,
                curve=((0.0, 0.0), (0.25, 0.5), (1.0, 1.0)),
                low=-1.0,
                high=2.0,
                approximate=True,
                note="likeness",
            ),
            "cheekPuff": Row(mute=True),
        },
        "Mine",
        "by hand",
        {"mouth": 1.5},
        True,
    )
    write_mapping(tmp_path / "m.json", mapping)
    assert read_mapping(tmp_path / "m.json") == mapping
    assert "口を開く" in (tmp_path / "m.json").read_text(encoding="utf-8")
    assert not list(tmp_path.glob(".*"))


def plain(**changes) -> dict:
    return {"facewright_mapping": 1, "name": "", "rows": {}} | changes


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "something else"),
        ({"rows": {}}, "something else"),
        (plain(facewright_mapping=2), "version 2"),
        (plain(extra=1), "unknown"),
        (plain(rows={"jawopen": {}}), "jawopen"),
        (plain(rows={"jawOpen": []}), "no object"),
        (plain(rows={"jawOpen": {"gain": "x"}}), "no number"),
        (plain(rows={"jawOpen": {"gain": True}}), "no number"),
        (plain(rows={"jawOpen": {"gain": float("nan")}}), "not finite"),
        (plain(rows={"jawOpen": {"targets": [{"weight": 1}]}}), "one of"),
        (plain(rows={"jawOpen": {"targets": [{"bone": "a"}]}}), "has no"),
        (plain(rows={"jawOpen": {"targets": [{"key": 5}]}}), "wrong kind"),
        (plain(rows={"jawOpen": {"curve": [[0, 0], [0, 1]]}}), "left to right"),
        (plain(rows={"jawOpen": {"low": 1, "high": 0}}), "wrong way round"),
        (plain(region_gains={"nose": 1}), "nose"),
        (plain(poses={"jawOpen": {"jaw": {"rotation": [0, 0]}}}), "rotation"),
    ],
)
def test_what_is_wrong_is_said(data, said):
    with pytest.raises(FacewrightError, match=said) as caught:
        mapping_from_json(data)
    assert caught.value.code == "mapping-invalid"


FILE = '{"facewright_mapping": 1, "name": "", "rows": {"jawOpen": %s}%s}'
HUGE = "1" + "0" * 400


@pytest.mark.parametrize(
    ("row", "more", "said"),
    [
        ('{"targets": [{"key": "a", "weight": HUGE}]}', "", "finite|large"),
        ('{"targets": [], "gain": -HUGE}', "", "finite|large"),
        ('{"targets": [], "curve": [[0, 0], [HUGE, 1]]}', "", "finite|large"),
        ("{}", ', "region_gains": {"mouth": HUGE}', "finite|large"),
        ("{}", ', "poses": {"jawOpen": {"b": {"location": [0, 0, HUGE]}}}', "finite|large"),
        ("{}", ', "poses": {"jawOpen": {"b": {"location": [0, 0, 1e999]}}}', "finite|large"),
        ('{"targets": [], "targets": [{"key": "a"}]}', "", '"targets" is there twice'),
        ("{}", ', "rows": {}', '"rows" is there twice'),
        ('{"targets": [{"key": ""}]}', "", 'empty "key"'),
        ('{"targets": [{"property": "", "amount": 1}]}', "", 'empty "property"'),
    ],
)
def test_what_is_wrong_in_a_file_is_said(tmp_path, row, more, said):
    path = tmp_path / "m.json"
    path.write_text((FILE % (row, more)).replace("HUGE", HUGE), encoding="utf-8")
    with pytest.raises(FacewrightError, match=said) as caught:
        read_mapping(path)
    assert caught.value.code == "mapping-invalid"
    assert caught.value.message.startswith("m.json: ")


def test_a_number_too_large_is_no_number():
    data = {"facewright_mapping": 1, "rows": {"jawOpen": {"gain": 10**400}}}
    with pytest.raises(FacewrightError, match="too large"):
        mapping_from_json(data)


def test_a_mark_that_is_no_number_is_no_version():
    with pytest.raises(FacewrightError, match="version True"):
        mapping_from_json({"facewright_mapping": True, "rows": {}})


def test_a_byte_order_mark_in_front_does_no_harm(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(FILE % ('{"targets": [{"key": "口"}]}', ""), encoding="utf-8-sig")
    assert read_mapping(path).rows["jawOpen"].drives == (KeyDrive("口"),)


def test_half_a_character_is_neither_written_nor_read(tmp_path):
    path = tmp_path / "m.json"
    with pytest.raises(FacewrightError) as caught:
        write_mapping(path, Mapping({"jawOpen": Row((KeyDrive("\ud800"),))}))
    assert caught.value.code == "mapping-unwritable"
    assert not list(tmp_path.iterdir())
    path.write_text(FILE % ('{"targets": [{"key": "\\ud800"}]}', ""), encoding="utf-8")
    with pytest.raises(FacewrightError, match=r"m\.json") as caught:
        read_mapping(path)
    assert caught.value.code == "mapping-unreadable"


def test_a_file_that_is_no_mapping_is_named(tmp_path):
    for content, code in ((b"\xff\xfe{", "mapping-unreadable"), (b"{}", "mapping-invalid")):
        path = tmp_path / "x.json"
        path.write_bytes(content)
        with pytest.raises(FacewrightError, match=r"x\.json") as caught:
            read_mapping(path)
        assert caught.value.code == code
    with pytest.raises(FacewrightError, match=r"gone\.json"):
        read_mapping(tmp_path / "gone.json")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "rows",
                    "jawOpen",
                    "targets",
                    "key",
                    "bone",
                    "weight",
                    "curve",
                    "poses",
                    "gain",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_nothing_read_raises_anything_else(value):
    data = value if isinstance(value, dict) else {"rows": value}
    try:
        mapping_from_json({"facewright_mapping": 1, **data})
    except FacewrightError:
        return


@pytest.mark.parametrize("name", sorted(shipped_profiles()))
def test_shipped_profiles_are_written_as_we_write(name):
    path = shipped_profiles()[name]
    mapping = read_mapping(path)
    assert mapping.name
    assert set(mapping.rows) <= set(NAMES)
    assert mapping_from_json(json.loads(json.dumps(mapping_to_json(mapping)))) == mapping
