# SPDX-License-Identifier: GPL-3.0-or-later
"""Live capture is never in the way: whatever happens in the middle of it, in the real window."""

import json
import shutil
from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "live_obstacles.py"
# Metres: what single precision makes of a point of the head.
NEAR = 1e-6


@pytest.fixture(scope="module")
def met(clip, linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    workdir = tmp_path_factory.mktemp("obstacles")
    shutil.copyfile(clip("WolfgangLanger_Pexels.mp4"), workdir / "clip.mp4")
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_undo_takes_the_artists_step_back_and_no_value_of_the_preview(met: GuiResult) -> None:
    found = met.result["undo"]
    assert (found["x"], found["x_again"]) == (0.0, 1.0)
    assert found["at_rest"]


def test_track_cannot_be_pressed_meanwhile_but_stop_can(met: GuiResult) -> None:
    assert met.result["undo"]["polls"] == [False, True]


def test_nothing_is_evaluated_while_no_values_come(met: GuiResult) -> None:
    assert met.result["silence"]["evaluated"] == []


def test_modes_and_workspaces_and_large_areas_come_and_go(met: GuiResult) -> None:
    assert met.result["other_mode"] == {"areas": 1, "elsewhere": True}


def test_a_file_saved_meanwhile_holds_the_values_from_before(met: GuiResult) -> None:
    assert met.result["save"] == {"at_rest": True, "value": 0.25, "kept": False}


def test_renders_show_the_character_as_it_is_animated(met: GuiResult) -> None:
    found = met.result["render"]
    assert found["rests"] == [True] * 6
    assert found["still"] < NEAR
    assert found["frames"] == [1, 2, 3, 4, 5]
    assert max(found["animation"]) < NEAR
    assert found["viewport"] == [False] * 5


def test_what_is_animated_can_be_watched_and_comes_back_at_the_end(met: GuiResult) -> None:
    found = met.result["playback"]
    assert set(found["smiles"]) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    assert len(found["smiles"]) > 1
    assert found["both"]
    assert found["after"] == (found["frame"] - 1) / 4


def test_a_recording_begins_on_the_playheads_frame_and_ends_with_the_timeline(
    met: GuiResult,
) -> None:
    found = met.result["playing_recording"]
    assert found["during"]
    # Frames are drawn late on a busy machine.
    assert 8 <= found["first"] <= 14
    assert found["last"] >= 35
    assert found["end"] == 40
    assert found["live"]
    assert not found["plays"]
    assert found["sync"]
    assert found["curves_after_undo"] == 0


def test_another_scene_in_the_window_does_not_end_it(met: GuiResult) -> None:
    assert met.result["other_scene"] == {
        "other": True,
        "live": True,
        "recording": False,
        "back": True,
        "at_rest": True,
    }


def test_it_ends_with_the_window_that_it_was_started_in(met: GuiResult) -> None:
    assert met.result["closed_window"] == {"gone": True, "at_rest": True, "can": True}


def test_a_killed_worker_is_told_and_a_hanging_one_given_up(met: GuiResult) -> None:
    killed = met.result["killed_worker"]
    assert "ended by signal 9" in killed["problem"]
    assert killed["at_rest"] and killed["can"]
    assert met.result["hanging_worker"] == {"still": True, "at_rest": True, "can": True}


def test_an_error_of_our_own_leaves_nothing_behind_and_nothing_else_raises(
    met: GuiResult,
) -> None:
    assert met.result["mistake"] == {"at_rest": True, "can": True}
    # Blender prints it, and again as the operator's report.
    mistakes = met.log.count("RuntimeError: a mistake on purpose")
    assert met.log.count("Traceback") == mistakes > 0


def test_a_target_deleted_while_recording_ends_it_and_undo_brings_it_back(met: GuiResult) -> None:
    assert met.result["deleted_target"] == {
        "problem": "The target is not in the scene any more.",
        "value": 0.25,
        "take": True,
        "there": True,
        "at_rest": True,
    }


def test_a_disabled_extension_leaves_no_trace(met: GuiResult) -> None:
    assert met.result["disabled_addon"] == {
        "at_rest": True,
        "before": True,
        "after": 0,
        "can": True,
    }


def test_a_file_saved_or_lost_meanwhile_opens_as_it_was_before(met: GuiResult) -> None:
    assert met.result["other_file"] == {
        "live": False,
        "session": True,
        "at_rest": True,
        "can": True,
        "previewed": True,
        "after_crash": True,
    }


def test_quitting_in_the_middle_of_a_recording_leaves_the_take_and_no_process(
    met: GuiResult,
) -> None:
    found = met.result["quitting"]
    assert found["live"]
    take = Path(found["take"])
    assert take.is_file()
    assert json.loads((take.parents[1] / "left.json").read_text()) == []
