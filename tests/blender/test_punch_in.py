# SPDX-License-Identifier: GPL-3.0-or-later
"""A retake over a few frames: what was there before goes on around it without a jump."""

from __future__ import annotations

from dataclasses import replace
from math import radians

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright.engine.core.errors import FacewrightError
from facewright.scene import action_writer, keyframes
from facewright.scene.apply import apply_track
from facewright.scene.pose_channels import PoseSettings
from test_comping import assert_same, path, snapshot

JAW, SMIRK = path("jawOpen"), path("smirk")
# Frames 1 to 40.
TIME = np.arange(40) / 30
RETAKE = make_track(TIME, {"jawOpen": 0.8})


def punch(first=11, last=20, ease=4.0, **changes):
    span = (float(first), float(last))
    return replace(PLAIN_SETTINGS, onto_existing=True, span=span, ease_frames=ease, **changes)


def hand_animated(interpolation="BEZIER", handles="AUTO_CLAMPED", frames=(1, 9, 24, 30, 40)):
    """A face whose jaw was animated by hand, and its curve."""
    face = make_face(keys=["jawOpen"], extra=["smirk"])
    keys = face.data.shape_keys
    for name in ("jawOpen", "smirk"):
        for frame, value in zip(frames, (0.1, 0.5, 0.2, 0.9, 0.4), strict=False):
            keys.key_blocks[name].value = value
            keys.key_blocks[name].keyframe_insert("value", frame=frame)
    for curve in keyframes.current_curves(keys):
        for point in curve.keyframe_points:
            point.interpolation = interpolation
            point.handle_left_type = point.handle_right_type = handles
        curve.update()
    return face


def jaw_curve(face):
    curves = keyframes.current_curves(face.data.shape_keys)
    return next(curve for curve in curves if curve.data_path == JAW[0])


def shape(curve, frames):
    return np.array([curve.evaluate(float(frame)) for frame in frames])


OUTSIDE = np.concatenate((np.linspace(-5, 11, 161), np.linspace(20, 50, 301)))


def test_keys_inside_are_the_takes_and_eased_at_the_edges(scene):
    face = make_face(keys=["jawOpen"])
    old = make_track(TIME, {"jawOpen": 0.2})
    apply_track(scene, old, [face], PLAIN_SETTINGS, take_name="one")
    before = snapshot(face.data.shape_keys)
    report = apply_track(scene, RETAKE, [face], punch(), take_name="two")
    after = snapshot(face.data.shape_keys)
    jaw = after[JAW]["co"]
    np.testing.assert_array_equal(jaw[:, 0], np.arange(1, 41))
    # A smoothstep at quarters of 0.6 on 0.2.
    rise = [0.2, 0.2 + 0.6 * 0.15625, 0.5, 0.2 + 0.6 * 0.84375]
    np.testing.assert_allclose(jaw[10:20, 1], [*rise, 0.8, 0.8, *rise[::-1]], atol=1e-6)
    assert (report.first_frame, report.last_frame, report.frames, report.keys) == (11, 20, 10, 10)
    for name, values in before[JAW].items():
        np.testing.assert_array_equal(after[JAW][name][:10], values[:10], err_msg=name)
        np.testing.assert_array_equal(after[JAW][name][20:], values[20:], err_msg=name)
    # The edges' values are the old ones, bit for bit.
    np.testing.assert_array_equal(jaw[[10, 19]], before[JAW]["co"][[10, 19]])


