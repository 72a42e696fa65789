# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads and eyes turn the way the actor's do, whatever the rig's axes and rotation mode."""

from __future__ import annotations

from dataclasses import replace
from math import radians

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright.engine.core.errors import FacewrightError
from facewright.scene import keyframes
from facewright.scene.apply import apply_track
from facewright.scene.pose_channels import PoseSettings
from mathutils import Euler, Matrix, Vector

# An upright character looks along -Y, its left is +X. Where its nose and the top of its head
# point after the actor looks 30 degrees down, turns to their left, tilts to their right ear.
NOSE, TOP = Vector((0, -1, 0)), Vector((0, 0, 1))
C, S = np.cos(radians(30)), np.sin(radians(30))
MOVES = {
    "looks down": ((30, 0, 0), (0, -C, -S), (0, -S, C)),
    "turns to the actor's left": ((0, 30, 0), (S, -C, 0), (0, 0, 1)),
    "tilts to the actor's right": ((0, 0, 30), (0, -1, 0), (-S, 0, C)),
}
MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


def make_rig(matrix=None, tail=(0.3, 0.2, 1.9), roll=0.7):
    """An armature with a neck, and a head and eyes that point in odd directions."""
    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    neck = data.edit_bones.new("neck")
    neck.head, neck.tail, neck.roll = (0, 0, 1), (0.1, 0, 1.5), -0.4
    for name in ("head", 'eye "L".x', "eye.R"):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail, bone.roll = (0.1, 0, 1.5), tail, roll
        bone.parent = neck
    bpy.ops.object.mode_set(mode="OBJECT")
    if matrix is not None:
        rig.matrix_world = matrix
    return rig


def turned(ob, bone=None):
    """World rotation of an object or bone relative to how it stood at rest."""
    deps = bpy.context.evaluated_depsgraph_get()
    shown = ob.evaluated_get(deps)
    if bone is None:
        return shown.matrix_world.to_3x3()
    rest = (ob.matrix_world @ ob.data.bones[bone].matrix_local).to_3x3()
    now = (shown.matrix_world @ shown.pose.bones[bone].matrix).to_3x3()
    return now @ rest.inverted()


def assert_moves(rotation, move, about=None):
    """The rotation carries nose and top where they belong, for a character turned ``about``."""
    _, nose, top = MOVES[move]
    about = about or Matrix.Identity(3)
    assert (rotation @ (about @ NOSE) - about @ Vector(nose)).length < 1e-4
    assert (rotation @ (about @ TOP) - about @ Vector(top)).length < 1e-4


def apply_pose(scene, track, **pose):
    face = bpy.data.objects.get("Face") or make_face(keys=["jawOpen", "eyeLookUpLeft"])
    settings = replace(PLAIN_SETTINGS, pose=PoseSettings(**pose))
    report = apply_track(scene, track, [face], settings, take_name="T")
    scene.frame_set(2)
    return report


