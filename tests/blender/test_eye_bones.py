# SPDX-License-Identifier: GPL-3.0-or-later
"""Eye bones are found by name, and told left from right by where they are."""

from __future__ import annotations

import bpy
import pytest
from faces import make_face
from facewright.scene.eye_bones import guess_eyes


def make_rig(*names, others=("head", "eyelid.L", "eyelid.R", "eyebrow.L", "eyebrow.R", "eye_end")):
    """The first name is a bone at +X, the second one at -X."""
    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for i, name in enumerate((*names, *others)):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail = ((1, 0, 0), (-1, 0, 0))[i % 2], (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("eye.L", "eye.R"),
        ("LeftEye", "RightEye"),
        ("mixamorig:LeftEye", "mixamorig:RightEye"),
        ("lEye", "rEye"),
        ("l_eye", "r_eye"),
        ("CC_Base_L_Eye", "CC_Base_R_Eye"),
        ("J_Adj_L_FaceEye", "J_Adj_R_FaceEye"),
        ("FACIAL_L_Eye", "FACIAL_R_Eye"),
        ("eye_left", "eye_right"),
        ("左目", "右目"),
    ],
)
def test_names_of_the_families(left, right):
    rig = make_rig(left, right)
    assert guess_eyes([rig], "Rig") == (left, right)


def test_sides_are_where_the_bones_are():
    rig = make_rig("eye.R", "eye.L")
    assert guess_eyes([rig], "Rig") == ("eye.R", "eye.L")
    assert guess_eyes([rig], "Rig", "+Y") == ("eye.L", "eye.R")


def test_an_animators_bone_is_preferred_to_the_skeletons():
    rig = make_rig("DEF-eye.L", "DEF-eye.R", "eyeball.L", "eyeball.R")
    assert guess_eyes([rig], "Rig") == ("eyeball.L", "eyeball.R")


def test_a_character_whose_keys_look_needs_no_bones():
    rig = make_rig("eye.L", "eye.R")
    face = make_face("Face", keys=["jawOpen", "eyeLookUpLeft"])
    assert guess_eyes([face, rig], "Rig") == ("", "")
    face.data.shape_keys.key_blocks["eyeLookUpLeft"].name = "browUp"
    assert guess_eyes([face, rig], "Rig") == ("eye.L", "eye.R")


@pytest.mark.parametrize("names", [(), ("eye.L", "ear.R"), ("eyelash.L", "eyelash.R"), ("eye",)])
def test_no_pair_no_guess(names):
    assert guess_eyes([make_rig(*names)], "Rig") == ("", "")


def test_the_target_that_rigifys_eyes_look_at_is_no_eye():
    rig = make_rig("eye.L", "eye.R", "ORG-eye.L", "ORG-eye.R")
    assert guess_eyes([rig], "Rig") == guess_eyes([rig], "none") == ("", "")
