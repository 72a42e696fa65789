# SPDX-License-Identifier: GPL-3.0-or-later
"""Another detector and the doctor in the window: nothing waits, and the report is copied."""

from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "ask_doctor.py"


@pytest.fixture(scope="module")
def seen(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    workdir = tmp_path_factory.mktemp("doctor")
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_a_model_is_used_after_its_licence_and_file(seen: GuiResult) -> None:
    assert seen.result["before"] == "SCRFD (needs a model)"
    assert seen.result["accepted"]
    assert seen.result["after"] == "SCRFD"
    assert seen.result["hash_is_kept"]


def test_half_a_report_is_none(seen: GuiResult) -> None:
    assert seen.result["after_esc"] == ["Cancelled; nothing was reported", ""]


def test_the_doctor_runs_beside_the_window_and_copies_its_report(seen: GuiResult) -> None:
    assert seen.result["was_running"]
    assert seen.result["ready"], seen.result["report"]
    assert seen.result["result"].startswith("Tracking can run")
    report = seen.result["report"]
    assert "in a window" in report and "started and answered" in report
    assert "scrfd" in report and "ms a picture" in report


def test_models_lie_in_the_extensions_own_folder(seen: GuiResult) -> None:
    assert ".user/" in seen.result["folder"] and "facewright" in seen.result["folder"]


def test_blender_printed_no_traceback(seen: GuiResult) -> None:
    assert "Traceback" not in seen.log, seen.log
