# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders for the 52 channels: they drive the keys, and captures move them."""

from __future__ import annotations

from dataclasses import replace

import bpy
import pytest

pytest.importorskip("facewright")

from faces import PLAIN_SETTINGS, make_face, make_track
from facewright import registration
from facewright.engine.core.arkit import INDEX, NAMES
from facewright.engine.core.errors import FacewrightError
from facewright.engine.retarget.mapping import KeyDrive, Mapping, Row
from facewright.scene.apply import ApplySettings, apply_track
from facewright.scene.control_panel import (
    add_control_panel,
    find_control_panel,
    remove_control_panel,
)
from facewright.scene.face_blocks import face_blocks
from facewright.scene.face_reader import FaceReader
from facewright.scene.mapping_store import store_mapping, stored_mapping
from facewright.scene.pose_channels import PoseSettings


@pytest.fixture(autouse=True)
def registered():
    registration.register()
    yield
    registration.unregister()


def value(face, key):
    evaluated = face.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return evaluated.key_blocks[key].value


def slide(rig, **values):
    for name, amount in values.items():
        rig.pose.bones[name].location.y = amount
    bpy.context.view_layer.update()


def test_sliders_drive_the_keys(scene):
    face = make_face(keys=["jawOpen", "mouthSmileLeft"])
    rig, warnings = add_control_panel(bpy.context, [face])
    assert not warnings
    assert sorted(rig.pose.bones.keys()) == ["jawOpen", "mouthSmileLeft"]
    slide(rig, jawOpen=0.25, mouthSmileLeft=1.5)
    assert value(face, "jawOpen") == pytest.approx(0.25, abs=1e-4)
    assert value(face, "mouthSmileLeft") == pytest.approx(1.0, abs=1e-4)  # a slider ends at 1


def test_captures_move_the_sliders(scene):
    face = make_face(keys=["jawOpen"])
    rig, _ = add_control_panel(bpy.context, [face])
    track = make_track([0.0, 0.5, 1.0], {"jawOpen": [0.0, 0.5, 1.0]})
    settings = ApplySettings()
    report = apply_track(scene, track, [face], settings, take_name="Take")
    assert rig.name in report.objects
    assert face.name not in report.objects
    scene.frame_set(int(report.last_frame))
    assert rig.pose.bones["jawOpen"].location.y == pytest.approx(1.0, abs=0.05)
    assert value(face, "jawOpen") == pytest.approx(1.0, abs=0.05)


def test_weights_and_sides_of_the_mapping_count(scene):
    face = make_face(keys=["Blink", "Half"])
    rows = {name: Row((KeyDrive("Blink"),)) for name in ("eyeBlinkLeft", "eyeBlinkRight")}
    rows["jawOpen"] = Row((KeyDrive("Half", 0.5),), gain=0.5)
    store_mapping(face, Mapping(rows, "Mine"))
    rig, _ = add_control_panel(bpy.context, [face])
    slide(rig, eyeBlinkLeft=0.75, eyeBlinkRight=0.25, jawOpen=1.0)
    assert value(face, "Blink") == pytest.approx(0.75, abs=1e-4)
    assert value(face, "Half") == pytest.approx(0.5, abs=1e-4)  # a slider is after the gain
    with pytest.raises(FacewrightError, match="already"):
        add_control_panel(bpy.context, [face])
    remove_control_panel([face])
    kept = stored_mapping([face])
    assert (kept.name, kept.rows["jawOpen"].gain) == ("Mine", 0.5)
    assert find_control_panel([face]) is None
    assert not face.data.shape_keys.animation_data.drivers
    assert "Face Controls" not in bpy.data.objects


def test_both_eyes_on_one_key_do_not_add_up(scene):
    face = make_face(keys=["LookLeft", "Lids"])
    face.data.shape_keys.key_blocks["Lids"].slider_min = -1
    rows = {name: Row((KeyDrive("LookLeft"),)) for name in ("eyeLookOutLeft", "eyeLookInRight")}
    rows |= {name: Row((KeyDrive("Lids", -1.0),)) for name in ("eyeBlinkLeft", "eyeBlinkRight")}
    store_mapping(face, Mapping(rows))
    rig, _ = add_control_panel(bpy.context, [face])
    slide(rig, eyeLookOutLeft=0.3, eyeLookInRight=0.4, eyeBlinkLeft=0.75, eyeBlinkRight=0.5)
    assert value(face, "LookLeft") == pytest.approx(0.4, abs=1e-4)
    assert value(face, "Lids") == pytest.approx(-0.75, abs=1e-4)


