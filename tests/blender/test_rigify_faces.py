# SPDX-License-Identifier: GPL-3.0-or-later
"""Rigify faces of both generations: the 52 poses move the skin's bones where a face would go.

Rigify comes with Blender; where it does not, or cannot generate, these tests are skipped. A rig is
generated and its poses made once per generation, which takes a while.
"""

from __future__ import annotations

from types import SimpleNamespace

import addon_utils
import bpy
import numpy as np
import pytest
from facewright.engine.core.arkit import NAMES
from facewright.engine.core.errors import FacewrightError
from facewright.engine.retarget.mapping_file import mapping_from_json, mapping_to_json
from facewright.engine.retarget.rigify import face_controls, fit_face, measure_jacobian
from facewright.scene.eye_bones import guess_eyes
from facewright.scene.find_moves import find_moves
from facewright.scene.neck_chain import carries, guess_neck
from facewright.scene.pose_store import moved_bones, show_pose
from facewright.scene.rigify import make_rigify_poses, rigify_generation

SHOWN = {
    "rest": {},
    "both blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "half open": {"jawOpen": 0.5},
    "closed on an open jaw": {"jawOpen": 1.0, "mouthClose": 1.0},
} | {name: {name: 1.0} for name in NAMES}
# Bones whose beginnings are on the skin, in both generations.
SKIN = (
    *(
        f"DEF-lid.{row}.{side}{end}"
        for row in "TB"
        for side in "LR"
        for end in ("", ".001", ".002")
    ),
    "DEF-lip.T.L",
    "DEF-lip.B.L",
    "DEF-chin",
    "DEF-tongue",
    *(f"DEF-brow.T.{side}.{i:03d}" for side in "LR" for i in (1, 2, 3)),
)

ENDS = ("", ".001", ".002", ".003")


def make_rig(generation):
    """A human meta-rig's rig, as Rigify makes it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if addon_utils.enable("rigify", default_set=True) is None:
        pytest.skip("this Blender has no Rigify")
    try:
        bpy.ops.object.armature_human_metarig_add()
        if generation == "new":
            bpy.ops.object.mode_set(mode="POSE")
            bpy.ops.pose.rigify_upgrade_face()
            bpy.ops.object.mode_set(mode="OBJECT")
        bpy.ops.pose.rigify_generate()
    except (AttributeError, RuntimeError) as error:
        pytest.skip(f"Rigify cannot generate here: {error}")
    return bpy.context.object


def look(rig):
    """Places of the skin's bones, of the mouth's corners and of the eyes' directions."""
    bpy.context.view_layer.update()
    bones = rig.pose.bones
    at = {name: np.array(bones[name].head) for name in SKIN}
    for side in "LR":
        # The lip's bones end at the corner, whose control has another name in each generation.
        at[f"corner.{side}"] = np.array(bones[f"DEF-lip.B.{side}.001"].tail)
        at[f"eye.{side}"] = np.array(bones[f"MCH-eye.{side}"].y_axis)
    return at


@pytest.fixture(scope="module", params=["legacy", "new"])
def face(request):
    """A rig's poses, and where its bones are in each."""
    rig = make_rig(request.param)
    rig.pose.bones["hand_ik.L"].location = (1, 2, 3)
    rig.pose.bones["jaw_master"].location = (0.01, 0, 0)
    action = bpy.data.actions.new("Own")
    rig.animation_data_create().action = action
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(FacewrightError) as in_edit_mode:
        make_rigify_poses(rig)
    bpy.ops.object.mode_set(mode="OBJECT")
    # Off in all viewports it is not evaluated; its poses are made all the same.
    rig.hide_viewport = True
    made = make_rigify_poses(rig)
    after = SimpleNamespace(
        moved=moved_bones(rig),
        action=rig.animation_data.action == action,
        scenes=len(bpy.data.scenes),
        is_off=rig.hide_viewport,
        in_edit_mode=in_edit_mode.value.code,
    )
    rig.hide_viewport = False
    rig.animation_data.action = None
    rig.pose.bones["jaw_master"].location = (0, 0, 0)
    shown = {}
    for name, weights in SHOWN.items():
        show_pose(rig, made.mapping.poses, weights)
        shown[name] = look(rig)
    moves = find_moves(made.mapping, [rig])
    yield SimpleNamespace(
        wanted=request.param,
        generation=rigify_generation(rig),
        made=made,
        shown=shown,
        after=after,
        entries=moves.entries,
        warnings=moves.warnings,
        neck=guess_neck(rig, "head"),
        carries=carries(rig, "neck", "head"),
        eyes=guess_eyes([rig], rig.name),
    )
    addon_utils.disable("rigify", default_set=True)


