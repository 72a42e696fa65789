# SPDX-License-Identifier: GPL-3.0-or-later
"""A first-time user's way through the window: head, clip, Track, result, undo, Esc, Resume."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPTS = Path(__file__).with_name("scripts")
CLIPS = Path(__file__).resolve().parents[2] / ".cache" / "clips"
SHORT_CLIP = "carphone_pristine.mp4"  # 120 frames
LONG_CLIP = "WolfgangLanger_Pexels.mp4"  # 472 frames, with sound


def _run(script: str, clip: str, zip_path: Path, workdir: Path) -> GuiResult:
    skip_without_window()
    if not (CLIPS / clip).is_file():
        pytest.skip(f"{clip} is not here: run `python tools/fetch_clips.py`")
    shutil.copyfile(CLIPS / clip, workdir / "clip.mp4")
    return run_in_window(SCRIPTS / script, zip_path=zip_path, workdir=workdir)


@pytest.fixture(scope="module")
def captured(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    return _run("capture_clip.py", SHORT_CLIP, linux_zip, tmp_path_factory.mktemp("capture"))


@pytest.fixture(scope="module")
def interrupted(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    return _run("cancel_and_resume.py", LONG_CLIP, linux_zip, tmp_path_factory.mktemp("cancel"))


def test_track_returns_at_once_and_the_window_lives_on(captured: GuiResult) -> None:
    assert captured.result["started"] == ["RUNNING_MODAL"]


def test_a_clip_becomes_keys_on_every_shape_and_the_take_is_kept(captured: GuiResult) -> None:
    assert captured.result["curves"] == 52
    # 120 pictures of a 29.97 fps clip fill 96 frames of a 24 fps scene.
    assert captured.result["keys"] == 52 * 96
    assert captured.result["take_there"]
    assert captured.result["workers_left"] == []


def test_the_face_on_screen_follows_the_clip(captured: GuiResult) -> None:
    pictures = {path.stem: cv2.imread(str(path)) for path in captured.screenshots}
    # The middle of the 3D view, where the head is: no panels, no timeline.
    view = (slice(120, 760), slice(300, 980))
    moved = np.abs(pictures["mouth_open"][view].astype(int) - pictures["mouth_closed"][view])
    assert np.mean(moved.max(axis=2) > 20) > 0.02
    back = np.abs(pictures["undone"][view].astype(int) - pictures["ready"][view])
    assert np.mean(back.max(axis=2) > 20) < 0.001


def test_one_undo_takes_the_whole_result_back_and_nothing_else(captured: GuiResult) -> None:
    assert captured.result["curves_after_undo"] == 0
    assert captured.result["video_after_undo"]


def test_esc_stops_the_worker_and_leaves_the_character_alone(interrupted: GuiResult) -> None:
    assert "Cancelled" in interrupted.result["result_after_esc"]
    assert interrupted.result["curves_after_esc"] == 0
    assert interrupted.result["workers_after_esc"] == []


def test_resume_finishes_what_esc_stopped(interrupted: GuiResult) -> None:
    assert interrupted.result["curves_after_resume"] == 52
    assert "472 of 472" in interrupted.result["lines_after_resume"][0]


def test_opening_another_file_ends_the_worker(interrupted: GuiResult) -> None:
    assert interrupted.result["running_in_the_other_file"] is False


@pytest.mark.parametrize("run", ["captured", "interrupted"])
def test_blender_printed_no_traceback(run: str, request: pytest.FixtureRequest) -> None:
    log = request.getfixturevalue(run).log
    assert "Traceback" not in log, log


def test_disabling_the_add_on_ends_the_worker_and_not_blender(
    linux_zip: Path, tmp_path: Path
) -> None:
    ended = _run("disable_while_tracking.py", LONG_CLIP, linux_zip, tmp_path)
    assert ended.result == {
        "gone": True,
        "back": True,
        "quality": "BEST",
        "running": False,
    }
    assert "Traceback" not in ended.log, ended.log