def test_a_driver_that_is_there_stays(scene):
    face = make_face(keys=["jawOpen", "cheekPuff"])
    own = face.data.shape_keys.key_blocks["jawOpen"].driver_add("value").driver
    own.expression = "0.375"
    _, warnings = add_control_panel(bpy.context, [face])
    assert len(warnings) == 1
    remove_control_panel([face])
    (left,) = face.data.shape_keys.animation_data.drivers
    assert left.driver.expression == "0.375"


def test_without_channels_nothing_is_made(scene):
    face = make_face(keys=["smirk"])
    with pytest.raises(FacewrightError) as caught:
        add_control_panel(bpy.context, [face])
    assert caught.value.code == "no-arkit-keys"
    assert not [ob for ob in bpy.data.objects if ob.type == "ARMATURE"]


def shown(scene, face, frame=2):
    scene.frame_set(frame)
    return value(face, "jawOpen")


@pytest.mark.parametrize(
    "row",
    [
        Row(curve=((0, 0), (0.5, 0.9), (1, 1))),
        Row(offset=0.3),
        Row(high=0.4),
        Row(invert=True),
        Row(mute=True),
        Row(gain=1.5),
    ],
)
def test_a_capture_shows_the_same_with_and_without_a_panel(scene, face_with_jaw, row):
    face = face_with_jaw
    face.data.shape_keys.key_blocks["jawOpen"].slider_max = 2.0
    store_mapping(face, Mapping({"jawOpen": replace(row, drives=(KeyDrive("jawOpen", 0.8),))}))
    track = make_track([0.0, 1 / 30, 2 / 30], {"jawOpen": [0.5, 0.5, 0.5]})
    apply_track(scene, track, [face], PLAIN_SETTINGS, take_name="Plain")
    wanted = shown(scene, face)
    face.data.shape_keys.animation_data_clear()
    add_control_panel(bpy.context, [face])
    apply_track(scene, track, [face], PLAIN_SETTINGS, take_name="Sliders")
    assert shown(scene, face) == pytest.approx(wanted, abs=1e-4)


@pytest.fixture
def face_with_jaw(scene):
    return make_face(keys=["jawOpen"])


def test_what_hides_is_told(scene, face_with_jaw):
    apply_track(
        scene, make_track([0.0, 0.1], {"jawOpen": [0, 1]}), [face_with_jaw], take_name="Old"
    )
    _, warnings = add_control_panel(bpy.context, [face_with_jaw])
    assert len(warnings) == 1
    assert '"Old"' in warnings[0]


def test_keyframes_of_the_sliders_stay_also_those_in_strips(scene, face_with_jaw):
    face = face_with_jaw
    rig, _ = add_control_panel(bpy.context, [face])
    apply_track(scene, make_track([0.0, 0.1], {"jawOpen": [0, 1]}), [face], take_name="Pushed")
    action = rig.animation_data.action
    track = rig.animation_data.nla_tracks.new()
    track.strips.new("Pushed", 1, action)
    rig.animation_data.action = None
    action.use_fake_user = False
    assert "Pushed" in remove_control_panel([face])
    assert action.use_fake_user


def test_a_soloed_channel_does_not_mute_the_others_for_good(scene):
    face = make_face(keys=["jawOpen", "cheekPuff"])
    rows = {name: Row((KeyDrive(name),)) for name in ("jawOpen", "cheekPuff")}
    store_mapping(face, Mapping(rows))
    face.facewright_mapping.solo = "jawOpen"
    add_control_panel(bpy.context, [face])
    remove_control_panel([face])
    assert not any(row.mute for row in stored_mapping([face], soloed=False).rows.values())


def test_a_panel_that_was_deleted_by_hand_is_tidied_up(scene, face_with_jaw):
    face = face_with_jaw
    rig, _ = add_control_panel(bpy.context, [face])
    bpy.data.objects.remove(rig)
    with pytest.raises(FacewrightError, match="already"):
        add_control_panel(bpy.context, [face])
    assert "gone" in remove_control_panel([face])
    assert not face.data.shape_keys.animation_data.drivers
    add_control_panel(bpy.context, [face])


