# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders for the 52 channels: they drive the keys, and captures move them."""

from __future__ import annotations

import bpy
import pytest

pytest.importorskip("facewright")

from faces import make_face, make_track
from facewright import registration
from facewright.engine.core.errors import FacewrightError
from facewright.engine.retarget.mapping import KeyDrive, Mapping, Row
from facewright.scene.apply import ApplySettings, apply_track
from facewright.scene.control_panel import (
    add_control_panel,
    find_control_panel,
    remove_control_panel,
)
from facewright.scene.mapping_store import store_mapping, stored_mapping


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
    assert value(face, "Half") == pytest.approx(0.25, abs=1e-4)
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
