# SPDX-License-Identifier: GPL-3.0-or-later
"""From a track to Blender's own deformed mesh, and to keys on the right frames."""

from __future__ import annotations

import json
from dataclasses import replace

import bpy
import numpy as np
import pytest
from faces import (
    PLAIN,
    PLAIN_SETTINGS,
    POINTS,
    curve_keys,
    evaluated_points,
    make_face,
    make_track,
    random_track,
)
from facewright.engine.core.arkit import NAMES
from facewright.engine.core.errors import FacewrightError
from facewright.scene import keyframes
from facewright.scene.apply import ApplySettings, apply_track

JAW = ('key_blocks["jawOpen"].value', 0)


def test_blender_deforms_the_mesh_as_the_blend_shape_formula_says(scene):
    face = make_face(extra=['smile "wide".001', "dot.ted [x]"])
    blocks = face.data.shape_keys.key_blocks
    blocks["dot.ted [x]"].value = 0.25
    track = random_track()
    report = apply_track(scene, track, [face], PLAIN_SETTINGS, take_name="Take")

    def delta(name):
        co = np.empty(POINTS.size, np.float32)
        blocks[name].data.foreach_get("co", co)
        return co.reshape(POINTS.shape) - POINTS

    deltas = np.stack([delta(name) for name in NAMES])
    for row in (0, 7, 19):
        scene.frame_set(1 + row)
        expected = POINTS + np.tensordot(track.weights[row].astype(float), deltas, 1)
        expected = expected + 0.25 * delta("dot.ted [x]")
        assert np.abs(evaluated_points(face) - expected).max() < 1e-5
    assert (report.mapped, report.total, report.keys) == (52, 52, 52 * 20)
    assert (report.first_frame, report.last_frame, report.frames) == (1, 20, 20)
    assert json.loads(json.dumps(report.to_wire()))["entries"][0]["arkit"] == "eyeBlinkLeft"


def test_keys_of_other_spellings_and_awkward_names_are_written(scene):
    face = make_face(keys=["eyeBlink_L", "EyeBlinkRight", "mouthLeft", "mouthSmile.R"])
    time_s = np.arange(3) / 30
    weights = {"eyeBlinkLeft": 0.1, "eyeBlinkRight": 0.2, "mouthLeft": 0.3, "mouthSmileRight": 0.4}
    report = apply_track(scene, make_track(time_s, weights), [face], PLAIN_SETTINGS, take_name="T")
    scene.frame_set(2)
    values = {block.name: block.value for block in face.data.shape_keys.key_blocks[1:]}
    assert values == pytest.approx(
        {"eyeBlink_L": 0.1, "EyeBlinkRight": 0.2, "mouthLeft": 0.3, "mouthSmile.R": 0.4}
    )
    assert report.mapped == 4
    missing = [entry for entry in report.entries if entry.status == "missing"]
    assert len(missing) == 48


@pytest.mark.parametrize(
    ("fps", "fps_base", "peak_frame", "last_frame"),
    [
        # The jaw is fully open 2 s into a clip that lasts 10 s and starts on frame 101.
        (24, 1.001, 148.952, 340),
        (24, 1.0, 149.0, 341),
        (25, 1.0, 151.0, 351),
        (30, 1.001, 160.94, 400),
        (60, 1.001, 220.88, 700),
    ],
)
def test_keys_fall_on_the_frames_that_the_clips_seconds_mean(
    scene, fps, fps_base, peak_frame, last_frame
):
    scene.render.fps, scene.render.fps_base = fps, fps_base
    face = make_face(keys=["jawOpen"])
    time_s = np.arange(0, 10.0001, 0.02)
    track = make_track(time_s, {"jawOpen": np.maximum(0, 1 - np.abs(time_s - 2))})
    settings = replace(PLAIN_SETTINGS, start_frame=101)
    report = apply_track(scene, track, [face], settings, take_name="T")
    keys = curve_keys(face.data.shape_keys)[JAW]
    assert (report.first_frame, report.last_frame) == (101, last_frame)
    np.testing.assert_array_equal(keys[:, 0], np.arange(101, last_frame + 1))
    expected = np.maximum(0, 1 - np.abs(keys[:, 0] - peak_frame) / (fps / fps_base))
    np.testing.assert_allclose(keys[:, 1], expected, atol=0.012)