def test_a_copy_of_the_character_leaves_the_panel_to_the_first(scene, face_with_jaw):
    face = face_with_jaw
    rig, _ = add_control_panel(bpy.context, [face])
    copy = face.copy()
    copy.data = face.data.copy()
    scene.collection.objects.link(copy)
    assert "stays" in remove_control_panel([copy])
    slide(rig, jawOpen=0.5)
    assert value(face, "jawOpen") == pytest.approx(0.5, abs=1e-4)
    assert not copy.data.shape_keys.animation_data.drivers


def test_a_panel_of_several_meshes_is_removed_through_any_of_them(scene):
    root = bpy.data.objects.new("Root", None)
    scene.collection.objects.link(root)
    faces = [make_face(name, keys=["jawOpen"]) for name in ("A", "B")]
    for face in faces:
        face.parent = root
    rig, _ = add_control_panel(bpy.context, [root])
    slide(rig, jawOpen=0.5)
    assert [value(face, "jawOpen") for face in faces] == pytest.approx([0.5, 0.5], abs=1e-4)
    remove_control_panel([faces[1]])
    assert not any(face.data.shape_keys.animation_data.drivers for face in faces)


def test_a_capture_on_sliders_warns_of_nothing(scene, face_with_jaw):
    add_control_panel(bpy.context, [face_with_jaw])
    track = make_track([0.0, 0.1], {"jawOpen": [0, 1]})
    report = apply_track(scene, track, [face_with_jaw], PLAIN_SETTINGS, take_name="Take")
    assert report.warnings == []


def test_a_key_of_too_many_channels_is_told(scene):
    face = make_face(keys=["All"])
    names = [name for name in NAMES if not name.endswith("Right")]
    store_mapping(face, Mapping({name: Row((KeyDrive("All", 0.123456),)) for name in names}))
    _, warnings = add_control_panel(bpy.context, [face])
    assert "too many" in warnings[0]


def test_a_character_in_an_excluded_collection(scene):
    face = make_face(keys=["jawOpen"])
    hidden = bpy.data.collections.new("Hidden")
    scene.collection.children.link(hidden)
    scene.collection.objects.unlink(face)
    hidden.objects.link(face)
    bpy.context.view_layer.layer_collection.children["Hidden"].exclude = True
    rig, _ = add_control_panel(bpy.context, [face])
    assert rig.name in scene.collection.objects


def test_a_bake_makes_keys_of_what_the_sliders_drive(scene):
    face = make_face(keys=["jawOpen", "Corrective"])
    rig, _ = add_control_panel(bpy.context, [face])
    body = make_face("Body", keys=["Elbow"])
    body.data.shape_keys.key_blocks["Elbow"].driver_add("value").driver.expression = "frame / 40"
    track = make_track([0.0, 1.0], {"jawOpen": [0.0, 1.0]})
    report = apply_track(scene, track, [face], ApplySettings(), take_name="Take")
    found = face_blocks(scene, [face, body], PoseSettings())
    assert [block.block for block in found if block.follows] == [face.data.shape_keys]
    scene.facewright.target = face
    scene.frame_start, scene.frame_end = 1, int(report.last_frame)
    assert bpy.ops.facewright.bake_face() == {"FINISHED"}
    keys = face.data.shape_keys
    assert keys.animation_data.action is not None
    assert all(driver.mute for driver in keys.animation_data.drivers)
    rig.animation_data_clear()
    scene.frame_set(int(report.last_frame))
    assert value(face, "jawOpen") == pytest.approx(1.0, abs=0.05)


def test_the_sliders_tell_the_face(scene):
    face = make_face(keys=["jawOpen", "mouthSmileLeft"])
    rig, _ = add_control_panel(bpy.context, [face])
    slide(rig, jawOpen=0.25, mouthSmileLeft=0.75)
    reader = FaceReader(scene, [face], PoseSettings())
    weights = reader.read(bpy.context.evaluated_depsgraph_get(), 0.0).weights[0]
    assert weights[INDEX["jawOpen"]] == pytest.approx(0.25, abs=1e-5)
    assert weights[INDEX["mouthSmileLeft"]] == pytest.approx(0.75, abs=1e-5)
    assert weights.sum() == pytest.approx(1.0, abs=1e-5) and not reader.unsure
