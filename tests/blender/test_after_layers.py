# SPDX-License-Identifier: GPL-3.0-or-later
"""After the fact: strips of the NLA, layers of tweaks, plain keys of all, and on twos."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, curve_keys, make_face, make_track
from facewright.engine.core.errors import FacewrightError
from facewright.engine.core.progress import Cancelled, Progress
from facewright.scene import keyframes
from facewright.scene.apply import apply_track, check_target
from facewright.scene.bake import bake_face
from facewright.scene.face_blocks import animated_blocks, face_blocks
from facewright.scene.nla_layers import add_layer, push_down
from facewright.scene.pose_channels import PoseSettings
from facewright.scene.stepping import is_stepped, step_face, unstep_face

NO_POSE = PoseSettings()
KEYS = ["jawOpen", "mouthPucker", "cheekPuff"]
FRAMES = 20


def ramp(scale=1.0, **others):
    """The jaw opens from 0 to ``scale`` over frames 1 to 20."""
    jaw = scale * np.arange(FRAMES) / (FRAMES - 1)
    return make_track(np.arange(FRAMES) / 30, {"jawOpen": jaw, **others})


def jaw_at(frame, scale=1.0):
    return scale * (np.clip(frame, 1, FRAMES) - 1) / (FRAMES - 1)


def shown(face, frame, key="jawOpen"):
    """What Blender shows of a key on a frame."""
    bpy.context.scene.frame_set(frame)
    keys = face.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return keys.key_blocks[key].value


def assert_jaw(face, wanted, frames=(1, 5, 10, 15, 20)):
    for frame in frames:
        assert shown(face, frame) == pytest.approx(wanted(frame), abs=1e-4), frame


@pytest.fixture
def face(scene):
    face = make_face(keys=KEYS)
    apply_track(scene, ramp(), [face], PLAIN_SETTINGS, take_name="one")
    return face


def blocks(scene, *objects, pose=NO_POSE):
    return animated_blocks(scene, objects, pose)


def test_a_result_becomes_a_strip_and_shows_the_same(scene, face):
    data = face.data.shape_keys.animation_data
    action = data.action
    done = push_down(blocks(scene, face), "one")
    assert data.action is None and done.strips == ["one"]
    strip = data.nla_tracks["one"].strips[0]
    assert strip.action == action and (strip.frame_start, strip.frame_end) == (1, 20)
    assert (strip.blend_type, strip.extrapolation) == ("REPLACE", "HOLD")
    assert_jaw(face, jaw_at, (-5, 1, 2, 11, 19, 20, 40))
    with pytest.raises(FacewrightError) as caught:
        push_down(blocks(scene, face))
    assert caught.value.code == "nothing-to-push"


def test_keys_between_frames_keep_their_place_in_a_strip(scene):
    face = make_face(keys=KEYS)
    track = make_track((np.arange(10) + 0.4) / 30, {"jawOpen": np.arange(10) / 9})
    filters = PLAIN_SETTINGS.filters.__class__(
        smoothing={}, gap_bridge_s=0.0, head_center="NONE", key_times="SOURCE"
    )
    apply_track(scene, track, [face], PLAIN_SETTINGS.__class__(filters=filters), take_name="odd")
    before = [shown(face, frame) for frame in range(1, 13)]
    push_down(blocks(scene, face))
    assert [shown(face, frame) for frame in range(1, 13)] == pytest.approx(before, abs=1e-5)


def test_a_second_strip_lets_the_first_show_before_it(scene, face):
    push_down(blocks(scene, face))
    later = PLAIN_SETTINGS.__class__(
        filters=PLAIN_SETTINGS.filters, start_frame=31.0, place_sound=False
    )
    apply_track(scene, ramp(0.5), [face], later, take_name="two")
    push_down(blocks(scene, face))
    top = face.data.shape_keys.animation_data.nla_tracks[1].strips[0]
    assert top.extrapolation == "HOLD_FORWARD"
    assert_jaw(face, jaw_at, (1, 10, 20, 30))
    assert_jaw(face, lambda frame: jaw_at(frame - 30, 0.5), (31, 40, 50, 70))


def test_a_weakened_action_shows_the_same_as_a_strip(scene, face):
    push_down(blocks(scene, face))
    own = PLAIN_SETTINGS.__class__(filters=PLAIN_SETTINGS.filters, place_sound=False)
    apply_track(scene, make_track([0, 0.5], {"jawOpen": [0, 0]}), [face], own, take_name="own")
    face.data.shape_keys.animation_data.action_influence = 0.5
    before = [shown(face, frame) for frame in range(1, 13)]
    assert before[9] == pytest.approx(jaw_at(10) / 2, abs=1e-4)
    push_down(blocks(scene, face))
    assert [shown(face, frame) for frame in range(1, 13)] == pytest.approx(before, abs=1e-5)


def test_an_influence_that_blender_ignores_does_not_weaken_the_strip(scene, face):
    data = face.data.shape_keys.animation_data
    data.action_influence, data.action_extrapolation = 0.5, "NOTHING"
    push_down(blocks(scene, face))
    assert data.action_influence == 1
    assert_jaw(face, jaw_at, (-5, 1, 10, 20, 30))


def test_it_is_told_that_a_strip_does_not_cycle(scene, face):
    keyframes.current_curves(face.data.shape_keys)[0].modifiers.new("CYCLES")
    assert "beyond its keys" in push_down(blocks(scene, face)).warnings[0]


def test_a_layer_adds_what_is_keyed_on_it(scene, face):
    keys = face.data.shape_keys
    base = keys.animation_data.action
    done = add_layer(blocks(scene, face))
    data = keys.animation_data
    assert data.action.name == done.layer == "Face Tweaks"
    assert data.action_blend_type == "COMBINE"
    assert_jaw(face, jaw_at)
    scene.frame_set(10)
    keys.key_blocks["jawOpen"].value = jaw_at(10) + 0.25
    assert keys.key_blocks["jawOpen"].keyframe_insert("value", frame=10)
    assert_jaw(face, lambda frame: min(jaw_at(frame) + 0.25, 1.0), (1, 5, 10, 12))
    assert base.name in bpy.data.actions and len(data.nla_tracks) == 1
    # A further layer goes on top, and the first one goes on adding.
    add_layer(blocks(scene, face))
    assert data.nla_tracks[1].strips[0].blend_type == "COMBINE"
    assert_jaw(face, lambda frame: min(jaw_at(frame) + 0.25, 1.0), (1, 5, 10, 12))


def test_a_take_is_not_written_into_a_layer(scene, face):
    add_layer(blocks(scene, face))
    with pytest.raises(FacewrightError) as caught:
        apply_track(scene, ramp(), [face], PLAIN_SETTINGS, take_name="two")
    assert caught.value.code == "layer-in-use"
    with pytest.raises(FacewrightError, match="count twice"):  # and before it is tracked
        check_target(scene, [face], PLAIN_SETTINGS)
    assert_jaw(face, jaw_at)


def test_all_becomes_plain_keys_and_nothing_is_lost(scene, face):
    keys = face.data.shape_keys
    push_down(blocks(scene, face))
    add_layer(blocks(scene, face))
    scene.frame_set(10)
    keys.key_blocks["jawOpen"].value = jaw_at(10) + 0.125
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=10)
    driver = keys.key_blocks["cheekPuff"].driver_add("value")
    driver.driver.expression = "frame / 40"
    actions = set(bpy.data.actions)
    frame = scene.frame_current
    report = bake_face(scene, blocks(scene, face), 3, 12)
    assert scene.frame_current == frame
    data = keys.animation_data
    assert data.action.name == "Face Baked" and data.action_blend_type == "REPLACE"
    assert all(track.mute for track in data.nla_tracks) and driver.mute
    assert actions < set(bpy.data.actions) and all(action.users for action in actions)
    written = curve_keys(keys)
    assert set(written) == {
        (f'key_blocks["{name}"].value', 0) for name in ("jawOpen", "mouthPucker", "cheekPuff")
    }
    jaw = written[('key_blocks["jawOpen"].value', 0)]
    np.testing.assert_allclose(jaw[:, 0], np.arange(3, 13))
    np.testing.assert_allclose(jaw[:, 1], jaw_at(np.arange(3, 13)) + 0.125, atol=1e-4)
    cheek = written[('key_blocks["cheekPuff"].value', 0)]
    np.testing.assert_allclose(cheek[:, 1], np.arange(3, 13) / 40, atol=1e-5)
    assert report.keys == 30 and report.channels == 3
    assert report.muted_drivers == ['key_blocks["cheekPuff"].value']
    assert_jaw(face, lambda frame: jaw_at(frame) + 0.125, (3, 7, 12))


def test_a_bake_takes_a_solo_off_and_puts_it_back_when_it_fails(scene, face, monkeypatch):
    push_down(blocks(scene, face))
    track = face.data.shape_keys.animation_data.nla_tracks[0]
    track.is_solo = True
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr("facewright.scene.bake.write_plans", lambda *_: 1 / 0)
        bake_face(scene, blocks(scene, face), 1, FRAMES)
    assert track.is_solo and not track.mute
    bake_face(scene, blocks(scene, face), 1, FRAMES)
    assert track.mute and not track.is_solo
    curves = keyframes.current_curves(face.data.shape_keys)
    jaw = next(curve for curve in curves if "jawOpen" in curve.data_path)
    for point in jaw.keyframe_points:
        point.co.y = 0.5
    jaw.update()
    assert_jaw(face, lambda _: 0.5)


def test_a_bake_of_a_part_says_so(scene, face):
    assert "3 to 12 alone" in bake_face(scene, blocks(scene, face), 3, 12).warnings[0]
    assert not bake_face(scene, blocks(scene, face), 3, 12).warnings


def test_a_bake_takes_keys_that_only_follow_drivers(scene):
    face = make_face(keys=KEYS)
    driver = face.data.shape_keys.key_blocks["jawOpen"].driver_add("value")
    driver.driver.expression = "frame / 40"
    with pytest.raises(FacewrightError, match="not animated"):
        blocks(scene, face)
    bake_face(scene, animated_blocks(scene, [face], NO_POSE, drivers=True), 1, 20)
    assert driver.mute
    assert_jaw(face, lambda frame: frame / 40)


def test_a_bake_on_twos_holds_each_key(scene, face):
    bake_face(scene, blocks(scene, face), 1, 20, step=2)
    assert_jaw(face, lambda frame: jaw_at(1 + 2 * ((frame - 1) // 2)), range(1, 21))
    curve = keyframes.current_curves(face.data.shape_keys)[0]
    assert len(curve.keyframe_points) == 10
    assert {point.interpolation for point in curve.keyframe_points} == {"CONSTANT"}


def test_a_bake_that_is_cancelled_or_cannot_be_changes_nothing(scene, face):
    keys = face.data.shape_keys
    action = keys.animation_data.action
    with pytest.raises(Cancelled):
        bake_face(scene, blocks(scene, face), 1, 20, progress=Progress(is_cancelled=lambda: True))
    with pytest.raises(FacewrightError) as caught:
        bake_face(scene, blocks(scene, face), 20, 1)
    assert caught.value.code == "frames-empty"
    assert keys.animation_data.action == action and len(bpy.data.actions) == 1
    with pytest.raises(FacewrightError) as caught:
        animated_blocks(scene, [make_face("Other", KEYS)], NO_POSE)
    assert caught.value.code == "not-animated"


def test_on_twos_by_a_modifier_that_can_be_taken_away(scene, face):
    chosen = blocks(scene, face)
    before = curve_keys(face.data.shape_keys)
    assert not is_stepped(chosen)
    assert step_face(chosen, 2) == 3
    assert is_stepped(chosen)
    assert_jaw(face, lambda frame: jaw_at(1 + 2 * ((frame - 1) // 2)), range(1, 21))
    step_face(chosen, 4)
    assert all(len(c.modifiers) == 1 for c in keyframes.current_curves(face.data.shape_keys))
    assert_jaw(face, lambda frame: jaw_at(1 + 4 * ((frame - 1) // 4)), range(1, 21))
    step_face(chosen, 2, first=2)
    assert_jaw(face, lambda frame: jaw_at(2 * (frame // 2)), range(2, 21))
    assert unstep_face(chosen) == 3
    assert_jaw(face, jaw_at, range(1, 21))
    after = curve_keys(face.data.shape_keys)
    for path, keys in before.items():
        np.testing.assert_array_equal(after[path], keys)
    with pytest.raises(FacewrightError) as caught:
        step_face(chosen, 1)
    assert caught.value.code == "steps-few"


def test_an_artists_own_steps_stay(scene, face):
    chosen = blocks(scene, face)
    curve = keyframes.current_curves(face.data.shape_keys)[0]
    own = curve.modifiers.new("STEPPED")
    own.frame_step = 5
    assert not is_stepped(chosen)
    step_face(chosen, 2)
    assert len(curve.modifiers) == 2
    unstep_face(chosen)
    assert [modifier.frame_step for modifier in curve.modifiers] == [5]


def test_strips_are_stepped_where_no_action_is_in_use(scene, face):
    push_down(blocks(scene, face))
    assert step_face(blocks(scene, face), 2) == 3
    assert_jaw(face, lambda frame: jaw_at(1 + 2 * ((frame - 1) // 2)), range(1, 21))


def test_only_the_faces_channels_of_an_armature_are_stepped(scene, face):
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name in ("head", "arm"):
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = (0, 0, 0), (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["arm"].location = (0, 0, 0)
    rig.pose.bones["arm"].keyframe_insert("location", frame=1)
    pose = PoseSettings(head_object="Rig", head_bone="head")
    settings = PLAIN_SETTINGS.__class__(
        filters=PLAIN_SETTINGS.filters, pose=pose, place_sound=False
    )
    track = make_track(np.arange(4) / 30, {"jawOpen": [0, 1, 0, 1]}, head_deg=np.full((4, 3), 5.0))
    apply_track(scene, track, [face], settings, take_name="two")
    step_face(blocks(scene, face, pose=pose), 2)
    stepped = {curve.data_path for curve in keyframes.current_curves(rig) if len(curve.modifiers)}
    assert stepped == {'pose.bones["head"].rotation_quaternion'}


def test_a_head_in_the_nla_does_not_take_the_frame_for_its_rest(scene, face):
    pose = PoseSettings(head_object="Face")
    settings = PLAIN_SETTINGS.__class__(
        filters=PLAIN_SETTINGS.filters, pose=pose, place_sound=False
    )
    turned = make_track(np.arange(4) / 30, {"jawOpen": [0] * 4}, head_deg=[[0, 20, 0]] * 4)
    apply_track(scene, turned, [face], settings, take_name="two")
    scene.frame_set(2)
    first = tuple(face.rotation_euler)
    push_down(blocks(scene, face, pose=pose))
    scene.frame_set(2)
    apply_track(scene, turned, [face], settings, take_name="three")
    scene.frame_set(2)
    assert tuple(face.rotation_euler) == pytest.approx(first, abs=1e-5)


def test_a_tweaked_strip_is_left_alone(scene, face):
    push_down(blocks(scene, face))
    data = face.data.shape_keys.animation_data
    data.use_tweak_mode = True
    if data.use_tweak_mode:  # Blender enters it with a selected strip alone
        with pytest.raises(FacewrightError) as caught:
            bake_face(scene, face_blocks(scene, [face], NO_POSE), 1, 5)
        assert caught.value.code == "nla-tweak-mode"
