# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences that a label would cut off are split into lines."""

from __future__ import annotations

import pytest
from facewright.panels.sentence import split_lines
from hypothesis import given
from hypothesis import strategies as st

WAITING = "Waiting for any sender on the ports 9000, 11111, 49983."


@pytest.mark.parametrize(
    ("room", "lines"),
    [
        (99, [WAITING]),
        (31, ["Waiting for any sender on the", "ports 9000, 11111, 49983."]),
        (6, ["Waiting", "for", "any", "sender", "on the", "ports", "9000,", "11111,", "49983."]),
    ],
)
def test_lines_are_as_long_as_there_is_room(room, lines):
    assert split_lines(WAITING, room, len) == lines


@given(st.text(), st.integers(1, 40))
def test_no_word_is_lost_and_only_a_single_word_is_too_long(text, room):
    lines = split_lines(text, room, len)
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= room or len(line.split()) == 1 for line in lines)
    assert lines
