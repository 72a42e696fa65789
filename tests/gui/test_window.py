# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension in a real window of Blender 5.2, installed from its zip."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.gui.harness import GuiError, GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPTS = Path(__file__).with_name("scripts")


@pytest.fixture(scope="module")
def sidebar(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    return run_in_window(
        SCRIPTS / "open_sidebar.py",
        zip_path=linux_zip,
        workdir=tmp_path_factory.mktemp("window"),
    )


def test_blender_5_2_opens_a_window_with_the_extension_enabled(sidebar: GuiResult) -> None:
    assert sidebar.result["blender"][:2] == [5, 2]
    assert sidebar.result["background"] is False
    assert "bl_ext.user_default.facewright" in sidebar.result["addons"]


def test_nothing_goes_wrong_while_the_extension_is_drawn(sidebar: GuiResult) -> None:
    assert "Traceback" not in sidebar.log, sidebar.log
    assert "rna_uiItem" not in sidebar.log, sidebar.log


def test_the_sidebar_has_a_tab_that_shows_something(sidebar: GuiResult) -> None:
    assert sidebar.result["tab"] == "Facewright"
    before, after = (cv2.imread(str(path)) for path in sidebar.screenshots)
    assert before.shape == after.shape == (900, 1600, 3)
    # A blank or half-drawn screen has few brightnesses; Blender's default scene has many.
    assert len(np.unique(cv2.cvtColor(before, cv2.COLOR_BGR2GRAY))) > 64
    x, y, width, height = sidebar.result["sidebar"]
    rows = slice(900 - y - height, 900 - y)
    place = (rows, slice(x, x + width))
    assert np.mean(before[place] != after[place]) > 0.05


def test_a_script_that_fails_inside_fails_the_test_outside(linux_zip: Path, tmp_path: Path) -> None:
    skip_without_window()
    script = tmp_path / "asks_for_a_missing_tab.py"
    script.write_text("def steps(gui):\n    yield from gui.show_tab('No such tab')\n")
    with pytest.raises(GuiError, match="No such tab"):
        run_in_window(script, zip_path=linux_zip, workdir=tmp_path)