def test_keys_at_source_times_are_fractions_of_a_frame(scene):
    face = make_face(keys=["jawOpen"])
    track = make_track([0, 0.015, 0.05, 0.11], {"jawOpen": [0.1, 0.2, 0.3, 0.4]})
    settings = replace(PLAIN_SETTINGS, filters=replace(PLAIN, key_times="SOURCE"), start_frame=10)
    apply_track(scene, track, [face], settings, take_name="T")
    keys = curve_keys(face.data.shape_keys)[JAW]
    np.testing.assert_allclose(keys[:, 0], [10, 10.45, 11.5, 13.3], atol=1e-5)
    np.testing.assert_allclose(keys[:, 1], [0.1, 0.2, 0.3, 0.4], atol=1e-6)


def test_several_meshes_get_keys_once_each_even_when_they_share_a_mesh(scene):
    face, teeth = make_face("Face"), make_face("Teeth", keys=["jawOpen"])
    twin = bpy.data.objects.new("Twin", face.data)
    rig = bpy.data.objects.new("Rig", None)
    for ob in (twin, rig):
        scene.collection.objects.link(ob)
    teeth.parent = face.parent = rig
    report = apply_track(scene, random_track(5), [rig, twin], PLAIN_SETTINGS, take_name="Take")
    assert report.objects == ["Face", "Teeth"]
    assert report.keys == (52 + 1) * 5
    owners = [face.data.shape_keys, teeth.data.shape_keys]
    actions = {keyframes.current_action(keys) for keys in owners}
    assert len(actions) == (1 if keyframes.has_slots() else 2)
    assert [len(curve_keys(keys)) for keys in owners] == [52, 1]


def test_objects_that_got_no_keys_are_not_named(scene):
    face, teeth = make_face("Face"), make_face("Teeth", keys=["jawOpen"])
    brows = make_face("Brows", keys=["browInnerUp"])
    teeth.data.shape_keys.key_blocks["jawOpen"].lock_shape = True
    brows.data.shape_keys.key_blocks["browInnerUp"].driver_add("value")
    head = bpy.data.objects.new("Head", None)
    scene.collection.objects.link(head)
    head.driver_add("rotation_euler", 0)
    settings = replace(PLAIN_SETTINGS, pose=replace(PLAIN_SETTINGS.pose, head_object="Head"))
    objects = [face, teeth, brows]
    report = apply_track(scene, random_track(5), objects, settings, take_name="T")
    assert report.objects == ["Face"]
    head.driver_remove("rotation_euler", 0)
    report = apply_track(scene, random_track(5), objects, settings, take_name="T")
    assert report.objects == ["Face", "Head"]
    for curve in keyframes.current_curves(head):
        curve.lock = True
    settings = replace(settings, onto_existing=True)
    report = apply_track(scene, random_track(5), objects, settings, take_name="T")
    assert report.objects == ["Face"]


def test_frames_without_a_face_get_no_keys_under_the_empty_policy(scene):
    face = make_face(keys=["jawOpen"])
    valid = np.ones(10, bool)
    valid[4:7] = False
    track = make_track(np.arange(10) / 30, {"jawOpen": 0.5}, valid)
    settings = replace(PLAIN_SETTINGS, filters=replace(PLAIN, gap_policy="EMPTY"))
    report = apply_track(scene, track, [face], settings, take_name="T")
    keys = curve_keys(face.data.shape_keys)[JAW]
    np.testing.assert_array_equal(keys[:, 0], [1, 2, 3, 4, 8, 9, 10])
    assert [(round(g.first_s * 30), round(g.last_s * 30), g.frames) for g in report.gaps] == [
        (4, 6, 3)
    ]


