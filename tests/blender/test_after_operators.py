# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons and the command line of what is done after the fact."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, make_face, make_track
from facewright import cli, registration
from facewright.engine.retarget.head_asset import load_asset
from facewright.scene.apply import apply_track
from facewright.scene.mapping_store import stored_mapping
from test_fit_character import make_character, viseme_keys

COUNT = 12
RAMP = np.linspace(0, 1, COUNT)


@pytest.fixture(autouse=True, scope="module")
def registered():
    """The extension, registered once for this file."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def face(scene):
    """The target of the shot, whose jaw opens over twelve frames."""
    face = make_face()
    scene.facewright.target = face
    scene.frame_start, scene.frame_end = 1, COUNT
    track = make_track(np.arange(COUNT) / 30, {"jawOpen": RAMP})
    apply_track(scene, track, [face], PLAIN_SETTINGS, take_name="one")
    return face


def jaw(face, frame):
    bpy.context.scene.frame_set(frame)
    keys = face.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return keys.key_blocks["jawOpen"].value


def test_a_strip_a_layer_and_plain_keys_by_buttons(scene, face):
    assert bpy.ops.facewright.push_face_down() == {"FINISHED"}
    assert bpy.ops.facewright.add_face_layer() == {"FINISHED"}
    keys = face.data.shape_keys
    scene.frame_set(1)
    keys.key_blocks["jawOpen"].value = 0.25
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    assert bpy.ops.facewright.bake_face(step=1) == {"FINISHED"}
    assert keys.animation_data.action.name == "Face Baked"
    assert jaw(face, 5) == pytest.approx(RAMP[4] + 0.25, abs=1e-4)
    assert bpy.ops.facewright.step_face(frames=2) == {"FINISHED"}
    assert jaw(face, 6) == pytest.approx(RAMP[4] + 0.25, abs=1e-4)
    assert bpy.ops.facewright.unstep_face() == {"FINISHED"}
    assert jaw(face, 6) == pytest.approx(RAMP[5] + 0.25, abs=1e-4)


def test_what_is_in_the_way_is_the_buttons_tooltip_or_its_error(scene, face):
    assert bpy.ops.facewright.push_face_down() == {"FINISHED"}
    with pytest.raises(RuntimeError, match="could become a strip"):
        bpy.ops.facewright.push_face_down()
    with pytest.raises(RuntimeError, match="moves no bones"):
        bpy.ops.facewright.keys_to_bones(first=1, last=3)
    assert not bpy.ops.facewright.update_result.poll()  # the shot has no take
    assert not bpy.ops.facewright.copy_face.poll()  # nothing else is selected
    scene.facewright.target = None
    for name in ("push_face_down", "add_face_layer", "bake_face", "step_face", "unstep_face"):
        assert not getattr(bpy.ops.facewright, name).poll()


def test_the_selected_characters_face_is_copied(scene, face):
    other = make_face("Other")
    scene.facewright.target = other
    for ob in (face, other):
        ob.select_set(True)
    assert bpy.ops.facewright.copy_face.poll()
    assert bpy.ops.facewright.copy_face(first=1, last=COUNT) == {"FINISHED"}
    assert jaw(other, 7) == pytest.approx(RAMP[6], abs=1e-4)


def test_a_fit_by_the_button_is_kept_on_the_character(scene):
    asset = load_asset()
    ob = make_character(asset, viseme_keys(asset))
    source = make_character(asset, asset.deltas, "Source")
    scene.facewright.target = ob
    source.select_set(True)
    assert bpy.ops.facewright.fit_mapping() == {"FINISHED"}
    assert set(stored_mapping([ob]).fit.keys) == set(viseme_keys(asset))


def test_bake_and_copy_from_the_command_line(scene, face, tmp_path):
    make_face("Other")
    blend, out, report = (tmp_path / name for name in ("in.blend", "out.blend", "report.json"))
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    files = ["--blend", str(blend), "--out", str(out), "--json", str(report)]
    assert cli.main(["copy", *files, "--from", "Face", "--object", "Other"]) == 0
    assert json.loads(report.read_text())["objects"] == ["Other"]
    assert jaw(bpy.data.objects["Other"], 7) == pytest.approx(RAMP[6], abs=1e-4)
    files = ["--blend", str(out), "--out", str(out), "--json", str(report)]
    assert cli.main(["bake", *files, "--object", "Other", "--frames", "1", "8", "--step", "2"]) == 0
    assert json.loads(report.read_text())["last_frame"] == 7
    assert jaw(bpy.data.objects["Other"], 4) == pytest.approx(RAMP[2], abs=1e-4)
    assert cli.main(["copy", *files, "--from", "Nobody", "--object", "Other"]) == 1


def test_fit_from_the_command_line(scene, tmp_path):
    asset = load_asset()
    make_character(asset, viseme_keys(asset))
    make_character(asset, asset.deltas, "Source")
    blend, out, report = (tmp_path / name for name in ("in.blend", "out.blend", "report.json"))
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    files = ["--blend", str(blend), "--out", str(out), "--json", str(report)]
    assert cli.main(["fit", *files, "--object", "Character", "--source", "Source"]) == 0
    told = json.loads(report.read_text())
    assert set(told["keys"]) == set(viseme_keys(asset))
    assert told["channels"]["jawOpen"] < 0.05
    bpy.ops.wm.open_mainfile(filepath=str(out))
    assert stored_mapping([bpy.data.objects["Character"]]).fit is not None
