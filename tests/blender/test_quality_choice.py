# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a frame is looked at: chosen in the panel, told with its cost, kept in the file."""

from __future__ import annotations

import bpy
import pytest
from faces import make_face
from facewright.engine.core.engines import BEST, FAST
from facewright.operators import capture
from facewright.properties.models import chosen_quality

pytestmark = pytest.mark.usefixtures("own_home")


def test_fast_unless_best_is_chosen(tmp_path):
    shot = bpy.context.scene.facewright
    assert chosen_quality(shot) == FAST
    shot.quality = "BEST"
    assert chosen_quality(shot) == BEST
    path = str(tmp_path / "file.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert chosen_quality(bpy.context.scene.facewright) == BEST


def test_an_engine_of_one_look_is_asked_for_no_more():
    shot = bpy.context.scene.facewright
    shot.quality, shot.engine = "BEST", "mediapipe-tasks"
    assert chosen_quality(shot) == FAST


@pytest.mark.parametrize(
    ("speed", "told"),
    [
        (0.0, "7 of 9 frames with a face"),
        (0.42, "7 of 9 frames with a face, 0.4 frames/s on CPU"),
        (58.7, "7 of 9 frames with a face, 59 frames/s on CPU"),
    ],
)
def test_a_slow_speed_is_not_told_as_none(speed, told):
    report = {
        "valid_frames": 7,
        "frames": 9,
        "frames_per_second": speed,
        "provider": "CPUExecutionProvider",
    }
    assert capture.FACEWRIGHT_OT_track_video.lines(None, report) == [told]


def test_the_cost_is_in_the_tooltip():
    items = bpy.context.scene.facewright.bl_rna.properties["quality"].enum_items
    assert [item.identifier for item in items] == ["FAST", "BEST"]
    assert "slower" in items["BEST"].description


def test_the_request_has_it(tmp_path):
    video = tmp_path / "clip.mp4"
    video.touch()
    shot = bpy.context.scene.facewright
    shot.video, shot.target, shot.quality = str(video), make_face(), "BEST"
    operator = type("Fake", (), {"resume": False})()
    request = capture.FACEWRIGHT_OT_track_video.request(operator, bpy.context)
    assert request.quality == BEST