def way(face, pose, bone):
    """How far a bone goes from rest, millimetres: to the character's left, back, up."""
    return (face.shown[pose][bone] - face.shown["rest"][bone]) * 1000


def test_the_generation_is_told_and_every_channel_has_a_pose(face):
    assert face.generation == face.made.generation == face.wanted
    assert list(face.made.mapping.poses) == list(NAMES)
    assert face.made.missing == ()


def test_the_skin_comes_where_it_shall(face):
    assert set(face.made.errors) == set(NAMES)
    assert max(face.made.errors.values()) < 0.06


def test_the_rig_is_left_as_it_was(face):
    assert set(face.after.moved) == {"hand_ik.L", "jaw_master"}
    assert face.after.action
    assert face.after.scenes == 1
    assert face.after.is_off


def test_in_edit_mode_nothing_is_made(face):
    assert face.after.in_edit_mode == "edit-mode"


def test_controls_that_move_nothing_are_told():
    controls = face_controls(["lip.T", "lip.B", "lips.L", "lips.R", "chin"])
    with pytest.raises(FacewrightError) as caught:
        measure_jacobian(np.zeros_like, controls, 0.01)
    assert caught.value.code == "rig-still"


def test_the_jaw_opens_the_mouth_downwards(face):
    chin, lower, upper = (
        way(face, "jawOpen", b) for b in ("DEF-chin", "DEF-lip.B.L", "DEF-lip.T.L")
    )
    assert -70 < chin[2] < -20
    assert -70 < lower[2] < -20
    assert np.linalg.norm(upper) < 8
    assert abs(chin[0]) < 1
    half = way(face, "half open", "DEF-chin")
    assert half[2] == pytest.approx(chin[2] / 2, rel=0.2)


def test_the_lips_meet_on_an_open_jaw(face):
    gap = face.shown["rest"]["DEF-lip.T.L"] - face.shown["rest"]["DEF-lip.B.L"]
    shown = face.shown["closed on an open jaw"]
    closed = shown["DEF-lip.T.L"] - shown["DEF-lip.B.L"]
    assert np.abs(closed - gap).max() * 1000 < 2
    assert way(face, "closed on an open jaw", "DEF-chin")[2] < -20


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_lids_close_on_their_own_side(face, side):
    other = "LR"[side == "Left"]
    one = side[0]
    for pose in (f"eyeBlink{side}", "both blink"):
        lower = face.shown[pose][f"DEF-lid.B.{one}.002"]
        # The upper lid's points run from the outer corner, the lower lid's from the inner one.
        ends = [face.shown[pose][f"DEF-lid.{row}.{one}"] for row in "BT"]
        lows = np.array([ends[0], face.shown[pose][f"DEF-lid.B.{one}.001"], lower, ends[1]])
        lows = lows[np.argsort(lows[:, 0])]
        for end in (".001", ".002"):
            point = face.shown[pose][f"DEF-lid.T.{one}{end}"]
            below = np.interp(point[0], lows[:, 0], lows[:, 2])
            assert abs(point[2] - below) * 1000 < 3.5, (pose, end)
        assert way(face, pose, f"DEF-lid.T.{one}.002")[2] < -8
    for row in "TB":
        assert np.linalg.norm(way(face, f"eyeBlink{side}", f"DEF-lid.{row}.{other}.002")) < 0.5


@pytest.mark.parametrize(
    ("pose", "side", "expected"),
    [
        # Sine of the angle to the character's left, and up: 28 degrees aside, 26 down, 22 up.
        ("eyeLookInLeft", "L", (-0.469, 0)),
        ("eyeLookOutLeft", "L", (0.469, 0)),
        ("eyeLookInRight", "R", (0.469, 0)),
        ("eyeLookOutRight", "R", (-0.469, 0)),
        ("eyeLookDownLeft", "L", (0, -0.438)),
        ("eyeLookUpRight", "R", (0, 0.375)),
    ],
)
def test_eyes_look_where_they_should(face, pose, side, expected):
    seen = face.shown[pose][f"eye.{side}"]
    assert seen[[0, 2]] == pytest.approx(expected, abs=0.02)
    other = face.shown[pose][f"eye.{'LR'[side == 'L']}"]
    assert other == pytest.approx((0, -1, 0), abs=1e-3)


