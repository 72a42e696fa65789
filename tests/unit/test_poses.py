# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored poses: shares and sums of them, the other side, and their JSON."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.core.arkit import INDEX
from engine.core.errors import FacewrightError
from engine.retarget.mirrored_pose import BoneAxes, mirror_pose, mirrored_bone
from engine.retarget.poses import (
    BoneMotion,
    BonePose,
    blend_poses,
    motion_channels,
    poses_from_json,
    poses_to_json,
)
from engine.retarget.turns import exp_matrices, log_matrices, log_quaternion

HALF = {"X": (1, 0, 0), "Y": (0, 1, 0), "Z": (0, 0, 1)}


def turn(axis: str, degrees: float) -> tuple[float, ...]:
    """The quaternion about an axis, by its definition."""
    half = radians(degrees) / 2
    return (cos(half), *(sin(half) * part for part in HALF[axis]))


def matrix(axis: str, degrees: float) -> np.ndarray:
    """The rotation about an axis, as in any textbook."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return {
        "X": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "Y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "Z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


def weights(**named: float) -> np.ndarray:
    row = np.zeros((1, 52))
    for name, value in named.items():
        row[0, INDEX[name]] = value
    return row


def test_a_share_of_one_pose_is_that_share_of_it():
    pose = BonePose((1.0, -2.0, 4.0), turn("X", 80), (2.0, 1.0, 0.25))
    motion = blend_poses({"jawOpen": {"jaw": pose}}, weights(jawOpen=0.5))["jaw"]
    np.testing.assert_allclose(motion.location, [[0.5, -1, 2]], atol=1e-12)
    np.testing.assert_allclose(exp_matrices(motion.turn), [matrix("X", 40)], atol=1e-12)
    np.testing.assert_allclose(motion.scale, [[2**0.5, np.nan, 0.5]], atol=1e-12)


def test_poses_about_one_axis_add_up_and_go_on_beyond_half_a_turn():
    poses = {
        "jawOpen": {"jaw": BonePose(rotation=turn("Z", 100))},
        "jawLeft": {"jaw": BonePose(rotation=turn("Z", 120), location=(1, 0, 0))},
    }
    motion = blend_poses(poses, weights(jawOpen=1, jawLeft=1))["jaw"]
    np.testing.assert_allclose(motion.turn, [[0, 0, radians(220)]], atol=1e-12)
    np.testing.assert_allclose(motion.location, [[1, np.nan, np.nan]], atol=1e-12)


def test_a_bone_that_two_poses_turn_about_two_axes_does_not_mind_their_order():
    a, b = {"jaw": BonePose(rotation=turn("X", 30))}, {"jaw": BonePose(rotation=turn("Y", 40))}
    row = weights(jawOpen=1, jawLeft=1)
    one = blend_poses({"jawOpen": a, "jawLeft": b}, row)["jaw"].turn
    other = blend_poses({"jawOpen": b, "jawLeft": a}, row)["jaw"].turn
    np.testing.assert_allclose(one, other, atol=1e-12)
    np.testing.assert_allclose(one, [[radians(30), radians(40), 0]], atol=1e-12)


def test_a_quaternion_and_its_negative_are_one_pose():
    q = np.array(turn("Y", 50))
    np.testing.assert_allclose(log_quaternion(q), log_quaternion(-q), atol=1e-12)
    np.testing.assert_allclose(log_quaternion(-q), [0, radians(50), 0], atol=1e-12)


def test_what_no_pose_moves_gets_no_channel():
    poses = {"jawOpen": {"jaw": BonePose(rotation=turn("X", 10))}}
    poses["mouthSmileLeft"] = {"lips.L": BonePose(location=(0, 0, 1)), "cheek.L": BonePose()}
    motions = blend_poses(poses, weights(jawOpen=1, mouthSmileLeft=1))
    found = {
        bone: {c.data_path for c in motion_channels(motion, np.zeros(1), "", "XYZ")}
        for bone, motion in motions.items()
    }
    assert found == {"jaw": {"rotation_euler"}, "lips.L": {"location"}, "cheek.L": set()}


@pytest.mark.parametrize(
    ("mode", "name", "expected"),
    [
        ("QUATERNION", "rotation_quaternion", turn("Y", 60)),
        ("AXIS_ANGLE", "rotation_axis_angle", (radians(60), 0, 1, 0)),
        ("XYZ", "rotation_euler", (0, radians(60), 0)),
        ("ZYX", "rotation_euler", (0, radians(60), 0)),
    ],
)
def test_the_channels_are_in_the_bones_own_rotation_mode(mode, name, expected):
    motion = BoneMotion(turn=np.array([[0, radians(60), 0]]), scale=np.array([[1, 2, 3.0]]))
    channels = motion_channels(motion, np.array([7.0]), 'pose.bones["jaw"].', mode)
    by_path = {}
    for channel in channels:
        by_path.setdefault(channel.data_path, []).append(channel.values[0])
    assert list(by_path) == [f'pose.bones["jaw"].{name}', 'pose.bones["jaw"].scale']
    np.testing.assert_allclose(by_path[f'pose.bones["jaw"].{name}'], expected, atol=1e-9)
    assert by_path['pose.bones["jaw"].scale'] == [1, 2, 3]


def test_two_motions_of_a_bone_are_made_one():
    a = BoneMotion(location=np.ones((1, 3)), scale=np.full((1, 3), 2.0))
    b = BoneMotion(location=np.ones((1, 3)), turn=np.ones((1, 3)), scale=np.full((1, 3), 3.0))
    both = a.plus(b)
    assert (both.location == 2).all()
    assert (both.scale == 6).all()
    assert both.turn is b.turn


def test_a_location_gets_channels_along_the_axes_that_move_alone():
    poses = {"jawOpen": {"jaw": BonePose((0, 0, 1))}, "jawLeft": {"jaw": BonePose((0, 0, 0))}}
    motion = blend_poses(poses, weights(jawOpen=0.5))["jaw"]
    (channel,) = motion_channels(motion, np.zeros(1), "", "XYZ")
    assert (channel.data_path, channel.index, channel.values[0]) == ("location", 2, 0.5)
    both = motion.plus(BoneMotion(location=np.array([[7, np.nan, 1.0]]))).location
    np.testing.assert_array_equal(both, [[7, np.nan, 1.5]])


vectors = arrays(np.float64, (5, 3), elements=st.floats(-1.7, 1.7))


@given(vectors)
def test_rotation_vectors_of_less_than_half_a_turn_come_back(v):
    matrices = exp_matrices(v)
    np.testing.assert_allclose(matrices @ matrices.swapaxes(1, 2), [np.eye(3)] * 5, atol=1e-9)
    np.testing.assert_allclose(exp_matrices(log_matrices(matrices)), matrices, atol=1e-7)


def test_rotation_vectors_over_time_go_through_half_a_turn_without_a_jump():
    angles = np.radians(np.linspace(0, 350, 36))
    found = log_matrices(exp_matrices(np.column_stack([0 * angles, 0 * angles, angles])))
    np.testing.assert_allclose(found[:, 2], angles, atol=1e-6)


PAIRS = (
    ("lid.T.L.001", "lid.T.R.001"),
    ("eye_L", "eye_R"),
    ("LeftEye", "RightEye"),
    ("mixamorig:LeftEye", "mixamorig:RightEye"),
    ("CC_Base_L_Eye", "CC_Base_R_Eye"),
    ("lEye", "rEye"),
    ("browL", "browR"),
    ("J_Adj_L_FaceEye", "J_Adj_R_FaceEye"),
    ("eye.left", "eye.right"),
    ("HAND_LEFT", "HAND_RIGHT"),
    ("左目", "右目"),
    ("l_lip", "r_lip"),
    ("Rig|eye-l", "Rig|eye-r"),
)
KNOWN = [name for pair in PAIRS for name in pair] + ["jaw", "bright", "lone.L"]


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_the_other_side_of_a_name(left, right):
    assert mirrored_bone(left, KNOWN) == right
    assert mirrored_bone(right, KNOWN) == left


def test_a_name_without_a_side_is_its_own_and_a_missing_side_is_empty():
    assert mirrored_bone("jaw", KNOWN) == "jaw"
    assert mirrored_bone("bright", KNOWN) == "bright"
    assert mirrored_bone("lone.L", KNOWN) == ""


def axes(rotation: np.ndarray, local: bool = True) -> BoneAxes:
    return BoneAxes(rotation, rotation if local else np.eye(3))


def test_a_mirrored_pose_of_bones_rolled_alike_is_as_blender_pastes_it():
    # Left and right mirrored about X: Blender negates the location's x, and the quaternion's y, z.
    left = matrix("Z", 30) @ matrix("X", 20)
    right = np.diag([-1, 1, 1]) @ left @ np.diag([-1, 1, 1])
    pose = BonePose((1, 2, 3), (0.5, 0.5, 0.5, 0.5), (1, 2, 3))
    mirrored, missing = mirror_pose({"e.L": pose}, {"e.L": axes(left), "e.R": axes(right)})
    assert missing == []
    found = mirrored["e.R"]
    np.testing.assert_allclose(found.location, (-1, 2, 3), atol=1e-8)
    np.testing.assert_allclose(found.rotation, (0.5, 0.5, -0.5, -0.5), atol=1e-8)
    np.testing.assert_allclose(found.scale, (1, 2, 3), atol=1e-8)


def test_a_mirrored_pose_of_bones_rolled_otherwise_goes_where_the_mirror_shows():
    # Both bones have the armature's axes; the left goes out, up and turns its front inwards.
    rests = {"e.L": axes(np.eye(3)), "e.R": axes(matrix("Y", 90))}
    pose = BonePose((1, 0, 2), turn("Z", 30))
    mirrored, _ = mirror_pose({"e.L": pose}, rests)
    moved = rests["e.R"].location @ np.array(mirrored["e.R"].location)
    np.testing.assert_allclose(moved, (-1, 0, 2), atol=1e-8)
    rest = rests["e.R"].rotation
    shown = rest @ exp_matrices(log_quaternion(np.array(mirrored["e.R"].rotation))) @ rest.T
    np.testing.assert_allclose(shown, matrix("Z", -30), atol=1e-8)


def test_a_scale_finds_the_axis_that_is_the_same_in_the_mirror():
    rests = {"e.L": axes(np.eye(3)), "e.R": axes(matrix("Z", 90))}
    mirrored, _ = mirror_pose({"e.L": BonePose(scale=(2, 3, 5))}, rests)
    np.testing.assert_allclose(mirrored["e.R"].scale, (3, 2, 5), atol=1e-8)


def test_a_bone_whose_location_is_not_local_moves_in_the_armatures_axes():
    rests = {"e.L": axes(matrix("X", 50), local=False), "e.R": axes(matrix("Z", 10), local=False)}
    mirrored, _ = mirror_pose({"e.L": BonePose((1, 2, 3))}, rests)
    np.testing.assert_allclose(mirrored["e.R"].location, (-1, 2, 3), atol=1e-8)


def test_mirroring_twice_is_nothing_and_a_bone_in_the_middle_stays_itself():
    rests = {"jaw": axes(matrix("X", 70)), "e.L": axes(matrix("Y", 15)), "e.R": axes(np.eye(3))}
    pose = {"jaw": BonePose((1, 2, 3), turn("Y", 25)), "e.L": BonePose((4, 5, 6), turn("Z", 35))}
    once, _ = mirror_pose(pose, rests)
    assert set(once) == {"jaw", "e.R"}
    twice, _ = mirror_pose(once, rests)
    for bone, stands in pose.items():
        np.testing.assert_allclose(twice[bone].location, stands.location, atol=1e-7)
        np.testing.assert_allclose(twice[bone].rotation, stands.rotation, atol=1e-7)


def test_a_side_that_the_armature_does_not_have_is_told():
    mirrored, missing = mirror_pose({"x.L": BonePose()}, {"x.L": axes(np.eye(3))})
    assert (mirrored, missing) == ({}, ["x.L"])


def test_json_keeps_what_differs_from_rest():
    poses = {"jawOpen": {"jaw": BonePose((1, 2, 3), turn("X", 90)), "chin": BonePose()}}
    data = poses_to_json(poses)
    assert set(data["jawOpen"]["jaw"]) == {"location", "rotation"}
    assert data["jawOpen"]["chin"] == {}
    back = poses_from_json(data)
    assert back["jawOpen"]["chin"] == BonePose()
    np.testing.assert_allclose(back["jawOpen"]["jaw"].rotation, turn("X", 90))


def test_a_quaternion_by_hand_is_made_a_unit():
    back = poses_from_json({"jawOpen": {"jaw": {"rotation": [2, 0, 0, 2]}}})
    np.testing.assert_allclose(back["jawOpen"]["jaw"].rotation, turn("Z", 90))


@pytest.mark.parametrize(
    "pose",
    [
        {"rotation": [0, 0, 0, 0]},
        {"scale": [1, 0, 1]},
        {"location": [1, 2]},
        {"location": [1, 2, float("nan")]},
        {"location": "up"},
        {"place": [1, 2, 3]},
        7,
    ],
)
def test_a_pose_that_is_none_is_refused(pose):
    with pytest.raises(FacewrightError) as caught:
        poses_from_json({"jawOpen": {"jaw": pose}})
    assert caught.value.code == "mapping-invalid"
    assert "jaw" in str(caught.value)


def test_an_empty_file_of_poses_blends_to_nothing():
    assert blend_poses({}, weights()) == {}
