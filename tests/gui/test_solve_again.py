# SPDX-License-Identifier: GPL-3.0-or-later
"""Solve Again and Save Performer in the window, as a person presses them."""

import shutil
from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "solve_again.py"


@pytest.fixture(scope="module")
def solved(clip, linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    workdir = tmp_path_factory.mktemp("solve")
    shutil.copyfile(clip("single_face.mp4"), workdir / "clip.mp4")
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_esc_leaves_the_take_and_the_keys_as_they_were(solved: GuiResult) -> None:
    assert solved.result["result_after_esc"] == "Cancelled; the take is as it was"
    assert solved.result["smiles_after_esc"]


def test_solving_again_writes_the_new_values(solved: GuiResult) -> None:
    assert solved.result["result"].startswith("52/52 shapes")
    assert '72 of 72 frames with a face, solved by "facewright"' in solved.result["lines"][0]
    assert solved.result["asymmetry_before"] > 0.02
    assert solved.result["asymmetry"] < 1e-5


def test_one_undo_brings_the_keys_back(solved: GuiResult) -> None:
    assert solved.result["undone"]


def test_a_profile_is_saved_beside_the_take_from_the_file_browser(solved: GuiResult) -> None:
    assert solved.result["profile"] == "clip.fwperformer"
    assert solved.result["result_after_saving"] == "Performer saved: clip.fwperformer"


def test_blender_printed_no_traceback(solved: GuiResult) -> None:
    assert "Traceback" not in solved.log, solved.log