@pytest.mark.parametrize(("side", "sign"), [("Left", 1), ("Right", -1)])
def test_left_is_left(face, side, sign):
    one, other = side[0], "LR"[side == "Left"]
    smile = way(face, f"mouthSmile{side}", f"corner.{one}")
    assert smile[2] > 8
    assert smile[0] * sign > 5
    assert np.linalg.norm(way(face, f"mouthSmile{side}", f"corner.{other}")) < 3
    assert way(face, f"mouthFrown{side}", f"corner.{one}")[2] < -4
    assert way(face, f"jaw{side}", "DEF-chin")[0] * sign > 4
    assert way(face, f"mouth{side}", "DEF-lip.T.L")[0] * sign > 3
    assert way(face, f"browDown{side}", f"DEF-brow.T.{one}.002")[2] < -2
    assert way(face, f"browOuterUp{side}", f"DEF-brow.T.{one}.001")[2] > 4
    assert np.linalg.norm(way(face, f"browDown{side}", f"DEF-brow.T.{other}.002")) < 0.5


def test_the_middle_of_the_face(face):
    for side in "LR":
        assert way(face, "browInnerUp", f"DEF-brow.T.{side}.003")[2] > 3
        assert abs(way(face, "mouthPucker", f"corner.{side}")[0]) > 3
    assert way(face, "mouthPucker", "corner.L")[0] < 0 < way(face, "mouthPucker", "corner.R")[0]
    assert way(face, "jawForward", "DEF-chin")[1] < -4
    assert way(face, "tongueOut", "DEF-tongue")[1] < -20


def test_both_sides_are_mirror_images(face):
    mirror = np.array([-1, 1, 1])
    for name in NAMES:
        if not name.endswith("Left"):
            continue
        for bone in ("corner", "DEF-lid.T", "DEF-lid.B", "DEF-brow.T"):
            end = ".001" if bone == "DEF-brow.T" else ""
            left = way(face, name, f"{bone}.L{end}")
            right = way(face, name.replace("Left", "Right"), f"{bone}.R{end}")
            np.testing.assert_allclose(right, left * mirror, atol=1.0, err_msg=f"{name} {bone}")


def test_everything_can_be_written_and_the_poses_go_through_a_file(face):
    assert {entry.status for entry in face.entries} == {"mapped"}
    assert face.warnings == []
    again = mapping_from_json(mapping_to_json(face.made.mapping))
    assert again == face.made.mapping


def test_neck_and_eyes_of_the_rig_are_known(face):
    assert face.neck == (("neck", 0.3),)
    assert not face.carries  # Head Follow is 0 at first
    assert face.eyes == ("", "")


def test_a_rig_without_such_a_face_is_refused(scene):
    rig = bpy.data.objects.new("Plain", bpy.data.armatures.new("Plain"))
    scene.collection.objects.link(rig)
    assert rigify_generation(rig) == ""
    with pytest.raises(FacewrightError) as caught:
        make_rigify_poses(rig)
    assert caught.value.code == "no-rigify-face"


def test_the_shipped_heads_own_movements_fit_a_rig_of_its_own_size():
    controls = face_controls(
        [f"{name}.{side}{end}" for name in ("lid.T", "lid.B") for side in "LR" for end in ENDS]
        + ["lip.T", "lip.B", "lips.L", "lips.R", "chin", "nose.002"]
    )
    places = np.array([control.place for control in controls])
    eyes = {"L": np.array([0.029, -0.075, 0.038]), "R": np.array([-0.029, -0.075, 0.038])}
    fit = fit_face(
        controls, 2 * places + (1, 2, 3), {k: 2 * e + (1, 2, 3) for k, e in eyes.items()}
    )
    assert fit.scale == pytest.approx(2)
    np.testing.assert_allclose(fit.turn, np.eye(3), atol=1e-6)
    smile = fit.targets["mouthSmileLeft"][fit.rows("lips.L", "lips.R")] * 1000
    assert smile[0][2] > 10
    assert np.linalg.norm(smile[1]) < 2
    # The chin of the head goes down by centimetres; twice as far here.
    assert fit.targets["jawOpen"][fit.rows("chin")][0][2] < -0.03
