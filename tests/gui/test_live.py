# SPDX-License-Identifier: GPL-3.0-or-later
"""Live capture in the real window: a clip paced as a camera, a voice paced as a microphone."""

import math
import shutil
from pathlib import Path

import pytest

from tests.gui.harness import GuiResult, run_in_window, skip_without_window
from tests.vowels import write_vowels

pytestmark = pytest.mark.gui
SCRIPTS = Path(__file__).with_name("scripts")
ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / ".cache" / "clips" / "WolfgangLanger_Pexels.mp4"
SPOKEN = ROOT.parent / "shared/data/audio/aligned/kokoro_en-us_af_bella_0.wav"


@pytest.fixture(scope="module")
def recorded(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    if not CLIP.is_file():
        pytest.skip("the clip is not here: run `python tools/fetch_clips.py`")
    workdir = tmp_path_factory.mktemp("live")
    shutil.copyfile(CLIP, workdir / "clip.mp4")
    if (ROOT / "weights/speech_live.onnx").is_file():
        if SPOKEN.is_file():
            shutil.copyfile(SPOKEN, workdir / "line.wav")
        else:
            write_vowels(workdir / "line.wav")
    return run_in_window(SCRIPTS / "live_record.py", zip_path=linux_zip, workdir=workdir)


def test_the_character_follows_and_the_panel_says_how(recorded: GuiResult) -> None:
    found = recorded.result
    assert found["started"] == ["RUNNING_MODAL"]
    assert len(found["live"]) > 5
    assert "clip.mp4, 640 x 360" in found["status"]
    assert "ms" in found["rate"] and "dropped" in found["rate"]


def test_a_calibration_becomes_the_shots_performer(recorded: GuiResult) -> None:
    found = recorded.result
    assert found["performer"].endswith(".fwperformer")
    assert found["performer_undone"] == ""
    assert found["performer_redone"] == found["performer"]


def test_a_recording_becomes_keys_at_the_playhead(recorded: GuiResult) -> None:
    found = recorded.result
    assert found["counting"]
    assert found["curves"] == 52
    first_s, last_s = found["times"]
    assert 0 <= first_s < 1.0 and last_s > 2.0
    # Whole frames from the playhead, frame 11, on, at 24 frames a second.
    assert found["first"] == math.ceil(11 + first_s * 24 - 0.02)
    assert found["last"] == math.floor(11 + last_s * 24 + 0.02)
    assert found["still_live"]


def test_one_undo_takes_the_keys_back_and_the_preview_lives_on(recorded: GuiResult) -> None:
    found = recorded.result
    assert found["curves_after_undo"] == 0 and found["curves_after_redo"] == 52
    assert found["live_after_undo"]


def test_undo_finds_the_character_as_it_was_before_the_preview(recorded: GuiResult) -> None:
    assert recorded.result["before"] == recorded.result["at_rest"] == {"mouthSmileLeft": 0.25}


def test_a_punch_in_changes_its_range_alone_and_ends_by_itself(recorded: GuiResult) -> None:
    punched = recorded.result["punched"]
    assert punched["outside_same"]
    assert punched["inside_changed"] > 0.05
    assert punched["edge"] < 1e-6
    assert punched["start"] == 14  # six frames of pre-roll
    assert not punched["still_playing"] and punched["sync_mode"] == "NONE"
    # In real time, however slowly the window draws: 34 frames and a little at 24 frames a second.
    assert 1.2 < punched["seconds"] < 4.0
    assert punched["listed"] >= 2


def test_the_character_follows_its_keys_when_the_preview_ends(recorded: GuiResult) -> None:
    found = recorded.result
    assert found["after"] == pytest.approx(found["by_curves"], abs=1e-3)
    assert not found["marked"]


@pytest.fixture
def spoken(recorded: GuiResult) -> dict:
    if "speech" not in recorded.result:
        pytest.skip("the network that hears live speech is not here")
    return recorded.result["speech"]


def test_a_voice_moves_the_mouth_and_nothing_else(spoken: dict) -> None:
    assert spoken["started"] == ["RUNNING_MODAL"]
    assert spoken["status"] == "line.wav" and "dropped" in spoken["rate"]
    assert spoken["moved_others"] == []
    assert spoken["kept"] == spoken["still_kept"] == pytest.approx([0.375, 0.1, 0.2, 0.3])
    assert spoken["delays_s"]


def test_the_amounts_of_speech_hold_while_it_is_live(spoken: dict) -> None:
    assert spoken["shut"] < 0.02 < spoken["jaw"]


def test_a_voice_is_recorded_with_its_sound_as_keys_of_the_mouth(spoken: dict) -> None:
    assert spoken["first"] >= 11
    assert spoken["jaw"] > 0.1
    assert spoken["keyed_others"] == []
    assert any(spoken["take"] in name for name in spoken["strips"])


def test_what_only_a_camera_can_do_is_refused(spoken: dict) -> None:
    assert spoken["speech"] == "LIVE"
    assert not spoken["may_calibrate"] and not spoken["may_show_cues"]