@pytest.mark.parametrize("handles", ["AUTO_CLAMPED", "AUTO", "ALIGNED", "VECTOR", "FREE"])
@pytest.mark.parametrize("interpolation", ["BEZIER", "LINEAR", "CONSTANT"])
@pytest.mark.parametrize("ease", [0.0, 4.0])
def test_a_curve_made_by_hand_keeps_its_shape_outside(scene, interpolation, handles, ease):
    face = hand_animated(interpolation, handles)
    before = shape(jaw_curve(face), OUTSIDE)
    keys_before = curve_keys(face.data.shape_keys)[JAW]
    apply_track(scene, RETAKE, [face], punch(ease=ease), take_name="two")
    curve = jaw_curve(face)
    np.testing.assert_allclose(shape(curve, OUTSIDE), before, atol=2e-6)
    curve.update()  # what an edit by hand sets off
    np.testing.assert_allclose(shape(curve, OUTSIDE), before, atol=2e-6)
    jaw = curve_keys(face.data.shape_keys)[JAW]
    np.testing.assert_array_equal(jaw[:, 0], [1, 9, *range(11, 21), 24, 30, 40])
    np.testing.assert_array_equal(jaw[[0, 1, -3, -2, -1]], keys_before)
    np.testing.assert_allclose(jaw[6:8, 1], 0.8, atol=1e-6)


@pytest.mark.parametrize("frames", [(1, 40), (12, 15), (1, 5), (25, 40), (11, 20), (1, 11)])
@pytest.mark.parametrize("interpolation", ["LINEAR", "BEZIER"])
def test_wherever_the_keys_lie_the_curve_stays_outside(scene, frames, interpolation):
    face = hand_animated(frames=frames)
    before = shape(jaw_curve(face), OUTSIDE)
    settings = punch(interpolation=interpolation)
    apply_track(scene, RETAKE, [face], settings, take_name="two")
    np.testing.assert_allclose(shape(jaw_curve(face), OUTSIDE), before, atol=2e-6)
    jaw = curve_keys(face.data.shape_keys)[JAW]
    outside = [frame for frame in frames if not 11 <= frame <= 20]
    assert sorted({*outside, *range(11, 21)}) == jaw[:, 0].tolist()


def test_hand_placed_handles_and_easings_outside_stay(scene):
    face = hand_animated()
    for point in jaw_curve(face).keyframe_points:
        point.handle_left_type = point.handle_right_type = "FREE"
        point.handle_left.y += 0.1
        point.type = "EXTREME"
    jaw_curve(face).keyframe_points[3].interpolation = "BACK"
    before = keyframes.read_keys(jaw_curve(face))
    apply_track(scene, RETAKE, [face], punch(), take_name="two")
    after = keyframes.read_keys(jaw_curve(face))
    outside = [0, 1, -3, -2, -1]
    for name, values in before.items():
        kept, was = after[name][outside].copy(), values.copy()
        if name == "handle_right":  # that of frame 9 looks towards the cut
            kept[1] = was[1]
        if name == "handle_left":  # and that of frame 24
            kept[2] = was[2]
        np.testing.assert_array_equal(kept, was, err_msg=name)


def test_a_channel_that_is_not_the_takes_keeps_every_key(scene):
    face = hand_animated()
    before = snapshot(face.data.shape_keys)
    apply_track(scene, RETAKE, [face], punch(), take_name="two")
    assert_same(before, snapshot(face.data.shape_keys), [SMIRK])


def test_a_key_without_a_curve_eases_from_and_to_its_own_value(scene):
    face = make_face(keys=["jawOpen", "mouthPucker"])
    apply_track(
        scene,
        make_track(TIME),
        [face],
        replace(PLAIN_SETTINGS, regions=frozenset({"jaw"})),
        take_name="one",
    )
    face.data.shape_keys.key_blocks["mouthPucker"].value = 0.3
    retake = make_track(TIME, {"mouthPucker": 0.7})
    apply_track(scene, retake, [face], punch(11, 13, 1), take_name="two")
    pucker = curve_keys(face.data.shape_keys)[path("mouthPucker")]
    np.testing.assert_allclose(pucker, [(11, 0.3), (12, 0.7), (13, 0.3)], atol=1e-6)


def test_without_an_action_a_span_is_written_as_it_is(scene):
    face = make_face(keys=["jawOpen"])
    report = apply_track(scene, RETAKE, [face], punch(11, 13), take_name="two")
    jaw = curve_keys(face.data.shape_keys)[JAW]
    np.testing.assert_allclose(jaw, [(11, 0.8), (12, 0.8), (13, 0.8)], atol=1e-6)
    assert report.actions == ["two"]


