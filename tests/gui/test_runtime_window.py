# SPDX-License-Identifier: GPL-3.0-or-later
"""The GPU runtime in the window: its box, Esc during a download, a download that fails."""

from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "install_runtime.py"


@pytest.fixture(scope="module")
def seen(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    workdir = tmp_path_factory.mktemp("runtime")
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_the_button_needs_the_persons_permission(seen: GuiResult) -> None:
    assert not seen.result["poll_offline"]


def test_the_dialog_begins_nothing_without_ok(seen: GuiResult) -> None:
    assert not seen.result["running_after_no"]


def test_the_download_goes_on_when_the_preferences_are_closed(seen: GuiResult) -> None:
    assert seen.result["while_working"].endswith("MB written")
    assert seen.result["running_after_close"]


def test_esc_leaves_everything_as_it_was(seen: GuiResult) -> None:
    assert "Cancelled; nothing was changed" in seen.result["after_esc"]
    assert seen.result["left"] == []


def test_a_download_that_fails_says_why(seen: GuiResult) -> None:
    assert "failed" in seen.result["after_failure"]
    assert "could not be downloaded" in " ".join(seen.result["why"])
    assert "could not be downloaded" in " ".join(seen.result["in_the_preferences"])


def test_blender_printed_no_traceback(seen: GuiResult) -> None:
    assert "Traceback" not in seen.log, seen.log
