# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a face from one take on the rest of another."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright.engine.core.arkit import NAMES, region_of
from facewright.engine.core.errors import FacewrightError
from facewright.scene import keyframes
from facewright.scene.apply import apply_track
from facewright.scene.pose_channels import PoseSettings

FIRST = make_track(np.arange(20) / 30, dict.fromkeys(NAMES, 0.25), head_deg=np.tile(5.0, (20, 3)))
SECOND = make_track(np.arange(10) / 30, dict.fromkeys(NAMES, 0.75), head_deg=np.tile(9.0, (10, 3)))


def path(name):
    return (f'key_blocks["{name}"].value', 0)


def snapshot(block):
    """Every key of a block's curves with all that it holds."""
    return {
        (curve.data_path, curve.array_index): keyframes.read_keys(curve)
        for curve in keyframes.current_curves(block)
    }


def assert_same(before, after, paths):
    for key in paths:
        for name, values in before[key].items():
            np.testing.assert_array_equal(after[key][name], values, err_msg=f"{key} {name}")


def head_settings(**changes):
    return replace(PLAIN_SETTINGS, pose=PoseSettings(head_object="Head"), **changes)


@pytest.fixture
def face(scene):
    bpy.data.objects.new("Head", None)
    scene.collection.objects.link(bpy.data.objects["Head"])
    face = make_face()
    apply_track(scene, FIRST, [face], head_settings(), take_name="one")
    return face


def test_the_mouth_of_a_second_take_lands_on_the_rest_of_the_first(scene, face):
    keys, head = face.data.shape_keys, bpy.data.objects["Head"]
    before, head_before = snapshot(keys), snapshot(head)
    chosen = frozenset({"mouth", "jaw", "tongue"})
    settings = head_settings(regions=chosen, onto_existing=True, start_frame=6)
    report = apply_track(scene, SECOND, [face], settings, take_name="two")
    after = snapshot(keys)
    mouth = {path(name) for name in NAMES if region_of(name) in chosen}
    assert len(mouth) == 28
    assert report.mapped == 28
    assert_same(before, after, set(before) - mouth)
    assert_same(head_before, snapshot(head), head_before)
    for key in mouth:
        np.testing.assert_array_equal(after[key]["co"][:, 0], np.arange(1, 21))
        np.testing.assert_array_equal(after[key]["co"][:, 1], [0.25] * 5 + [0.75] * 10 + [0.25] * 5)
    statuses = {entry.arkit: entry.status for entry in report.entries}
    assert statuses["jawOpen"] == "mapped"
    assert statuses["browInnerUp"] == "left-out"
    assert not [entry for entry in report.entries if entry.status == "left-out" and entry.reason]


def test_the_head_alone_is_a_part_of_its_own(scene, face):
    keys, head = face.data.shape_keys, bpy.data.objects["Head"]
    before = snapshot(keys)
    turned = curve_keys(head)
    settings = head_settings(regions=frozenset({"head"}), onto_existing=True, start_frame=6)
    report = apply_track(scene, SECOND, [face], settings, take_name="two")
    assert_same(before, snapshot(keys), before)
    assert (report.mapped, report.objects) == (0, ["Head"])
    for key, values in curve_keys(head).items():
        changed = np.flatnonzero(values[:, 1] != turned[key][:, 1])
        np.testing.assert_array_equal(values[changed, 0], np.arange(6, 16))


def test_gaze_covers_the_eye_bones_and_only_them(scene):
    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name in ("head", "L", "R"):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail = (0, 0, 1), (0, 0, 2)
    bpy.ops.object.mode_set(mode="OBJECT")
    face = make_face()
    pose = PoseSettings(head_object="Rig", head_bone="head", eye_left="L", eye_right="R")
    for region, bones in (("gaze", {"L", "R"}), ("head", {"head"}), ("brows", set())):
        settings = replace(PLAIN_SETTINGS, pose=pose, regions=frozenset({region}))
        rig.animation_data_clear()
        report = apply_track(scene, SECOND, [face], settings, take_name="t")
        moved = {curve.data_path.split('"')[1] for curve in keyframes.current_curves(rig)}
        assert moved == bones
        # Bones turn the eyes, so no eyeLook key is written; other parts do not speak of it.
        assert report.mapped == {"gaze": 0, "head": 0, "brows": 5}[region]
        assert bool(report.warnings) == (region == "gaze")


def test_regions_without_an_existing_action_write_only_themselves(scene):
    face = make_face()
    settings = replace(PLAIN_SETTINGS, regions=frozenset({"brows"}), onto_existing=True)
    apply_track(scene, SECOND, [face], settings, take_name="two")
    brows = {path(name) for name in NAMES if region_of(name) == "brows"}
    assert set(curve_keys(face.data.shape_keys)) == brows


def test_a_locked_curve_stays_when_its_part_is_replaced(scene, face):
    keys = face.data.shape_keys
    (jaw,) = [c for c in keyframes.current_curves(keys) if c.data_path == path("jawOpen")[0]]
    jaw.lock = True
    before = snapshot(keys)
    settings = replace(PLAIN_SETTINGS, regions=frozenset({"jaw"}), onto_existing=True)
    apply_track(scene, SECOND, [face], settings, take_name="two")
    after = snapshot(keys)
    assert_same(before, after, [path("jawOpen")])
    assert after[path("jawLeft")]["co"][0, 1] == 0.75


def test_a_part_that_the_face_does_not_have_is_an_error(scene):
    face = make_face(keys=["jawOpen"])
    settings = replace(PLAIN_SETTINGS, regions=frozenset({"brows"}))
    with pytest.raises(FacewrightError) as caught:
        apply_track(scene, SECOND, [face], settings, take_name="t")
    assert caught.value.code == "nothing-writable"
    assert not bpy.data.actions


def test_an_unknown_part_is_refused(scene):
    settings = replace(PLAIN_SETTINGS, regions=frozenset({"ears"}))
    with pytest.raises(ValueError, match="ears"):
        apply_track(scene, SECOND, [make_face()], settings, take_name="t")
