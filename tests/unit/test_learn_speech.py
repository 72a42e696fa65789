# SPDX-License-Identifier: GPL-3.0-or-later
"""From takes to a voice profile: sound and picture meet, nothing is lost, every end is told.

A stand-in for the network knows what is spoken in each file, and training is short.
"""

from __future__ import annotations

import json
import wave
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from spoken_takes import recording

from engine import __main__ as command_line
from engine.core.arkit import COUNT
from engine.core.errors import FacewrightError
from engine.core.progress import Progress
from engine.core.requests import LearnSpeechRequest
from engine.core.types import FaceTrack
from engine.pipeline import learn_speech as pipeline
from engine.speech.hearing import Heard
from engine.speech.performer import learning
from engine.speech.performer.lips import CHANNELS
from engine.speech.performer.training import TrainSettings
from engine.speech.performer.voice_file import read_voice
from engine.takes.take_file import TakeWriter

QUICK = TrainSettings(rounds=10, rate=0.01)
SECONDS = 80


@pytest.fixture(scope="module")
def known() -> dict:
    """What was learned from the same takes before."""
    return {}


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch, known):
    """What is spoken is told by the number in a sound's first sample."""

    def hear(_network, blocks, on_seconds) -> Heard:
        sound = np.concatenate(list(blocks))
        one = recording(len(sound) / 16000, round(float(sound[0]) * 32768))
        on_seconds(len(sound) / 16000)
        return Heard(one.log_probs, np.zeros(len(one.mel), np.float32), one.mel)

    def learn(takes, about, _settings, progress):
        key = b"".join(one.weights.tobytes() for one in takes)
        if key not in known:
            known[key] = learning.learn(takes, {}, QUICK, progress, size=(16, 16))
        return replace(known[key], profile=replace(known[key].profile, about=about))

    monkeypatch.setattr(pipeline, "hear_pieces", hear)
    monkeypatch.setattr(pipeline, "model_path", lambda _id: Path("speech.onnx"))
    monkeypatch.setattr(pipeline, "open_model", lambda *_: SimpleNamespace())
    monkeypatch.setattr(pipeline, "sha256_of", lambda _id: "0" * 64)
    monkeypatch.setattr(pipeline, "learn", learn)


def write_take(
    path: Path, seed: int, *, lips_of: int | None = None, late_s: float = 0.0, **header
) -> Path:
    """A take that was recorded live with its sound, which begins half a second later."""
    one = recording(SECONDS, seed, lips_of=lips_of, late_s=late_s)
    count = len(one.time_s)
    weights = np.zeros((count, COUNT), np.float32)
    weights[:, CHANNELS] = one.weights
    weights[7] = np.nan
    valid = np.ones(count, bool)
    valid[7] = False
    nothing = np.zeros((count, 3), np.float32)
    track = FaceTrack(
        one.time_s + 0.5,
        valid,
        np.ones(count, np.float32),
        np.ones((count, COUNT), np.float32),
        weights,
        nothing,
        nothing,
        np.zeros((count, 2, 2), np.float32),
    )
    header = {"source": {"kind": "live", "path": "", "file": "camera"}} | header
    with TakeWriter(path, {"state": "complete", "sound": {"offset_s": 0.5}} | header) as take:
        take.append_values(track)
    write_sound(path.with_suffix(".wav"), seed)
    return path


def write_sound(path: Path, seed: int) -> None:
    samples = np.zeros(SECONDS * 16000, "<i2")
    samples[0] = seed
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


@pytest.fixture
def take(tmp_path) -> Path:
    return write_take(tmp_path / "ada.fwtake", 1)


def learn(*takes: Path, voice: Path, **options) -> pipeline.LearnSpeechReport:
    request = LearnSpeechRequest(tuple(map(str, takes)), str(voice), **options)
    return pipeline.learn_speech(LearnSpeechRequest.from_wire(request.to_wire()))


def test_a_take_becomes_a_profile(take, tmp_path):
    report = learn(take, voice=tmp_path / "ada.fwvoice", name="Ada Lovelace")
    assert report.state == "complete"
    assert report.better
    assert report.voice == str(tmp_path / "ada.fwvoice")
    assert report.scores["network"]["mae"] < report.scores["general"]["mae"]
    assert "kept aside" in report.verdict
    json.dumps(vars(report), allow_nan=False)  # it goes over the wire
    about = read_voice(report.voice).about
    assert about["name"] == "Ada Lovelace"
    assert about["better"] is True
    assert about["hearing_model"] == "0" * 64
    assert about["scores"] == report.scores
    (one,) = about["recordings"]
    assert (one["name"], one["seconds"], one["late_s"]) == ("ada.fwtake", SECONDS, 0.0)
    assert len(one["sha256"]) == 64


def test_lips_of_another_sound_are_refused_and_nothing_is_written(tmp_path):
    take = write_take(tmp_path / "other.fwtake", 1, lips_of=5)
    report = learn(take, voice=tmp_path / "other.fwvoice")
    assert report.state == "refused"
    assert not report.better
    assert report.voice == ""
    assert "not better than the general model" in report.verdict
    assert not list(tmp_path.glob("*.fwvoice*"))
    report = learn(take, voice=tmp_path / "other.fwvoice", keep_anyway=True)
    assert report.state == "complete"
    assert not report.better
    assert read_voice(tmp_path / "other.fwvoice").about["better"] is False


