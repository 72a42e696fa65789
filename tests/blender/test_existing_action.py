# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist made before is never lost, and only changed where asked."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright.scene import keyframes
from facewright.scene.apply import apply_track

JAW = ('key_blocks["jawOpen"].value', 0)
SMIRK = ('key_blocks["smirk"].value', 0)


def _face_with_animation():
    """A face whose jaw and own key are animated by hand on frames 1, 12, 15 and 40."""
    face = make_face(keys=["jawOpen", "mouthPucker"], extra=["smirk"])
    keys = face.data.shape_keys
    for name in ("jawOpen", "smirk"):
        for frame, value in ((1, 0.1), (12, 0.2), (15, 0.3), (40, 0.4)):
            keys.key_blocks[name].value = value
            keys.key_blocks[name].keyframe_insert("value", frame=frame)
    for curve in keyframes.current_curves(keys):
        point = curve.keyframe_points[3]
        point.handle_left_type = point.handle_right_type = "FREE"
        point.handle_left = (37.5, 0.7)
        point.interpolation = "BACK"
        point.type = "EXTREME"
    return face, keys


def _track():
    """0.5 on frames 11..20 when it starts on frame 11."""
    return make_track(np.arange(10) / 30, {"jawOpen": 0.5, "mouthPucker": 0.25})


def _snapshot(action, keys):
    bag = keyframes.current_curves(keys)
    assert keyframes.current_action(keys) == action
    return {curve.data_path: keyframes.read_keys(curve) for curve in bag}


def test_a_new_action_leaves_the_old_one_in_the_file_untouched(scene):
    face, keys = _face_with_animation()
    old = keyframes.current_action(keys)
    before = _snapshot(old, keys)
    settings = replace(PLAIN_SETTINGS, start_frame=11)
    report = apply_track(scene, _track(), [face], settings, take_name="Take 1")
    new = keyframes.current_action(keys)
    assert new != old
    assert report.actions == ["Take 1"] == [new.name]
    assert report.kept_actions == [old.name]
    assert old.use_fake_user
    np.testing.assert_array_equal(curve_keys(keys)[JAW][:, 0], np.arange(11, 21))
    if keyframes.has_slots():
        keyframes.assign(keys, old, old.slots[0])
    else:
        keyframes.assign(keys, old, None)
    after = _snapshot(old, keys)
    for path, fields in before.items():
        for name, values in fields.items():
            np.testing.assert_array_equal(after[path][name], values, err_msg=f"{path} {name}")


def test_channels_that_are_not_the_takes_go_on_playing_in_the_new_action(scene):
    face, keys = _face_with_animation()
    old = keyframes.current_action(keys)
    report = apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name="Take 1")
    assert keyframes.current_action(keys) != old
    np.testing.assert_array_equal(curve_keys(keys)[SMIRK][:, 0], [1, 12, 15, 40])
    assert len(curve_keys(keys)) == 3
    assert any("copied" in warning for warning in report.warnings)


def test_merging_replaces_keys_inside_the_recorded_frames_alone(scene):
    face, keys = _face_with_animation()
    old = keyframes.current_action(keys)
    before = _snapshot(old, keys)
    settings = replace(PLAIN_SETTINGS, start_frame=11, onto_existing=True)
    report = apply_track(scene, _track(), [face], settings, take_name="Take 1")
    assert keyframes.current_action(keys) == old
    assert report.actions == [old.name]
    assert not report.kept_actions
    assert len(bpy.data.actions) == 1
    jaw = curve_keys(keys)[JAW]
    np.testing.assert_array_equal(jaw[:, 0], [1, *range(11, 21), 40])
    np.testing.assert_allclose(jaw[:, 1], [0.1, *[0.5] * 10, 0.4], atol=1e-6)
    after = _snapshot(old, keys)
    for name, values in before['key_blocks["jawOpen"].value'].items():
        # The key on frame 40 keeps its type, interpolation and hand-placed handle.
        if name != "handle_right":
            np.testing.assert_array_equal(
                after['key_blocks["jawOpen"].value'][name][-1], values[-1], err_msg=name
            )
    for name, values in before['key_blocks["smirk"].value'].items():
        np.testing.assert_array_equal(after['key_blocks["smirk"].value'][name], values)
    np.testing.assert_array_equal(
        curve_keys(keys)[('key_blocks["mouthPucker"].value', 0)][:, 0], np.arange(11, 21)
    )


def test_merging_onto_nothing_makes_a_new_action(scene):
    face = make_face(keys=["jawOpen"])
    settings = replace(PLAIN_SETTINGS, onto_existing=True)
    report = apply_track(scene, _track(), [face], settings, take_name="Take 1")
    assert report.actions == ["Take 1"]
    assert len(curve_keys(face.data.shape_keys)[JAW]) == 10


def test_a_curve_that_is_locked_stays_as_it_is_when_merging(scene):
    face, keys = _face_with_animation()
    keyframes.current_curves(keys)[0].lock = True
    before = curve_keys(keys)[JAW]
    settings = replace(PLAIN_SETTINGS, start_frame=11, onto_existing=True)
    report = apply_track(scene, _track(), [face], settings, take_name="Take 1")
    np.testing.assert_array_equal(curve_keys(keys)[JAW], before)
    status = {entry.arkit: entry.status for entry in report.entries}
    assert (status["jawOpen"], status["mouthPucker"]) == ("locked", "mapped")


def test_a_second_take_replaces_the_first_ones_channels_and_keeps_its_action(scene):
    face = make_face()
    for name in ("Take 1", "Take 2"):
        report = apply_track(scene, _track(), [face], PLAIN_SETTINGS, take_name=name)
    assert sorted(action.name for action in bpy.data.actions) == ["Take 1", "Take 2"]
    assert report.kept_actions == ["Take 1"]
    assert not report.warnings