def test_a_span_into_a_new_action_leaves_the_old_one(scene):
    face = hand_animated()
    old = keyframes.current_action(face.data.shape_keys)
    before = snapshot(face.data.shape_keys)
    settings = replace(punch(11, 13), onto_existing=False)
    apply_track(scene, RETAKE, [face], settings, take_name="two")
    assert keyframes.current_action(face.data.shape_keys) != old
    np.testing.assert_array_equal(curve_keys(face.data.shape_keys)[JAW][:, 0], [11, 12, 13])
    keyframes.assign(face.data.shape_keys, old, old.slots[0] if keyframes.has_slots() else None)
    assert_same(before, snapshot(face.data.shape_keys), before)


def test_only_the_frames_of_the_take_within_the_span_change(scene):
    face = make_face(keys=["jawOpen"])
    apply_track(scene, make_track(TIME), [face], PLAIN_SETTINGS, take_name="one")
    # The retake covers frames 15 to 24, the span 11 to 20: 15 to 20 remain.
    retake = make_track(TIME[:10], {"jawOpen": 0.8})
    apply_track(scene, retake, [face], punch(ease=1, start_frame=15), take_name="two")
    jaw = curve_keys(face.data.shape_keys)[JAW]
    np.testing.assert_array_equal(jaw[:, 0], np.arange(1, 41))
    np.testing.assert_array_equal(np.flatnonzero(jaw[:, 1]) + 1, [16, 17, 18, 19])


def test_thinned_keys_keep_the_edges(scene):
    face = hand_animated("LINEAR")
    before = shape(jaw_curve(face), OUTSIDE)
    apply_track(scene, RETAKE, [face], punch(reduce_weight=0.05), take_name="two")
    jaw = curve_keys(face.data.shape_keys)[JAW]
    assert {11, 20} <= set(jaw[:, 0])
    assert len(jaw) < 15
    np.testing.assert_allclose(shape(jaw_curve(face), OUTSIDE), before, atol=2e-6)


def test_modifiers_are_not_baked_into_the_keys(scene):
    face = hand_animated("LINEAR", frames=(1, 40))
    modifier = jaw_curve(face).modifiers.new("GENERATOR")
    modifier.use_additive = True
    modifier.coefficients = (0.25, 0)
    apply_track(scene, RETAKE, [face], punch(), take_name="two")
    jaw = dict(curve_keys(face.data.shape_keys)[JAW].tolist())
    # From 0.1 on frame 1 to 0.5 on frame 40.
    assert jaw[11] == pytest.approx(0.1 + 0.4 * 10 / 39, abs=1e-6)
    assert not modifier.mute


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_a_head_written_in_other_numbers_is_met_the_short_way(scene, mode):
    head = bpy.data.objects.new("Head", None)
    scene.collection.objects.link(head)
    head.rotation_mode = mode
    face = make_face(keys=["jawOpen"])
    pose = PoseSettings(head_object="Head")
    settings = replace(PLAIN_SETTINGS, pose=pose)
    angles = np.tile([0.0, 0.0, 20.0], (40, 1))
    apply_track(scene, make_track(TIME, head_deg=angles), [face], settings, take_name="one")
    # The same pose in other numbers: the other sign, one turn more.
    for curve in keyframes.current_curves(head):
        for point in curve.keyframe_points:
            if mode == "XYZ":
                point.co.y += 2 * np.pi
            else:
                point.co.y *= -1
        curve.update()
    settings = replace(punch(), pose=pose)
    apply_track(scene, make_track(TIME, head_deg=angles * 1.5), [face], settings, take_name="two")
    turned = []
    for frame in np.arange(1, 41, 0.25):
        scene.frame_set(int(frame), subframe=frame % 1)
        shown = head.evaluated_get(bpy.context.evaluated_depsgraph_get())
        turned.append(shown.matrix_world.to_quaternion().angle)
    turned = np.degrees(turned)
    # Never outside the two poses, and nowhere faster than the steepest ease.
    assert turned.min() == pytest.approx(20, abs=1e-2)
    assert turned.max() == pytest.approx(30, abs=1e-2)
    assert np.abs(np.diff(turned)).max() < 10 * 0.36 * 0.25 * 1.1


