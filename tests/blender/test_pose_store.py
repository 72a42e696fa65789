# SPDX-License-Identifier: GPL-3.0-or-later
"""Pose it and store it: what is stored is what was posed, on both sides, in every mode."""

from __future__ import annotations

from math import radians

import bpy
import numpy as np
import pytest
from facewright.engine.core.errors import FacewrightError
from facewright.engine.retarget.poses import BonePose
from facewright.scene.pose_store import (
    find_rig,
    forget_pose,
    moved_bones,
    read_pose,
    rest_bones,
    selected_bones,
    show_pose,
    store_pose,
)
from mathutils import Euler, Matrix, Quaternion

MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "YZX", "ZYX")


def make_face_rig(right_roll=None):
    """A jaw, and lips on both sides that point in odd directions.

    The right one is the left's mirror image, or rolled by itself where ``right_roll`` says so.
    """
    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    jaw = data.edit_bones.new("jaw")
    jaw.head, jaw.tail = (0, 0, 1), (0, -1, 0.5)
    for side, name in ((1, "lips.L"), (-1, "lips.R")):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail = (side * 0.5, -1, 1), (side * 0.8, -1.3, 1.2)
        bone.parent = jaw
        bone.roll = 0.4 * side if side > 0 or right_roll is None else right_roll
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def pose_bone(rig, name, mode="QUATERNION", location=(0, 0, 0), rotation=(0, 0, 0), scale=None):
    bone = rig.pose.bones[name]
    bone.rotation_mode = mode
    bone.location, bone.scale = location, scale or (1, 1, 1)
    turn = Euler(rotation).to_quaternion()
    if mode == "QUATERNION":
        bone.rotation_quaternion = turn
    elif mode == "AXIS_ANGLE":
        axis, angle = turn.to_axis_angle()
        bone.rotation_axis_angle = (angle, *axis)
    else:
        bone.rotation_euler = turn.to_euler(mode)
    return bone


def shown(rig, name):
    bpy.context.view_layer.update()
    return np.array(rig.pose.bones[name].matrix)


