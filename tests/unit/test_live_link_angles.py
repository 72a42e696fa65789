# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way a head and an eye turn in Live Link Face."""

from __future__ import annotations

import numpy as np
import pytest

from engine.formats.live_link import encode
from engine.formats.live_link_angles import from_live_link, to_live_link
from engine.formats.names import arkit_index
from engine.formats.sample import FaceSample, to_row


@pytest.mark.parametrize(
    ("column", "head"),
    [
        (0, (0, -90, 0)),  # HeadYaw: to the actor's right, the image's left
        (1, (90, 0, 0)),  # HeadPitch: down
        (2, (0, 0, -90)),  # HeadRoll: the top to the image's right
    ],
)
def test_a_head(column, head):
    angles = np.zeros(9)
    angles[column] = np.pi / 2
    np.testing.assert_allclose(from_live_link(angles)[0], head, atol=1e-9)
    assert not from_live_link(angles)[1].any()


def test_eyes_that_look_down_and_to_the_actors_right():
    angles = np.radians([0, 0, 0, 20, 10, 3, 25, 15, 4])
    head, gaze = from_live_link(angles)
    assert not head.any()
    np.testing.assert_allclose(gaze, [[10, -20], [15, -25]])


def test_there_and_back():
    rng = np.random.default_rng(1)
    head, gaze = rng.normal(size=(7, 3)) * 20, rng.normal(size=(7, 2, 2)) * 20
    again = from_live_link(to_live_link(head, gaze))
    np.testing.assert_allclose(again[0], head)
    np.testing.assert_allclose(again[1], gaze)


@pytest.mark.parametrize(
    ("spelling", "index"),
    [
        ("jawOpen", 17),
        ("JawOpen", 17),
        ("JAW_OPEN", 17),
        ("mouthSmile_L", 23),
        ("mouthSmileRight", 24),
        ("eyeLookIn_R", 9),
        ("_neutral", None),
        ("HeadYaw", None),
        ("", None),
    ],
)
def test_spellings(spelling, index):
    assert arkit_index(spelling) == index


def test_packets_and_files_turn_the_same_way():
    """What is sent as a packet is what is written into a file."""
    sample = FaceSample(
        0.0,
        head_deg=np.array([10.0, -20.0, 30.0]),
        gaze_deg=np.array([[4.0, 8.0], [-5.0, 9.0]]),
    )
    sent = np.frombuffer(encode(to_row(sample, 0.0))[-36:], ">f4")
    np.testing.assert_allclose(to_live_link(sample.head_deg, sample.gaze_deg), sent, atol=1e-6)
