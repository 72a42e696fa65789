# SPDX-License-Identifier: GPL-3.0-or-later
"""The confidence of a take in the window: shown, marked, taken back."""

import shutil
from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "mark_doubt.py"


@pytest.fixture(scope="module")
def marked(clip, linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    workdir = tmp_path_factory.mktemp("doubt")
    shutil.copyfile(clip("single_face.mp4"), workdir / "clip.mp4")
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_tracking_fills_the_panel(marked: GuiResult) -> None:
    assert marked.result["take"] == "clip"
    assert marked.result["regions"] == [
        "Brows",
        "Eyelids",
        "Gaze",
        "Cheeks",
        "Jaw",
        "Mouth",
        "Tongue",
    ]


def test_a_take_in_doubt_gets_markers_and_one_undo_takes_them_away(marked: GuiResult) -> None:
    assert marked.result["marked"]
    assert all(name.startswith("Check: ") for _, name in marked.result["marked"])
    assert marked.result["undone"] == []
    assert "Traceback" not in marked.log
