# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers on the timeline where the face should be checked."""

from __future__ import annotations

import json
from dataclasses import replace

import bpy
import numpy as np
import pytest
from faces import PLAIN_SETTINGS, make_face, make_track
from facewright import cli, registration
from facewright.engine.core.arkit import NAMES, region_of
from facewright.engine.core.types import Observations
from facewright.engine.takes.take_file import TakeWriter
from facewright.scene.capture import apply_take, mark_take
from facewright.scene.markers import mark_stretches, remove_markers

# 10 s at 50 frames a second.
TIME = np.arange(500) / 50


@pytest.fixture(autouse=True, scope="module")
def registered():
    """The extension, registered once for this file."""
    registration.register()
    yield
    registration.unregister()


def _names(*regions):
    return [name for name in NAMES if region_of(name) in regions]


def write_take(path, sha256="a" * 64, face=0, seconds=((2.0, 3.0, "mouth"),)):
    """A take in which every channel moves and regions are in doubt at some seconds."""
    dip = np.full((len(seconds), len(TIME)), 0.9)
    confidence = {}
    for row, (first_s, last_s, region) in zip(dip, seconds, strict=True):
        row[(first_s <= TIME) & (last_s >= TIME)] = 0.1
        for name in _names(region):
            confidence[name] = np.minimum(confidence.get(name, 1.0), row)
    jaw = 0.4 + 0.3 * np.sin(TIME)
    track = make_track(TIME, dict.fromkeys(NAMES, 0.5) | {"jawOpen": jaw}, confidence=confidence)
    observations = replace(
        Observations.empty(np.arange(len(TIME)), TIME), valid=np.ones(len(TIME), bool)
    )
    header = {
        "source": {
            "file": "clip.mp4",
            "path": "/nowhere/clip.mp4",
            "sha256": sha256,
            "rate": [50, 1],
            "has_audio": False,
        },
        "settings": {"face": face},
        "state": "complete",
    }
    with TakeWriter(path, header) as take:
        take.append(observations, track)
    return path


def markers(scene):
    return sorted((marker.frame, marker.name) for marker in scene.timeline_markers)


@pytest.mark.parametrize(
    ("fps", "fps_base", "frames"),
    [
        # 2 s and 7.5 s into a clip that starts on frame 101.
        (24, 1.0, (149, 281)),
        # 29.97: 2 s are 59.94 frames, 7.5 s are 224.78.
        (30, 1.001, (161, 326)),
    ],
)
def test_markers_stand_where_the_keys_of_those_seconds_do(scene, tmp_path, fps, fps_base, frames):
    scene.render.fps, scene.render.fps_base = fps, fps_base
    take = write_take(tmp_path / "t.fwtake", seconds=((2.0, 3.0, "mouth"), (7.5, 8.0, "brows")))
    doubt, count = mark_take(scene, take, 101, 0.5)
    assert count == 2
    assert markers(scene) == [(frames[0], "Check: mouth"), (frames[1], "Check: brows")]
    assert [(s.region, s.first_s, s.last_s) for s in doubt.stretches] == [
        ("mouth", 2.0, 3.0),
        ("brows", 7.5, 8.0),
    ]


def test_keys_and_markers_of_one_apply_agree(scene, tmp_path):
    face = make_face(keys=["jawOpen"])
    take = write_take(tmp_path / "t.fwtake")
    settings = replace(PLAIN_SETTINGS, start_frame=101)
    report = apply_take(scene, take, [face], settings)
    assert (report.markers, markers(scene)) == (0, [])
    report = apply_take(scene, take, [face], settings, mark_doubt=True)
    assert (report.markers, markers(scene)) == (1, [(161, "Check: mouth")])
    wire = json.loads(json.dumps(report.to_wire()))["doubt"]
    assert wire["confidence"]["jaw"] == 1
    assert wire["stretches"][0]["region"] == "mouth"


def test_regions_that_fall_into_doubt_together_share_a_marker(scene, tmp_path):
    seconds = ((2.0, 3.0, "mouth"), (2.2, 3.0, "jaw"), (2.5, 3.0, "cheeks"))
    mark_take(scene, write_take(tmp_path / "t.fwtake", seconds=seconds), 1, 0.5)
    assert markers(scene) == [(61, "Check: mouth, jaw"), (76, "Check: cheeks")]


def test_marking_again_replaces_our_own_markers_alone(scene, tmp_path):
    scene.timeline_markers.new("Check: hair", frame=61)
    scene.timeline_markers.new("Check: mouth", frame=62)
    mark_take(scene, write_take(tmp_path / "1.fwtake"), 1, 0.5)
    # The same clip, tracked again; it starts elsewhere now.
    again = write_take(tmp_path / "2.fwtake", seconds=((4.0, 5.0, "jaw"),))
    mark_take(scene, again, 11, 0.5)
    assert markers(scene) == [
        (61, "Check: hair"),
        (62, "Check: mouth"),
        (131, "Check: jaw"),
    ]
    assert remove_markers(scene) == 1
    assert markers(scene) == [(61, "Check: hair"), (62, "Check: mouth")]
    assert "facewright_markers" not in scene