def test_thinned_keys_stay_within_the_error_bound_in_blender_itself(scene):
    face = make_face(keys=["jawOpen"])
    time_s = np.arange(200) / 30
    wanted = 0.5 + 0.4 * np.sin(time_s * 5)
    track = make_track(time_s, {"jawOpen": wanted})
    settings = replace(PLAIN_SETTINGS, reduce_weight=0.01)
    report = apply_track(scene, track, [face], settings, take_name="T")
    curve = keyframes.current_curves(face.data.shape_keys)[0]
    shown = [curve.evaluate(1 + i) for i in range(200)]
    assert report.keys < 100
    assert np.abs(np.array(shown) - wanted).max() < 0.01 + 1e-5


def test_one_undo_step_takes_the_whole_result_back(scene):
    make_face()
    bpy.ops.ed.undo_push(message="before")
    apply_track(
        scene, random_track(5), [bpy.data.objects["Face"]], PLAIN_SETTINGS, take_name="Take"
    )
    bpy.ops.ed.undo_push(message="apply")
    bpy.ops.ed.undo()
    assert not bpy.data.actions
    assert keyframes.current_action(bpy.data.objects["Face"].data.shape_keys) is None


def test_a_failure_half_way_leaves_everything_as_it_was(scene, monkeypatch):
    face = make_face()
    head = bpy.data.objects.new("Head", None)
    scene.collection.objects.link(head)
    keys = face.data.shape_keys
    apply_track(scene, random_track(4), [face], PLAIN_SETTINGS, take_name="Old")
    old = keyframes.current_action(keys)
    before = curve_keys(keys)
    high = random_track(9)
    high.weights[:] *= 2
    pose = replace(PLAIN_SETTINGS.pose, head_object="Head")

    def fail(*_args):
        raise RuntimeError("the disk of this machine is on fire")

    monkeypatch.setattr("facewright.scene.apply._place_sound", fail)
    for onto_existing in (False, True):
        settings = replace(PLAIN_SETTINGS, pose=pose, onto_existing=onto_existing)
        with pytest.raises(RuntimeError):
            apply_track(scene, high, [face], settings, take_name="New")
        assert list(bpy.data.actions) == [old]
        assert keyframes.current_action(keys) == old
        assert head.animation_data is None
        assert not old.use_fake_user
        assert keys.key_blocks["jawOpen"].slider_max == 1
        after = curve_keys(keys)
        assert after.keys() == before.keys()
        for path, values in before.items():
            np.testing.assert_array_equal(after[path], values)


@pytest.mark.parametrize(
    ("code", "chosen"),
    [("no-object", []), ("no-shape-keys", ["Plain"]), ("no-arkit-keys", ["Odd"])],
)
def test_a_target_that_cannot_take_the_face_is_named(scene, code, chosen):
    plain = bpy.data.objects.new("Plain", bpy.data.meshes.new("Plain"))
    scene.collection.objects.link(plain)
    make_face("Odd", keys=["smirk"])
    objects = [bpy.data.objects[name] for name in chosen]
    with pytest.raises(FacewrightError) as caught:
        apply_track(scene, random_track(3), objects, ApplySettings(), take_name="T")
    assert caught.value.code == code
    assert all(f'"{name}"' in caught.value.message for name in chosen)
    assert not bpy.data.actions


def test_a_take_without_a_face_changes_nothing(scene):
    face = make_face()
    track = make_track(np.arange(5) / 30, valid=np.zeros(5, bool))
    with pytest.raises(FacewrightError) as caught:
        apply_track(scene, track, [face], ApplySettings(), take_name="T")
    assert caught.value.code == "no-face"
    assert face.data.shape_keys.animation_data is None
