# SPDX-License-Identifier: GPL-3.0-or-later
"""A neck takes its share of the head's rotation, and the head as it shows turns as far as ever."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import replace
from math import radians

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright.engine import arguments
from facewright.engine.core.errors import FacewrightError
from facewright.scene.apply import apply_track
from facewright.scene.face_reader import FaceReader
from facewright.scene.neck_chain import choose_neck, guess_neck, neck_from
from facewright.scene.pose_channels import PoseSettings
from mathutils import Matrix, Vector

NECK = (("neck.001", 0.2), ("neck.002", 0.3))
# Pitch, yaw and roll of the actor, and where the nose (-Y at rest) then points: Rz(roll) Ry(yaw)
# Rx(pitch) in camera axes, by hand for single angles.
C, S = np.cos(radians(40)), np.sin(radians(40))
MOVES = {
    "down": ((40, 0, 0), (0, -C, -S)),
    "left": ((0, 40, 0), (S, -C, 0)),
    "tilt": ((0, 0, 40), (0, -1, 0)),
}


def make_neck(inherit=True):
    """Hips, two neck bones and a head, each rolled another way, none along an axis."""
    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    parent = None
    bones = {
        "hips": ((0, 0, 0), (0, 0.1, 1), 0.3),
        "neck.001": ((0, 0.1, 1), (0.05, 0, 1.2), -0.8),
        "neck.002": ((0.05, 0, 1.2), (0, -0.1, 1.4), 1.9),
        "head": ((0, -0.1, 1.4), (0.1, 0, 1.9), 0.6),
    }
    for name, (head, tail, roll) in bones.items():
        bone = data.edit_bones.new(name)
        bone.head, bone.tail, bone.roll, bone.parent = head, tail, roll, parent
        parent = bone
    data.edit_bones["head"].use_inherit_rotation = inherit
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def turned(rig, bone):
    shown = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    rest = rig.data.bones[bone].matrix_local.to_3x3()
    return shown.pose.bones[bone].matrix.to_3x3() @ rest.inverted()


def apply_head(scene, track, **pose):
    face = bpy.data.objects.get("Face") or make_face(keys=["jawOpen"])
    pose = {"head_object": "Rig", "head_bone": "head", "neck": NECK} | pose
    settings = replace(PLAIN_SETTINGS, pose=PoseSettings(**pose))
    report = apply_track(scene, track, [face], settings, take_name="T")
    scene.frame_set(2)
    return report


def head_track(angles, count=3):
    return make_track(np.arange(count) / 30, head_deg=np.tile(angles, (count, 1)))


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", "XYZ", "ZXY"])
@pytest.mark.parametrize("move", MOVES)
def test_the_head_turns_as_far_and_each_neck_bone_its_share(scene, move, mode):
    rig = make_neck()
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    angles, nose = MOVES[move]
    apply_head(scene, head_track(angles))
    assert (turned(rig, "head") @ Vector((0, -1, 0)) - Vector(nose)).length < 1e-4
    # What stands below adds up: a fifth of 40 degrees, then a half of them.
    for bone, degrees in (("hips", 0), ("neck.001", 8), ("neck.002", 20), ("head", 40)):
        assert np.degrees(turned(rig, bone).to_quaternion().angle) == pytest.approx(
            degrees, abs=0.01
        )
    axis = turned(rig, "neck.001").to_quaternion().axis
    assert (axis - turned(rig, "head").to_quaternion().axis).length < 1e-3


def test_a_head_that_turns_every_way_is_the_same_with_a_neck(scene):
    rig = make_neck()
    apply_head(scene, head_track((25, -40, 15)), neck=())
    alone = turned(rig, "head").copy()
    apply_head(scene, head_track((25, -40, 15)))
    assert (np.abs(np.array(turned(rig, "head") - alone)) < 1e-5).all()


def test_a_head_that_does_not_inherit_turns_all_the_way_by_itself(scene):
    rig = make_neck(inherit=False)
    report = apply_head(scene, head_track((40, 0, 0)))
    assert np.degrees(turned(rig, "head").to_quaternion().angle) == pytest.approx(40, abs=0.01)
    assert np.degrees(turned(rig, "neck.002").to_quaternion().angle) == pytest.approx(20, abs=0.01)
    assert sum("does not turn along" in warning for warning in report.warnings) == 2


def test_a_head_that_copies_its_rotation_from_elsewhere_is_not_carried(scene):
    rig = make_neck()
    copy = rig.pose.bones["neck.002"].constraints.new("COPY_ROTATION")
    copy.target, copy.subtarget, copy.mix_mode = rig, "hips", "BEFORE"
    report = apply_head(scene, head_track((40, 0, 0)), neck=NECK[:1])
    assert any("does not turn along" in warning for warning in report.warnings)


def test_a_driven_neck_bone_leaves_its_share_to_the_head(scene):
    rig = make_neck()
    for name in ("neck.001", "head"):
        rig.pose.bones[name].rotation_mode = "XYZ"
    rig.pose.bones["neck.001"].driver_add("rotation_euler", 0)
    report = apply_head(scene, head_track((40, 0, 0)))
    assert np.degrees(turned(rig, "head").to_quaternion().angle) == pytest.approx(40, abs=0.01)
    assert not any("neck.001" in path for path, _ in curve_keys(rig))
    assert any('driver moves rotation_euler of bone "neck.001"' in w for w in report.warnings)


def test_the_curves_of_a_neck_are_continuous_through_half_a_turn(scene):
    rig = make_neck()
    count = 60
    angles = np.zeros((count, 3))
    angles[:, 1] = (np.linspace(-20, 300, count) + 180) % 360 - 180
    apply_head(scene, make_track(np.arange(count) / 30, head_deg=angles))
    curves = curve_keys(rig)
    assert len(curves) == 3 * 4
    assert max(np.abs(np.diff(keys[:, 1])).max() for keys in curves.values()) < 0.1
    scene.frame_set(count)
    assert np.degrees(turned(rig, "neck.002").to_quaternion().angle) == pytest.approx(150, abs=0.1)


@pytest.mark.parametrize("inherit", [True, False])
def test_what_was_keyed_comes_back(scene, inherit):
    make_neck(inherit)
    places = np.outer([0, 1, 0, 0, 0], (2.0, -1.0, 3.0))
    track = make_track(np.arange(5) / 30, head_deg=(20, -35, 10), head_cm=places)
    apply_head(scene, track, position=True)
    pose = PoseSettings(head_object="Rig", head_bone="head", neck=NECK, position=True)
    reader = FaceReader(scene, [bpy.data.objects["Face"]], pose)
    row = reader.read(bpy.context.evaluated_depsgraph_get(), 0.0)
    np.testing.assert_allclose(row.head_deg[0], (20, -35, 10), atol=0.01)
    np.testing.assert_allclose(row.head_cm[0], (2, -1, 3), atol=1e-3)


def test_the_head_moves_where_the_actor_does_however_the_neck_has_turned(scene):
    rig = make_neck()
    still = make_track(np.arange(5) / 30, head_deg=(30, -35, 10))
    apply_head(scene, still, position=True)
    shown = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    before = shown.pose.bones["head"].head.copy()
    # 10 cm to the actor's left, 20 up, 30 towards the camera.
    places = np.outer([0, 1, 0, 0, 0], (10, 20, 30))
    apply_head(scene, replace(still, head_cm=places.astype(np.float32)), position=True)
    shown = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    moved = shown.pose.bones["head"].head - before
    assert (moved - Vector((0.1, -0.3, 0.2))).length < 1e-4


@pytest.mark.parametrize(
    "neck",
    [
        (("neck.001", 0.6), ("neck.002", 0.5)),
        (("neck.001", -0.1),),
        (("neck.001", float("nan")),),
        (("head", 0.5),),
        (("neck.001", 0.1), ("neck.001", 0.1)),
    ],
)
def test_shares_that_do_not_add_up_are_refused(scene, neck):
    make_neck()
    with pytest.raises(FacewrightError) as caught:
        apply_head(scene, head_track((10, 0, 0)), neck=neck)
    assert caught.value.code == "neck-shares"
    assert not bpy.data.actions


def test_a_neck_bone_that_is_not_there_is_named(scene):
    make_neck()
    with pytest.raises(FacewrightError) as caught:
        apply_head(scene, head_track((10, 0, 0)), neck=(("throat", 0.5),))
    assert caught.value.code == "bone-missing"
    assert "throat" in str(caught.value)


def test_the_neck_is_guessed_from_the_heads_parents():
    rig = make_neck()
    assert guess_neck(rig, "head") == (("neck.001", 0.2), ("neck.002", 0.2))
    assert guess_neck(rig, "neck.002") == (("neck.001", 0.3),)
    assert guess_neck(rig, "head", 0.5) == (("neck.001", 0.25), ("neck.002", 0.25))
    assert guess_neck(rig, "hips") == guess_neck(rig, "nobody") == ()


def test_a_neck_that_starts_at_a_chosen_bone_leaves_machinery_out():
    rig = make_neck()
    rig.data.bones["neck.002"].name = "MCH-ROT-head"
    assert neck_from(rig, "head", "hips", 0.5) == (("hips", 0.25), ("neck.001", 0.25))
    with pytest.raises(FacewrightError) as caught:
        neck_from(rig, "neck.001", "head", 0.5)
    assert caught.value.code == "neck-below-head"
    with pytest.raises(FacewrightError, match="as the head and as its neck") as caught:
        choose_neck("Rig", "head", 0.5, "head")
    assert caught.value.code == "neck-below-head"


def test_a_character_that_was_turned_turns_about_its_own_axes(scene):
    rig = make_neck()
    rig.matrix_world = Matrix.Rotation(radians(70), 4, "Z")
    apply_head(scene, head_track((0, 40, 0)))
    assert (turned(rig, "head") @ Vector((0, -1, 0)) - Vector((S, -C, 0))).length < 1e-4


def test_the_neck_as_the_panel_and_the_command_ask_for_it():
    make_neck()
    assert choose_neck("Rig", "head", 0.0) == choose_neck("none", "head", 0.5) == ()
    assert choose_neck("Rig", "nobody", 0.5) == ()
    assert choose_neck("Rig", "head", 0.5) == (("neck.001", 0.25), ("neck.002", 0.25))
    assert choose_neck("Rig", "head", 0.5, "neck.002") == (("neck.002", 0.5),)
    assert arguments.neck("neck.001=0.25") == ("neck.001", 0.25)
    assert arguments.neck("0.25") == ("", 0.25)
    for text in ("neck=2", "neck=", "=0.5", "neck", "neck=-1"):
        with pytest.raises(ArgumentTypeError):
            arguments.neck(text)