def test_another_performers_markers_stay(scene, tmp_path):
    mark_take(scene, write_take(tmp_path / "1.fwtake"), 1, 0.5)
    mark_take(scene, write_take(tmp_path / "2.fwtake", face=1), 2, 0.5)
    mark_take(scene, write_take(tmp_path / "3.fwtake", sha256="b" * 64), 3, 0.5)
    sure = write_take(tmp_path / "4.fwtake", seconds=())
    assert mark_take(scene, sure, 1, 0.5)[1] == 0
    assert [frame for frame, _ in markers(scene)] == [62, 63]
    assert remove_markers(scene) == 2


def test_a_marker_that_was_moved_or_renamed_is_the_persons(scene, tmp_path):
    seconds = ((2.0, 3.0, "mouth"), (4.0, 5.0, "jaw"), (6.0, 7.0, "brows"))
    mark_take(scene, write_take(tmp_path / "t.fwtake", seconds=seconds), 1, 0.5)
    scene.timeline_markers["Check: mouth"].frame = 70
    scene.timeline_markers["Check: jaw"].name = "Jaw is fine"
    assert remove_markers(scene) == 1
    assert markers(scene) == [(70, "Check: mouth"), (121, "Jaw is fine")]


def test_what_is_ours_is_known_after_saving_and_loading(scene, tmp_path):
    mark_take(scene, write_take(tmp_path / "t.fwtake"), 1, 0.5)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "f.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "f.blend"))
    assert remove_markers(bpy.context.scene) == 1
    assert markers(bpy.context.scene) == []


def test_no_stretches_leave_nothing_behind(scene):
    from facewright.scene.clock import scene_clock

    assert mark_stretches(scene, [], scene_clock(scene), "a 0") == 0
    assert "facewright_markers" not in scene


def test_the_buttons_need_a_take_and_markers(scene):
    assert not bpy.ops.facewright.mark_doubt.poll()
    assert not bpy.ops.facewright.read_confidence.poll()
    assert not bpy.ops.facewright.remove_doubt_markers.poll()
    scene.facewright.take = "/nowhere.fwtake"
    with pytest.raises(RuntimeError, match=r"There is no take"):
        bpy.ops.facewright.mark_doubt()


def test_the_buttons_mark_show_and_remove(scene, tmp_path):
    shot = scene.facewright
    shot.take, shot.start_frame = str(write_take(tmp_path / "t.fwtake")), 101
    assert bpy.ops.facewright.mark_doubt() == {"FINISHED"}
    assert markers(scene) == [(161, "Check: mouth")]
    read = bpy.context.window_manager.facewright.confidence
    assert read.take == "t"
    shown = {region.name: round(region.confidence, 3) for region in read.regions}
    # 51 of 500 frames at 0.1, the others at 0.9.
    assert shown["Mouth"] == pytest.approx((51 * 0.1 + 449 * 0.9) / 500, abs=1e-3)
    assert shown["Brows"] == 1
    assert [stretch.text for stretch in read.stretches] == ["Mouth from 2.00 to 3.00 s"]
    assert bpy.ops.facewright.remove_doubt_markers() == {"FINISHED"}
    assert markers(scene) == []
    shot.doubt.threshold = 0.05
    assert bpy.ops.facewright.mark_doubt() == {"FINISHED"}
    assert markers(scene) == []
    assert len(read.stretches) == 0


def test_one_undo_step_takes_the_markers_and_their_record_back(scene, tmp_path):
    mine = write_take(tmp_path / "t.fwtake")
    bpy.ops.ed.undo_push(message="before")
    mark_take(scene, mine, 1, 0.5)
    bpy.ops.ed.undo_push(message="mark")
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert markers(scene) == []
    assert "facewright_markers" not in scene


def test_write_keys_marks_where_the_shot_says_so_and_settles_doubt(scene, tmp_path):
    make_face("Face", keys=["mouthLeft"])
    shot = scene.facewright
    shot.take = str(write_take(tmp_path / "t.fwtake"))
    shot.target = bpy.data.objects["Face"]
    shot.doubt.policy, shot.doubt.mark = "EASE", True
    assert bpy.ops.facewright.apply_take() == {"FINISHED"}
    assert markers(scene) == [(61, "Check: mouth")]
    values = []
    for frame in (31, 76):
        scene.frame_set(frame)
        values.append(shot.target.data.shape_keys.key_blocks["mouthLeft"].value)
    assert values == pytest.approx([0.5, 0.0], abs=1e-4)


def test_the_command_line_marks_and_settles(tmp_path, capfd):
    take = write_take(tmp_path / "t.fwtake")
    out, report = tmp_path / "out.blend", tmp_path / "r.json"
    words = ["apply", take, "--out", out, "--json", report, "--start-frame", 101]
    code = cli.main([str(word) for word in (*words, "--markers", "--doubt", "hold")])
    assert code == 0, capfd.readouterr().err
    bpy.ops.wm.open_mainfile(filepath=str(out))
    # The stage takes the clip's rate: 50 frames a second.
    assert markers(bpy.context.scene) == [(201, "Check: mouth")]
    told = json.loads(report.read_text())["keyframes"]
    assert told["markers"] == 1
    assert told["doubt"]["stretches"][0]["first_s"] == 2.0
