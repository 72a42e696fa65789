# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes in the window: listed, compared, written in parts, punched in, undone, deleted."""

import shutil
from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "use_takes.py"


@pytest.fixture(scope="module")
def used(clip, linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    workdir = tmp_path_factory.mktemp("takes")
    shutil.copyfile(clip("single_face.mp4"), workdir / "clip.mp4")
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_tracked_takes_are_listed_and_the_new_one_selected(used: GuiResult) -> None:
    assert used.result["listed"] == ["clip_002", "clip"]
    assert used.result["selected"] == 0


def test_a_b_switches_and_one_undo_takes_it_back(used: GuiResult) -> None:
    found = used.result
    assert found["still"] == found["undone_jaw"] == 0
    assert found["other_jaw"] > 0.05


def test_a_part_and_a_punch_in_land_and_one_undo_takes_the_last_back(used: GuiResult) -> None:
    found = used.result
    assert found["jaw"] == found["jaw_after_undo"] > 0.05
    assert found["brow"] == found["brow_after_undo"] == 0
    # On the edges, frames 20 and 40, the curve is as it was.
    assert found["moved"] == [21, 39]


def test_note_star_and_delete_which_asks(used: GuiResult) -> None:
    found = used.result
    assert (found["note"], found["star"]) == ("jaw of this one", True)
    assert found["after_asking"] == 2
    assert (found["left"], found["files"]) == (["clip"], ["clip.fwtake"])
    assert "Traceback" not in used.log