def test_the_command(tmp_path, take, capsys):
    voice, told = tmp_path / "ada.fwvoice", tmp_path / "ada.json"
    line = ["learn-speech", str(take), "-o", str(voice), "--json", str(told)]
    assert command_line.main(line) == 0
    printed = capsys.readouterr().out
    assert "retrieval" in printed
    assert "jawOpen" in printed
    assert voice.is_file()
    assert json.loads(told.read_text())["better"] is True
    assert command_line.main(line) == 1  # it is there already
    assert "exists already" in capsys.readouterr().err
    write_take(tmp_path / "bad.fwtake", 1, lips_of=5)
    told.unlink()
    line = ["learn-speech", str(tmp_path / "bad.fwtake"), "-o", str(tmp_path / "bad.fwvoice")]
    assert command_line.main([*line, "--json", str(told)]) == 1
    assert "not better" in capsys.readouterr().err
    assert json.loads(told.read_text())["state"] == "refused"
    assert not (tmp_path / "bad.fwvoice").exists()


def test_an_existing_profile_is_refused_before_any_work(take, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "open_model", lambda *_: pytest.fail("work was begun"))
    (tmp_path / "ada.fwvoice").write_bytes(b"mine")
    with pytest.raises(FacewrightError) as caught:
        learn(take, voice=tmp_path / "ada.fwvoice")
    assert caught.value.code == "voice-exists"
    assert (tmp_path / "ada.fwvoice").read_bytes() == b"mine"


@pytest.mark.parametrize("late_s", [0.15, -0.1])
def test_a_picture_out_of_step_is_moved_to_its_sound(tmp_path, late_s):
    take = write_take(tmp_path / "late.fwtake", 3, late_s=late_s)
    progress, report = Progress(), pipeline.LearnSpeechReport()
    (late,) = pipeline.read_recordings([str(take)], report, progress)
    assert report.recordings[0]["late_s"] == pytest.approx(-late_s, abs=0.03)
    assert late.time_s[0] == pytest.approx(-late_s, abs=0.03)
    assert any("corrected" in sentence for sentence in progress.warnings)


def test_short_takes_share_their_offset(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "_LONG_S", 100)
    takes = [write_take(tmp_path / f"{n}.fwtake", n, late_s=0.15) for n in (3, 4)]
    progress, report = Progress(), pipeline.LearnSpeechReport()
    pipeline.read_recordings([str(take) for take in takes], report, progress)
    first, second = (one["late_s"] for one in report.recordings)
    assert first == second == pytest.approx(-0.15, abs=0.03)
    assert len(progress.warnings) == 1


def test_a_tracked_video_brings_its_own_sound(tmp_path):
    """The take knows its video; where that has moved, one beside the take is as good."""
    take = write_take(tmp_path / "clip.fwtake", 4, sound=None)
    take.with_suffix(".wav").rename(tmp_path / "clip.mp4.wav")
    header = {"file": "clip.mp4.wav", "path": "/gone/clip.mp4.wav"}
    with TakeWriter(take, {"source": header}, resume=True):
        pass
    report = pipeline.LearnSpeechReport()
    (one,) = pipeline.read_recordings([str(take)], report, Progress())
    # The lips of this take were half a second behind another sound.
    assert report.recordings[0]["late_s"] == pytest.approx(-0.5, abs=0.03)
    assert one.time_s[0] == pytest.approx(0, abs=0.03)
    assert len(one.time_s) == SECONDS * 30 - 1  # the frame without a face is left out
    (tmp_path / "clip.mp4.wav").unlink()
    with pytest.raises(FacewrightError) as caught:
        pipeline.read_recordings([str(take)], report, Progress())
    assert caught.value.code == "voice-no-sound"
    assert "clip.mp4.wav" in str(caught.value)


def test_a_source_that_cannot_be_read_is_left_out(take, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video")
    report, progress = pipeline.LearnSpeechReport(), Progress()
    pipeline.read_recordings([str(broken), str(take)], report, progress)
    assert [one["name"] for one in report.recordings] == [take.name]
    assert any("broken.mp4 is left out" in warning for warning in progress.warnings)
    with pytest.raises(FacewrightError, match=r"broken\.mp4"):
        pipeline.read_recordings([str(broken)], pipeline.LearnSpeechReport(), Progress())


def test_takes_of_speech_teach_nothing(tmp_path):
    take = write_take(tmp_path / "made.fwtake", 4, source={"kind": "speech", "file": "a.wav"})
    with pytest.raises(FacewrightError) as caught:
        learn(take, voice=tmp_path / "made.fwvoice")
    assert caught.value.code == "voice-made-up"
    with pytest.raises(FacewrightError) as caught:
        learn(voice=tmp_path / "made.fwvoice")
    assert caught.value.code == "voice-no-source"


def test_cancelling_writes_nothing(tmp_path):
    take = write_take(tmp_path / "ada.fwtake", 6)
    steps = []
    progress = Progress(
        lambda _done, _total, unit: steps.append(unit), is_cancelled=lambda: "steps" in steps
    )
    request = LearnSpeechRequest((str(take),), str(tmp_path / "ada.fwvoice"))
    report = pipeline.learn_speech(request, progress)
    assert report.state == "cancelled"
    assert not list(tmp_path.glob("*.fwvoice*"))