@pytest.mark.parametrize("mode", MODES)
def test_a_stored_pose_is_shown_again_as_it_was(mode):
    rig = make_face_rig()
    pose_bone(rig, "jaw", mode, (0.1, -0.2, 0.3), (0.5, -0.3, 0.2), (1.5, 1, 0.5))
    before = shown(rig, "jaw")
    stored = store_pose({}, "jawOpen", rig)
    assert (stored.bones, stored.mirrored) == (("jaw",), "")
    np.testing.assert_allclose(stored.poses["jawOpen"]["jaw"].scale, (1.5, 1, 0.5), atol=1e-6)
    rest_bones(rig, ["jaw", "no such bone"])
    assert moved_bones(rig) == []
    assert show_pose(rig, stored.poses, {"jawOpen": 1}) == []
    np.testing.assert_allclose(shown(rig, "jaw"), before, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_half_of_a_pose_is_half_of_the_turn(mode):
    rig = make_face_rig()
    pose_bone(rig, "jaw", mode, rotation=(radians(50), 0, 0), location=(0, 0.2, 0))
    poses = store_pose({}, "jawOpen", rig).poses
    show_pose(rig, poses, {"jawOpen": 0.5})
    half = rig.pose.bones["jaw"].matrix_basis.to_quaternion()
    assert half.rotation_difference(Euler((radians(25), 0, 0)).to_quaternion()).angle < 1e-4
    assert rig.pose.bones["jaw"].location.y == pytest.approx(0.1)
    show_pose(rig, poses, {})
    assert moved_bones(rig) == []


def test_the_chosen_bones_alone_are_stored_and_those_at_rest_are_not():
    rig = make_face_rig()
    pose_bone(rig, "jaw", location=(0, 0, 1))
    pose_bone(rig, "lips.L", location=(0, 0, 1))
    assert set(store_pose({}, "jawOpen", rig).poses["jawOpen"]) == {"jaw", "lips.L"}
    assert set(store_pose({}, "jawOpen", rig, ["jaw", "lips.R"]).poses["jawOpen"]) == {"jaw"}


def test_the_selected_bones_are_found():
    rig = make_face_rig()
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.select_all(action="DESELECT")
    assert selected_bones(rig) == []
    bpy.ops.pose.select_all(action="SELECT")
    assert selected_bones(rig) == ["jaw", "lips.L", "lips.R"]


def test_the_other_sides_pose_is_what_blender_pastes_flipped():
    rig = make_face_rig()
    pose_bone(rig, "lips.L", location=(0.1, 0.2, 0.3), rotation=(0.3, -0.2, 0.4), scale=(1, 2, 3))
    stored = store_pose({}, "mouthSmileLeft", rig)
    assert stored.mirrored == "mouthSmileRight"
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.select_all(action="SELECT")
    bpy.ops.pose.copy()
    bpy.ops.pose.paste(flipped=True)
    pasted = rig.pose.bones["lips.R"]
    found = stored.poses["mouthSmileRight"]["lips.R"]
    np.testing.assert_allclose(found.location, pasted.location, atol=1e-5)
    np.testing.assert_allclose(found.scale, pasted.scale, atol=1e-5)
    assert Quaternion(found.rotation).rotation_difference(pasted.rotation_quaternion).angle < 1e-3


@pytest.mark.parametrize("roll", [None, 1.3])
def test_the_other_side_stands_where_the_mirror_shows_it_however_it_is_rolled(roll):
    rig = make_face_rig(roll)
    pose_bone(rig, "lips.L", location=(0.1, 0.2, 0.3), rotation=(0.3, -0.2, 0.4))
    left = shown(rig, "lips.L")
    rest_left = np.array(rig.data.bones["lips.L"].matrix_local)
    poses = store_pose({}, "mouthSmileLeft", rig).poses
    rest_bones(rig, ["lips.L"])
    show_pose(rig, poses, {"mouthSmileRight": 1})
    right = shown(rig, "lips.R")
    rest_right = np.array(rig.data.bones["lips.R"].matrix_local)
    assert np.abs(shown(rig, "lips.L") - rest_left).max() < 1e-6
    mirror = np.diag([-1, 1, 1, 1])
    moved_left = (left @ np.linalg.inv(rest_left))[:3, :3]
    moved_right = (right @ np.linalg.inv(rest_right))[:3, :3]
    np.testing.assert_allclose(moved_right, mirror[:3, :3] @ moved_left @ mirror[:3, :3], atol=1e-4)
    np.testing.assert_allclose(right[:3, 3], (mirror @ left)[:3, 3], atol=1e-5)


def test_both_sides_at_once_with_the_jaw_add_up():
    rig = make_face_rig()
    pose_bone(rig, "jaw", rotation=(0.4, 0, 0))
    poses = store_pose({}, "jawOpen", rig).poses
    rest_bones(rig, ["jaw"])
    pose_bone(rig, "lips.L", location=(0, 0.2, 0))
    poses = store_pose(poses, "mouthSmileLeft", rig).poses
    assert list(poses) == ["jawOpen", "mouthSmileLeft", "mouthSmileRight"]
    show_pose(rig, poses, {"jawOpen": 1, "mouthSmileLeft": 0.5, "mouthSmileRight": 1})
    assert rig.pose.bones["jaw"].rotation_quaternion.angle == pytest.approx(0.4, abs=1e-5)
    assert rig.pose.bones["lips.L"].location.y == pytest.approx(0.1)
    assert rig.pose.bones["lips.R"].location.y == pytest.approx(0.2)


def test_storing_leaves_the_poses_that_were_there_as_they_are():
    rig = make_face_rig()
    pose_bone(rig, "jaw", location=(0, 0, 1))
    old = {"jawOpen": {"jaw": BonePose((1, 1, 1))}}
    new = store_pose(old, "jawForward", rig, mirror=False).poses
    assert old == {"jawOpen": {"jaw": BonePose((1, 1, 1))}}
    assert set(new) == {"jawOpen", "jawForward"}
    assert forget_pose(new, "jawForward") == old


def test_forgetting_both_sides():
    poses = {"mouthSmileLeft": {}, "mouthSmileRight": {}, "jawOpen": {}}
    assert set(forget_pose(poses, "mouthSmileLeft")) == {"mouthSmileRight", "jawOpen"}
    assert set(forget_pose(poses, "mouthSmileLeft", mirror=True)) == {"jawOpen"}


def test_a_bone_without_its_other_side_is_told():
    rig = make_face_rig()
    rig.data.bones["lips.R"].name = "lips_of_the_right"
    pose_bone(rig, "lips.L", location=(0, 0, 1))
    stored = store_pose({}, "mouthSmileLeft", rig)
    assert (stored.missing, stored.mirrored) == (("lips.L",), "")
    assert set(stored.poses) == {"mouthSmileLeft"}


def test_a_pose_of_bones_that_are_gone_shows_the_rest():
    rig = make_face_rig()
    poses = {"jawOpen": {"jaw": BonePose((0, 0, 1)), "beard": BonePose((0, 0, 1))}}
    assert show_pose(rig, poses, {"jawOpen": 1}) == ["beard"]
    assert rig.pose.bones["jaw"].location.z == 1


def test_what_cannot_be_done_is_said():
    rig = make_face_rig()
    cases = [
        (lambda: store_pose({}, "jawWide", rig), "unknown-channel"),
        (lambda: store_pose({}, "jawOpen", rig), "pose-at-rest"),
        (lambda: store_pose({}, "jawOpen", rig, ["beard"]), "bone-missing"),
        (lambda: show_pose(rig, {}, {"jawOpen": 1}), "no-pose"),
        (lambda: forget_pose({}, "jawOpen"), "no-pose"),
        (lambda: read_pose(rig, ["beard"]), "bone-missing"),
        (lambda: find_rig([]), "no-armature"),
    ]
    for act, code in cases:
        with pytest.raises(FacewrightError) as caught:
            act()
        assert caught.value.code == code


def test_the_rig_is_found_from_a_mesh_an_empty_or_itself():
    rig = make_face_rig()
    mesh = bpy.data.objects.new("Mesh", bpy.data.meshes.new("Mesh"))
    mesh.modifiers.new("Armature", "ARMATURE").object = rig
    root = bpy.data.objects.new("Root", None)
    mesh.parent = root
    for ob in (rig, mesh, root):
        assert find_rig([ob]) == rig


def test_an_undo_step_takes_a_shown_pose_back():
    rig = make_face_rig()
    bpy.context.preferences.edit.use_global_undo = True
    pose_bone(rig, "jaw", location=(0, 0, 1))
    poses = store_pose({}, "jawOpen", rig).poses
    rest_bones(rig, ["jaw"])
    bpy.ops.ed.undo_push(message="before")
    show_pose(rig, poses, {"jawOpen": 1})
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert bpy.data.objects["Rig"].pose.bones["jaw"].location.z == 0


def test_a_rig_that_is_turned_and_scaled_stores_its_own_axes():
    rig = make_face_rig()
    rig.matrix_world = Matrix.Rotation(1, 4, "Z") @ Matrix.Scale(0.01, 4)
    pose_bone(rig, "lips.L", location=(0.1, 0.2, 0.3))
    pose = store_pose({}, "mouthSmileLeft", rig).poses["mouthSmileRight"]["lips.R"]
    np.testing.assert_allclose(pose.location, (-0.1, 0.2, 0.3), atol=1e-6)
