# SPDX-License-Identifier: GPL-3.0-or-later
"""A .blend file and the takes below it are moved, copied and saved elsewhere together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import bpy
import pytest
import spoken
from faces import make_face
from facewright.engine.takes.take_file import read_header
from facewright.scene import sequencer
from facewright.scene.capture import find_sound

pytestmark = pytest.mark.usefixtures("heard_speech")


@pytest.fixture
def shot(scene, tmp_path):
    """A saved shot that speaks, with its cues shown."""
    folder = tmp_path / "shot"
    (folder / "sounds").mkdir(parents=True)
    sound = spoken.write_sound(folder / "sounds" / "line.wav")
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    bpy.context.scene.facewright.target = make_face()
    speech().sound = str(sound)
    assert bpy.ops.facewright.lipsync_audio("EXEC_DEFAULT") == {"FINISHED"}
    assert bpy.ops.facewright.show_cues("EXEC_DEFAULT") == {"FINISHED"}
    speech().speakers.add().take = bpy.context.scene.facewright.take
    bpy.ops.wm.save_mainfile()
    return folder


def speech():
    return bpy.context.scene.facewright.speech


def known():
    """Every path of a take that the scene knows."""
    record = json.loads(speech().cues_record)["take"]
    return {bpy.context.scene.facewright.take, speech().speakers[0].take, record}


def move_a_cue():
    marker = next(m for m in bpy.context.scene.timeline_markers if m.name == "PP")
    marker.frame += 1
    assert bpy.ops.facewright.update_from_cues("EXEC_DEFAULT") == {"FINISHED"}


def test_an_open_file_knows_absolute_paths(shot):
    assert known() == {str(shot / "takes" / "line.fwtake")}


def test_a_shot_that_was_moved_finds_its_takes_and_its_sound(shot, tmp_path):
    moved = Path(shutil.move(shot, tmp_path / "moved"))
    bpy.ops.wm.open_mainfile(filepath=str(moved / "shot.blend"))
    take = moved / "takes" / "line.fwtake"
    assert known() == {str(take)}
    assert find_sound(take, read_header(take))[0] == moved / "sounds" / "line.wav"
    move_a_cue()
    assert bpy.ops.facewright.apply_take("EXEC_DEFAULT") == {"FINISHED"}
    if strips := sequencer.strips_in(bpy.context.scene):  # none where bpy was built without sound
        assert [sequencer.sound_path(s) for s in strips] == [str(moved / "sounds" / "line.wav")]


def test_cues_of_a_copy_leave_the_first_one_alone(shot, tmp_path):
    before = {path: path.read_bytes() for path in (shot / "takes").iterdir()}
    shutil.copytree(shot, tmp_path / "copy")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "copy" / "shot.blend"))
    move_a_cue()
    assert {path: path.read_bytes() for path in (shot / "takes").iterdir()} == before


def test_a_file_saved_elsewhere_goes_on_with_the_same_takes(shot, tmp_path):
    (tmp_path / "other").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "other" / "new.blend"))
    assert known() == {str(shot / "takes" / "line.fwtake")}
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "other" / "new.blend"))
    assert known() == {str(shot / "takes" / "line.fwtake")}
    # A folder above the takes again.
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "above.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "above.blend"))
    assert known() == {str(shot / "takes" / "line.fwtake")}


def test_a_damaged_record_of_cues_stops_no_saving(shot):
    speech().cues_record = "{"
    bpy.ops.wm.save_mainfile()
    assert speech().cues_record == "{"
