# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that speech shares: phones and cues."""

from __future__ import annotations

import json

import pytest

from engine.core import cues
from engine.core.cues import Cue
from engine.core.errors import FacewrightError
from engine.core.phones import PHONES, of_ipa


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("p", ["p"]),
        ("tʃ", ["ch"]),
        ("ts", ["s"]),
        ("aɪ", ["a", "i"]),
        ("ɔ̃", ["o"]),
        ("uː", ["u"]),
        ("ç", ["k"]),
        ("ˈ", []),
        ("oʊ", ["o", "u"]),
    ],
)
def test_written_sounds(written, phones):
    assert of_ipa(written) == phones


def test_every_phone_has_a_name_in_every_set():
    for names in cues.SETS:
        for phone in PHONES:
            assert isinstance(cues.viseme_of(phone, names), str)
    assert {cues.viseme_of(phone) for phone in PHONES} == set(cues.OVR)


def test_a_viseme_that_was_typed_is_its_main_phone():
    for viseme, phone in cues.MAIN_PHONE.items():
        assert cues.viseme_of(phone) == viseme
        assert Cue(0, 1, viseme).spoken == phone


def test_files_come_back_as_they_were(tmp_path):
    written = [Cue.of_phone("sil", 0, 0.25), Cue.of_phone("rr", 0.25, 0.5, 1.4)]
    cues.write_cues(tmp_path / "a.json", written)
    assert cues.read_cues(tmp_path / "a.json") == written


def test_other_sets_join_neighbours(tmp_path):
    spoken = [Cue.of_phone("s", 0, 0.1), Cue.of_phone("t", 0.1, 0.2), Cue.of_phone("p", 0.2, 0.3)]
    cues.write_cues(tmp_path / "a.json", spoken, "rhubarb")
    rows = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert rows == [
        {"start": 0, "end": 0.2, "viseme": "B"},
        {"start": 0.2, "end": 0.3, "viseme": "A"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "{}",
        '[{"start": 0}]',
        '[{"start": 0, "end": 1, "viseme": "XX"}]',
        '[{"start": 1, "end": 1, "viseme": "PP"}]',
        '[{"start": 0, "end": 1, "viseme": "PP", "phone": "zz"}]',
        '[{"start": NaN, "end": 1, "viseme": "PP"}]',
        "[3]",
    ],
)
def test_what_is_no_list_of_cues_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(FacewrightError, match=r"a\.json cannot be read") as caught:
        cues.read_cues(tmp_path / "a.json")
    assert caught.value.code == "cues-unreadable"
