# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, clock, axes: the facts that everything else stands on."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import arkit
from engine.core.axes import euler_deg, rotation_from_euler_deg
from engine.core.clock import FrameClock
from engine.core.types import FaceTrack, Observations


def test_there_are_52_distinct_names():
    assert len(arkit.NAMES) == len(set(arkit.NAMES)) == 52
    assert arkit.NAMES[0] == "eyeBlinkLeft"
    assert arkit.NAMES[51] == "tongueOut"


def test_mirroring_twice_changes_nothing_and_swaps_sides():
    assert [arkit.MIRROR[i] for i in arkit.MIRROR] == list(range(52))
    assert arkit.mirror_name("jawLeft") == "jawRight"
    assert arkit.mirror_name("mouthSmileRight") == "mouthSmileLeft"
    assert arkit.mirror_name("jawOpen") == "jawOpen"


def test_regions_cover_every_name_once():
    covered = sorted(i for indices in arkit.REGION_INDICES.values() for i in indices)
    assert covered == list(range(52))
    assert arkit.region_of("eyeLookInLeft") == "gaze"
    assert arkit.region_of("noseSneerLeft") == "cheeks"


def test_mediapipe_order_is_alphabetical_after_neutral():
    assert arkit.MEDIAPIPE_NAMES[:3] == ("_neutral", "browDownLeft", "browDownRight")
    assert arkit.MEDIAPIPE_NAMES[51] == "noseSneerRight"
    assert "tongueOut" not in arkit.MEDIAPIPE_NAMES


@pytest.mark.parametrize(
    ("fps", "base", "expected"),
    [
        (24, 1.001, 1439.5614),  # 60 s at 23.976 = 1438.5614 frames after frame 1
        (24, 1.0, 1441.0),
        (25, 1.0, 1501.0),
        (30, 1.001, 1799.2018),
        (60, 1.001, 3597.4036),
    ],
)
def test_frame_of_second_60(fps, base, expected):
    clock = FrameClock(fps, base)
    assert clock.frames(60.0) == pytest.approx(expected, abs=1e-3)
    assert clock.seconds(clock.frames(60.0)) == pytest.approx(60.0)


def test_whole_frames_of_a_clip():
    # 48 frames at 24: second 0 to 47/24, on frames 101 to 148.
    frames = FrameClock(24, 1.0, 101).whole_frames(0.0, 47 / 24)
    assert (frames[0], frames[-1], len(frames)) == (101, 148, 48)


@pytest.mark.parametrize(("fps", "base"), [(0, 1), (24, 0), (-1, 1)])
def test_impossible_rates_are_refused(fps, base):
    with pytest.raises(ValueError, match="rate"):
        FrameClock(fps, base)


def test_angles_come_back_from_their_rotation():
    angles = np.array([[12.0, -22.0, 8.0], [0, 0, 0], [-40, 60, 170]])
    np.testing.assert_allclose(euler_deg(rotation_from_euler_deg(angles)), angles, atol=1e-9)


@pytest.mark.parametrize(
    ("angles", "towards"),
    [
        ((30, 0, 0), (0, -0.5, np.sqrt(0.75))),  # positive pitch looks down
        ((0, 30, 0), (0.5, 0, np.sqrt(0.75))),  # positive yaw turns to the image's right
    ],
)
def test_where_the_face_looks(angles, towards):
    np.testing.assert_allclose(rotation_from_euler_deg(angles) @ [0, 0, 1], towards, atol=1e-12)


def test_positive_roll_tilts_the_top_to_the_images_left():
    np.testing.assert_allclose(
        rotation_from_euler_deg((0, 0, 90)) @ [0, 1, 0], (-1, 0, 0), atol=1e-12
    )


def test_columns_of_unequal_length_are_refused():
    good = Observations.empty(np.arange(3), np.arange(3) / 30)
    assert len(good[1:]) == 2
    with pytest.raises(ValueError, match=r"FaceTrack.weights: shape \(2, 52\), not \(3, 52\)"):
        FaceTrack(
            np.arange(3.0),
            np.ones(3, bool),
            np.ones(3, np.float32),
            np.ones((3, 52), np.float32),
            np.zeros((2, 52), np.float32),
            np.zeros((3, 3), np.float32),
            np.zeros((3, 3), np.float32),
            np.zeros((3, 2, 2), np.float32),
        )
