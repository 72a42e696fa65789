# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts from files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import FacewrightError
from engine.speech.subtitles import Block, decoded, parse, read_text

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello there.</i>
How are you?

2
00:00:03,250 --> 00:01:04,000 X1:10 X2:20
ANNA: Fine &amp; well.
- BOB: Good.

3
00:01:05,000 --> 00:01:06,000

[door slams]
"""


def test_subrip():
    assert parse(SRT, timed=True) == [
        Block("<i>Hello there.</i> How are you?", 1.0, 2.5),
        Block("Fine & well.", 3.25, 64.0, "ANNA"),
        Block("Good.", 3.25, 64.0, "BOB"),
        Block("[door slams]", 65.0, 66.0),
    ]


def test_webvtt_without_hours():
    text = "WEBVTT\n\nintro\n00:01.500 --> 00:02.5 align:start\nYes\n\nNOTE nothing\n"
    assert parse(text, timed=True) == [Block("Yes", 1.5, 2.5)]


def test_blocks_come_in_order_of_time_and_turned_times_are_turned_back():
    text = "00:00:09,0 --> 00:00:08,0\nlate\n\n00:00:01,0 --> 00:00:02,0\nearly\n"
    assert parse(text, timed=True) == [Block("early", 1.0, 2.0), Block("late", 8.0, 9.0)]


def test_plain_text_has_a_block_a_line():
    text = "ANNA: Hello.\n\nNo: not this one.\n---\nMR. SMITH: Yes"
    assert parse(text) == [
        Block("Hello.", speaker="ANNA"),
        Block("No: not this one."),
        Block("Yes", speaker="MR. SMITH"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding, tmp_path):
    path = tmp_path / "said.txt"
    path.write_bytes("Grüße, señor".encode(encoding))
    assert read_text(path) == [Block("Grüße, señor")]


def test_files_that_are_no_transcript(tmp_path):
    with pytest.raises(FacewrightError, match="nowhere") as caught:
        read_text(tmp_path / "nowhere.srt")
    assert caught.value.code == "text-unreadable"
    empty = tmp_path / "empty.srt"
    empty.write_text("1\n00:00:01,000 --> 00:00:02,000\n...\n", encoding="utf-8")
    with pytest.raises(FacewrightError, match="no words") as caught:
        read_text(empty)
    assert caught.value.code == "text-empty"


@given(st.binary(max_size=200))
def test_any_bytes_are_some_text(data):
    for timed in (False, True):
        for block in parse(decoded(data), timed):
            assert block.text.strip()
