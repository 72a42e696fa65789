# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sender's text may show, and where it is shown."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from engine.core.errors import FacewrightError
from engine.formats.foreign_take import ReadOptions
from engine.formats.gesichter import read_gesichter
from engine.formats.live_link import decode, encode
from engine.formats.packet import number, shown
from engine.formats.sample import FaceSample, to_row


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zoë's iPhone 12", "Zoë's iPhone 12"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\r\nb\x00c\x7f\x85\x9b", "abc"),
        ("a\u202eb\u2028c\u2029d\u200b", "abcd"),
        ("\x07" * 1000 + "x" * 1000, "x" * 64),
        ("", ""),
    ],
)
def test_what_is_shown_has_no_control_characters(text, expected):
    assert shown(text) == expected


def named(subject: str) -> bytes:
    row = to_row(FaceSample(0.0, weights=np.full(52, 0.5)), 0.0)
    return encode(row, subject=subject)


def test_the_name_of_a_subject_can_be_shown():
    assert decode(named("\x1b]0;title\x07Ann" + "a" * 100)).subject == "]0;titleAnn" + "a" * 53
    face_lost = encode(to_row(FaceSample(None, valid=False), 0.0), subject="\x1b[2JAnna")
    assert decode(face_lost).subject == "[2JAnna"


def test_the_notes_of_a_recording_can_be_shown():
    packet = named("\x1b[2JAnna")
    body = struct.pack(">BII", 6, 1, len(packet)) + packet
    notes = read_gesichter(gzip.compress(body), "a.gesichter", ReadOptions()).notes
    assert 'Recorded from "[2JAnna".' in notes


def test_what_a_refusal_quotes_can_be_shown():
    with pytest.raises(FacewrightError) as caught:
        number("\x1b[2J" + "9x" * 500, "Text")
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200
