# SPDX-License-Identifier: GPL-3.0-or-later
"""From a character's bones and eyes back to the face that moved them."""

from __future__ import annotations

from math import radians

import numpy as np
import pytest
from face_tracks import make_track
from turning import axis_rotation, euler_matrix

from engine.core.gaze import gaze_deg, look_weights
from engine.core.play_clock import PlayClock
from engine.retarget.axes import FACINGS, character_to_local
from engine.retarget.channels import (
    RestFrame,
    head_rotations,
    location_channels,
    rotation_channels,
)
from engine.retarget.readback import moved_cm, turned_deg
from engine.retarget.rotations import EULER_ORDERS

HEADS = np.array([(0, 0, 0), (25, -40, 12), (-30, 55, -20), (5, 0.5, 70), (-12, 8, -3)])
PLACES = np.array([(0, 0, 0), (3, -2, 1), (-8, 0.5, 4), (0, 0, -6), (1, 1, 1)])
ODD = axis_rotation(np.array([2, -3, 6]) / 7, 1.1)
UP = np.array([0.0, 0.0, 1.0])
RESTS = {
    "an upright object": RestFrame(np.eye(3), np.eye(3), np.eye(3)),
    "a bone with roll": RestFrame(np.eye(3), ODD, np.eye(3)),
    "a bone of a Y-up rig": RestFrame(
        character_to_local(np.array([0.0, 1.0, 0.0])), ODD, np.eye(3)
    ),
    "an object that is turned": RestFrame(np.eye(3), np.eye(3), ODD),
    **{f"facing {way}": RestFrame(character_to_local(UP, way), ODD, np.eye(3)) for way in FACINGS},
}


def matrix_of(numbers, mode):
    """What Blender makes of a rotation property."""
    if mode == "AXIS_ANGLE":
        return axis_rotation(numbers[1:], numbers[0])
    if mode == "QUATERNION":
        half = np.arccos(np.clip(numbers[0], -1, 1))
        length = np.linalg.norm(numbers[1:])
        return axis_rotation(numbers[1:] / length, 2 * half) if length > 1e-9 else np.eye(3)
    return euler_matrix(numbers, mode)


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", *EULER_ORDERS])
@pytest.mark.parametrize("rest", RESTS.values(), ids=RESTS)
def test_a_head_that_was_turned_reads_as_it_was_turned(rest, mode):
    track = make_track(np.arange(len(HEADS)), head_deg=HEADS)
    channels = rotation_channels(head_rotations(track), track.time_s, "", mode, rest)
    for number, wanted in enumerate(HEADS):
        matrix = matrix_of(np.array([c.values[number] for c in channels]), mode)
        np.testing.assert_allclose(turned_deg(matrix, rest), wanted, atol=1e-4)


@pytest.mark.parametrize("rest", RESTS.values(), ids=RESTS)
def test_a_head_that_was_moved_reads_as_it_was_moved(rest):
    track, start = make_track(np.arange(len(PLACES)), head_cm=PLACES), np.array([7.0, -2.0, 1.5])
    channels = location_channels(track, track.time_s, "", 0.02, rest, start)
    for number, wanted in enumerate(PLACES):
        location = np.array([c.values[number] for c in channels])
        np.testing.assert_allclose(moved_cm(location, 0.02, rest, start), wanted, atol=1e-4)


def test_a_bone_that_leans_its_nose_down_looks_down():
    # An upright character looks along -Y: about its own +X its nose sinks.
    down = axis_rotation(np.array([1.0, 0.0, 0.0]), radians(30))
    assert (down @ [0, -1, 0])[2] == pytest.approx(-0.5)
    np.testing.assert_allclose(turned_deg(down, RESTS["an upright object"]), [30, 0, 0], atol=1e-9)
    # A centimetre up, of a scene in metres.
    moved = moved_cm([0, 0, 0.01], 0.01, RESTS["an upright object"], np.zeros(3))
    np.testing.assert_allclose(moved, [0, 1, 0], atol=1e-12)


def test_look_weights_belong_to_their_gaze():
    gaze = np.array([[(13.0, 14.0), (-11.0, 7.0)], [(0.0, -28.0), (26.0, 0.0)]])
    found = look_weights(gaze)
    assert found["eyeLookDownLeft"] == pytest.approx([0.5, 0])
    assert found["eyeLookOutLeft"] == pytest.approx([0.5, 0])  # the image's right
    assert found["eyeLookInLeft"] == pytest.approx([0, 1])
    assert found["eyeLookUpRight"] == pytest.approx([0.5, 0])
    assert found["eyeLookInRight"] == pytest.approx([0.25, 0])
    track = make_track([0.0, 1.0], found)
    np.testing.assert_allclose(gaze_deg(track.weights), gaze, atol=1e-5)


def test_frames_of_a_timeline_are_stamped_evenly():
    clock = PlayClock()
    assert clock.stamp(100.0) == 100.0
    late = (0.0, 0.006, -0.008, 0.011)  # what a window trembles
    stamps = [clock.stamp(101.0 + n / 25 + late[n], 7.0 + n / 25) for n in range(4)]
    np.testing.assert_allclose(stamps, 101.0 + np.arange(4) / 25, atol=1e-9)
    assert clock.stamp(102.5) == 102.5


def test_a_timeline_that_jumps_or_lags_is_stamped_by_the_clock_again():
    clock = PlayClock()
    assert clock.stamp(10.0, 4.0) == 10.0
    assert clock.stamp(10.04, 0.0) == 10.04  # begins anew
    assert clock.stamp(10.08, 0.04) == pytest.approx(10.08)
    # Ten frames a second where there should be 25.
    stamps = [clock.stamp(11.0 + n / 10, (2 + n) / 25) for n in range(20)]
    assert np.abs(stamps - (11.0 + np.arange(20) / 10)).max() <= 0.1 + 1e-9
    assert (np.diff(stamps) >= 0).all()
    assert clock.stamp(12.0) == stamps[-1]  # a clock that goes back is not followed