def head_track(angles, count=3):
    return make_track(np.arange(count) / 30, head_deg=np.tile(angles, (count, 1)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("move", MOVES)
def test_a_head_bone_of_any_orientation_and_mode_follows_the_actor(scene, move, mode):
    rig = make_rig()
    rig.pose.bones["head"].rotation_mode = mode
    apply_pose(scene, head_track(MOVES[move][0]), head_object="Rig", head_bone="head")
    assert_moves(turned(rig, "head"), move)


@pytest.mark.parametrize("move", MOVES)
def test_a_character_that_was_turned_in_the_scene_turns_about_its_own_axes(scene, move):
    about = Matrix.Rotation(radians(70), 3, "Z")
    rig = make_rig(about.to_4x4())
    apply_pose(scene, head_track(MOVES[move][0]), head_object="Rig", head_bone="head")
    assert_moves(turned(rig, "head"), move, about)


@pytest.mark.parametrize("move", MOVES)
def test_a_y_up_rig_turned_upright_by_its_object_follows_as_well(scene, move):
    rig = make_rig(Matrix.Rotation(radians(90), 4, "X") @ Matrix.Scale(0.01, 4), (0.3, 1.9, 0.2))
    apply_pose(scene, head_track(MOVES[move][0]), head_object="Rig", head_bone="head")
    assert_moves(turned(rig, "head"), move)


@pytest.mark.parametrize("move", MOVES)
def test_a_character_built_to_look_another_way_follows_as_told(scene, move):
    rig = make_rig()
    apply_pose(scene, head_track(MOVES[move][0]), head_object="Rig", head_bone="head", facing="+X")
    assert_moves(turned(rig, "head"), move, Matrix.Rotation(radians(90), 3, "Z"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("move", MOVES)
def test_an_object_turns_from_its_own_rest_in_its_own_mode(scene, move, mode):
    head = make_face("Face", keys=["jawOpen"])
    rest = Euler((0, 0, radians(70)))
    head.rotation_mode = mode
    head.matrix_world = rest.to_matrix().to_4x4()
    for _ in range(2):  # the second take must not start from the first one's pose
        apply_pose(scene, head_track(MOVES[move][0]), head_object="Face")
        rotation = turned(head) @ rest.to_matrix().inverted()
        assert_moves(rotation, move, rest.to_matrix())


def test_euler_curves_are_continuous_through_a_half_turn(scene):
    rig = make_rig()
    rig.pose.bones["head"].rotation_mode = "XYZ"
    count = 60
    angles = np.zeros((count, 3))
    angles[:, 1] = (np.linspace(-20, 300, count) + 180) % 360 - 180
    track = make_track(np.arange(count) / 30, head_deg=angles)
    apply_pose(scene, track, head_object="Rig", head_bone="head")
    curves = curve_keys(rig)
    assert len(curves) == 3
    for keys in curves.values():
        assert np.abs(np.diff(keys[:, 1])).max() < radians(30)


def test_the_curves_of_a_bone_lie_in_the_group_of_its_name(scene):
    rig = make_rig()
    apply_pose(scene, head_track((10, 0, 0)), head_object="Rig", head_bone="head", position=True)
    curves = keyframes.current_curves(rig)
    assert len(curves) == 4 + 3
    assert {curve.group.name for curve in curves} == {"head"}


def test_quaternion_curves_do_not_change_sign(scene):
    rig = make_rig()
    count = 60
    angles = np.zeros((count, 3))
    angles[:, 1] = (np.linspace(-20, 340, count) + 180) % 360 - 180
    track = make_track(np.arange(count) / 30, head_deg=angles)
    apply_pose(scene, track, head_object="Rig", head_bone="head")
    values = np.column_stack([keys[:, 1] for _, keys in sorted(curve_keys(rig).items())])
    assert values.shape == (count, 4)
    assert np.linalg.norm(np.diff(values, axis=0), axis=1).max() < 0.1


def test_a_bone_moves_in_the_scenes_units_in_the_directions_of_the_actor(scene):
    rig = make_rig(Matrix.Scale(0.5, 4))
    # 10 cm to the actor's left, 20 up, 30 towards the camera, back to the middle.
    moves = np.array([(0, 0, 0), (10, 20, 30), (0, 0, 0)])
    track = make_track(np.arange(3) / 30, head_cm=moves)
    apply_pose(scene, track, head_object="Rig", head_bone="head", position=True)
    shown = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    rest = rig.matrix_world @ rig.data.bones["head"].matrix_local.translation
    now = shown.matrix_world @ shown.pose.bones["head"].matrix.translation
    assert (now - rest - Vector((0.1, -0.3, 0.2))).length < 1e-5


def test_an_object_moves_from_where_it_stands(scene):
    head = make_face("Face", keys=["jawOpen"])
    head.location = (5, 6, 7)
    moves = np.array([(0, 0, 0), (10, 20, 30), (0, 0, 0)])
    track = make_track(np.arange(3) / 30, head_cm=moves)
    scene.unit_settings.scale_length = 0.01
    apply_pose(scene, track, head_object="Face", position=True, position_scale=2.0)
    assert (head.location - Vector((5 + 20, 6 - 60, 7 + 40))).length < 1e-4


def test_an_object_that_was_cleared_and_moved_stays_in_its_new_place(scene):
    make_face("Face", keys=["jawOpen"])
    head = bpy.data.objects.new("Head", None)
    scene.collection.objects.link(head)
    track = head_track((0, 0, 0))
    pose = {"head_object": "Head", "position": True}
    apply_pose(scene, track, **pose)
    head.animation_data_clear()
    head.location, head.rotation_euler = (5, 6, 7), (0, 0, radians(70))
    for _ in range(2):
        apply_pose(scene, track, **pose)
        assert (head.location - Vector((5, 6, 7))).length < 1e-5
        assert head.rotation_euler.z == pytest.approx(radians(70))


def test_a_failure_puts_the_remembered_rest_back(scene, monkeypatch):
    make_face("Face", keys=["jawOpen"])
    head = bpy.data.objects.new("Head", None)
    scene.collection.objects.link(head)

    def stored():
        return {name: list(value) for name, value in head.items()}

    def fail(*_args):
        raise RuntimeError("the disk of this machine is on fire")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr("facewright.scene.apply._place_sound", fail)
        apply_pose(scene, head_track((0, 0, 0)), head_object="Head")
    assert not stored()
    apply_pose(scene, head_track((0, 0, 0)), head_object="Head")
    first = stored()
    assert first
    head.animation_data_clear()
    head.location = (5, 6, 7)
    monkeypatch.setattr("facewright.scene.apply._place_sound", fail)
    with pytest.raises(RuntimeError):
        apply_pose(scene, head_track((0, 0, 0)), head_object="Head")
    assert stored() == first


@pytest.mark.parametrize(("side", "bone"), [(0, 'eye "L".x'), (1, "eye.R")])
def test_eye_bones_look_where_the_actor_looks_and_the_look_keys_stay_out(scene, side, bone):
    rig = make_rig()
    gaze = np.zeros((3, 2, 2))
    gaze[:, side] = (30, 0)
    report = apply_pose(
        scene,
        make_track(np.arange(3) / 30, gaze_deg=gaze),
        eye_object="Rig",
        eye_left='eye "L".x',
        eye_right="eye.R",
    )
    assert_moves(turned(rig, bone), "looks down")
    status = {entry.arkit: entry.status for entry in report.entries}
    assert (status["eyeLookUpLeft"], status["jawOpen"]) == ("left-out", "mapped")
    assert any("eyeLook" in warning for warning in report.warnings)


def test_look_keys_are_written_beside_eye_bones_when_asked(scene):
    make_rig()
    report = apply_pose(
        scene, head_track((0, 0, 0)), eye_object="Rig", eye_left="eye.R", look_keys_too=True
    )
    assert {e.arkit for e in report.entries if e.status == "mapped"} == {"jawOpen", "eyeLookUpLeft"}


def test_a_driven_rotation_is_left_alone_and_reported(scene):
    rig = make_rig()
    rig.pose.bones["head"].rotation_mode = "XYZ"
    rig.pose.bones["head"].driver_add("rotation_euler", 0)
    report = apply_pose(scene, head_track((30, 0, 0)), head_object="Rig", head_bone="head")
    assert not curve_keys(rig)
    assert any("driver" in warning.lower() for warning in report.warnings)


@pytest.mark.parametrize(
    ("pose", "code"),
    [
        ({"head_object": "Nobody"}, "object-missing"),
        ({"head_object": "Rig", "head_bone": "no such bone"}, "bone-missing"),
        ({"head_object": "Face", "head_bone": "head"}, "bone-missing"),
        ({"eye_right": "eye.R"}, "object-missing"),
        ({"eye_object": "Rig", "eye_left": "no such bone"}, "bone-missing"),
        ({"eye_object": "Face", "eye_left": "eye.R"}, "bone-missing"),
    ],
)
def test_a_head_that_is_not_there_is_named(scene, pose, code):
    make_rig()
    with pytest.raises(FacewrightError) as caught:
        apply_pose(scene, head_track((0, 0, 0)), **pose)
    assert caught.value.code == code
    assert not bpy.data.actions