def test_a_punched_in_head_meets_the_head_where_it_is(scene):
    """Each take's own middle is straight ahead; the edges meet what is there all the same."""
    head = bpy.data.objects.new("Head", None)
    scene.collection.objects.link(head)
    head.rotation_mode = "XYZ"
    face = make_face(keys=["jawOpen"])
    pose = PoseSettings(head_object="Head")
    median = replace(PLAIN_SETTINGS.filters, head_center="MEDIAN")
    sway = np.column_stack((TIME * 0, np.linspace(-10, 10, 40), TIME * 0))
    settings = replace(PLAIN_SETTINGS, pose=pose, filters=median)
    apply_track(scene, make_track(TIME, head_deg=sway), [face], settings, take_name="one")
    before = curve_keys(head)
    # Filmed 25 degrees from the side, and held still.
    still = np.tile([0.0, 25.0, 0.0], (40, 1))
    settings = replace(punch(), pose=pose, filters=median)
    apply_track(scene, make_track(TIME, head_deg=still), [face], settings, take_name="two")
    after = curve_keys(head)
    turn = ("rotation_euler", 2)
    outside = np.r_[0:11, 19:40]
    np.testing.assert_array_equal(after[turn][outside], before[turn][outside])
    np.testing.assert_allclose(after[turn][14:16, 1], 0, atol=radians(0.01))


@pytest.mark.parametrize(
    ("span", "code"),
    [((50, 60), "span-empty"), ((20, 11), "span-reversed"), ((11, 12), "span-short")],
)
def test_a_span_without_anything_to_write_changes_nothing(scene, span, code):
    face = hand_animated()
    before = snapshot(face.data.shape_keys)
    with pytest.raises(FacewrightError) as caught:
        apply_track(scene, RETAKE, [face], punch(*span), take_name="two")
    assert caught.value.code == code
    assert_same(before, snapshot(face.data.shape_keys), before)


def test_a_failed_punch_in_leaves_everything_as_it_was(scene, monkeypatch):
    face = make_face(keys=["jawOpen", "jawLeft"])
    apply_track(scene, make_track(TIME, {"jawOpen": 0.2}), [face], PLAIN_SETTINGS, take_name="one")
    before = snapshot(face.data.shape_keys)
    count = action_writer._count

    def fail(*arguments):
        count(*arguments)
        raise RuntimeError("boom")

    monkeypatch.setattr(action_writer, "_count", fail)
    with pytest.raises(RuntimeError, match="boom"):
        apply_track(scene, RETAKE, [face], punch(), take_name="two")
    after = snapshot(face.data.shape_keys)
    assert set(after) == set(before)
    assert_same(before, after, before)


def test_a_locked_curve_is_not_punched_into(scene):
    face = hand_animated()
    jaw_curve(face).lock = True
    before = snapshot(face.data.shape_keys)
    with pytest.raises(FacewrightError, match="locked"):
        apply_track(scene, RETAKE, [face], punch(), take_name="two")
    assert_same(before, snapshot(face.data.shape_keys), before)


def test_keys_at_the_clips_own_times_meet_the_curve_at_the_first_and_last_of_them(scene):
    face = hand_animated()
    before = shape(jaw_curve(face), OUTSIDE)
    source = replace(PLAIN_SETTINGS.filters, key_times="SOURCE")
    # 24 pictures a second at 30 frames a second: frames 1, 2.25, 3.5 ...
    retake = make_track(np.arange(30) / 24, {"jawOpen": 0.8})
    apply_track(scene, retake, [face], punch(filters=source), take_name="two")
    jaw = curve_keys(face.data.shape_keys)[JAW]
    np.testing.assert_allclose(jaw[2:-3, 0], np.arange(11, 20.5, 1.25), atol=1e-5)
    np.testing.assert_allclose(shape(jaw_curve(face), OUTSIDE), before, atol=2e-6)
