# SPDX-License-Identifier: GPL-3.0-or-later
"""Guess Landmarks, Make Shapes and Add Control Panel in the window, as a person presses them."""

from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "make_shapes.py"


@pytest.fixture(scope="module")
def made(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    workdir = tmp_path_factory.mktemp("shapes")
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_landmarks_are_shown_to_be_moved(made: GuiResult) -> None:
    assert made.result["landmarks"] >= 30
    assert "Make Shapes" in made.result["guessed"]


def test_esc_leaves_the_head_as_it_was(made: GuiResult) -> None:
    assert made.result["after_esc"] == "Cancelled; the character is as it was"
    assert made.result["keys_after_esc"] == 0


def test_the_head_gets_its_shapes_and_undo_takes_them_back(made: GuiResult) -> None:
    assert made.result["made"].startswith("52 shapes")
    assert made.result["keys"] == 53
    assert made.result["keys_after_undo"] == 0


def test_sliders_move_the_face(made: GuiResult) -> None:
    assert made.result["driven"] == pytest.approx(0.6, abs=1e-3)


def test_blender_printed_no_traceback(made: GuiResult) -> None:
    assert "Traceback" not in made.log, made.log
