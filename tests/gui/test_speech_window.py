# SPDX-License-Identifier: GPL-3.0-or-later
"""Lip-Sync in the window: a strip is spoken, a cue is moved, the curves follow, and undo."""

import shutil
import wave
from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("scripts") / "speak.py"
ROOT = Path(__file__).resolve().parents[2]
TIMES = 400  # some eighteen minutes
SPOKEN = ROOT.parent / "shared/data/audio/aligned/kokoro_en-us_af_bella_0.wav"


@pytest.fixture(scope="module")
def said(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    if not SPOKEN.is_file():
        pytest.skip("no spoken recording is here")
    if not (ROOT / "weights/speech.onnx").is_file():
        pytest.skip("the network that hears speech is not here")
    workdir = tmp_path_factory.mktemp("speech")
    shutil.copyfile(SPOKEN, workdir / "line.wav")
    with wave.open(str(SPOKEN)) as line, wave.open(str(workdir / "speech.wav"), "wb") as speech:
        speech.setparams(line.getparams())
        speech.writeframes(line.readframes(line.getnframes()) * TIMES)
    return run_in_window(SCRIPT, zip_path=linux_zip, workdir=workdir)


def test_esc_leaves_the_character_as_it_was(said: GuiResult) -> None:
    assert said.result["after_esc"] == "Cancelled; the character is as it was"
    assert said.result["keys_after_esc"] == 0


def test_the_mouth_lies_under_the_strip(said: GuiResult) -> None:
    found = said.result
    first, end = found["strip"]
    assert found["frames"][0] == first and 0 <= found["frames"][1] - end < 15
    assert (found["strips"], found["takes"]) == (1, 1)


def test_a_moved_cue_is_followed_there_alone_and_undone(said: GuiResult) -> None:
    found = said.result
    assert {"PP", "sil"} <= set(found["markers"])
    low, high = found["changed_near"]
    assert -40 < low < 0 <= high < 40
    assert found["frames_kept"] and found["undone"] and found["redone"]
    assert found["markers_left"] == 0


def test_blender_printed_no_traceback(said: GuiResult) -> None:
    assert "Traceback" not in said.log, said.log
