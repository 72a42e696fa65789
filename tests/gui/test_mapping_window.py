# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping editor in the window: matched, edited, tried out with the mouse, undone."""

from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "edit_mapping.py"


@pytest.fixture(scope="module")
def edited(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    workdir = tmp_path_factory.mktemp("mapping")
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_the_shipped_head_is_matched(edited: GuiResult) -> None:
    assert edited.result["report"] == "52 of 52 mapped"


def test_a_slider_that_is_let_go_leaves_nothing_behind(edited: GuiResult) -> None:
    found = edited.result
    # Eased and then clipped to the keys' sliders: beyond 1 none of them goes.
    assert found["tried"]["mouthSmileLeft"] == 1
    assert found["tried"]["cheekSquintLeft"] == pytest.approx(0.4, abs=0.01)
    assert found["let_go"] == found["at_rest"]
    assert found["traces"] == []


def test_an_edit_of_the_curve_is_one_step_of_undo(edited: GuiResult) -> None:
    assert edited.result["curve_changed"]
    assert edited.result["curve_kept"]
    assert edited.result["curve_undone"]


def test_trying_all_channels_out_ends_with_escape(edited: GuiResult) -> None:
    found = edited.result
    assert found["sweeping"]
    assert found["swept"] == found["at_rest"] and found["traces_after"] == []


def test_what_is_in_the_way_is_counted(edited: GuiResult) -> None:
    assert edited.result["spoiled"] == (
        "48 of 52 mapped (1 muted, 1 beyond the slider), "
        "1 driven, 1 locked, 1 approximate, 1 missing"
    )


def test_a_forgotten_mapping_comes_back_with_undo(edited: GuiResult) -> None:
    assert (edited.result["forgotten"], edited.result["unforgotten"]) == (0, 52)


def test_nothing_goes_wrong_while_it_is_drawn(edited: GuiResult) -> None:
    assert "Traceback" not in edited.log, edited.log
    assert "rna_uiItem" not in edited.log, edited.log
