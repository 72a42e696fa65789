# SPDX-License-Identifier: GPL-3.0-or-later
"""``lipsync`` on the command line: what is there is never written over, whatever the names."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from engine import lipsync_command
from engine.__main__ import main
from engine.console import result_names
from engine.core import cues as cue_files
from engine.core.cues import Cue, read_cues, write_cues
from engine.core.errors import FacewrightError
from engine.core.types import FaceTrack
from engine.pipeline import lipsync as pipeline
from engine.pipeline.lipsync import LipsyncReport
from engine.pipeline.speak import Spoken

CUES = [Cue.of_phone("sil", 0.0, 0.2), Cue.of_phone("p", 0.2, 0.3)]


@pytest.fixture
def heard(monkeypatch):
    """Sounds that were heard; every one is spoken at once, and no network is needed."""
    found = []

    def speak(request, _progress=None):
        found.append(request.sound)
        track = FaceTrack.of_weights(*_rest())
        spoken = Spoken(track, CUES, None, "sound", 0.3, "", [])
        return LipsyncReport(request.sound, take=request.take, by="sound"), spoken

    monkeypatch.setattr(pipeline, "lipsync_and_values", speak)
    return found


def _rest():
    import numpy as np

    return np.arange(3) / 60, np.zeros((3, 52), np.float32)


@pytest.fixture
def sound(tmp_path):
    (tmp_path / "a.wav").write_text("a sound")
    return tmp_path / "a.wav"


def test_results_of_one_name_do_not_meet(heard, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.wav").write_text("")
    sounds = [str(tmp_path / folder / "a.wav") for folder in ("one", "two")]
    assert main(["lipsync", *sounds, "-o", str(tmp_path / "out")]) == 0
    assert heard == sounds
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a.wav", "b.wav"], ["a", "b"]),
        (["a.wav", "a.mp3"], ["a.wav", "a.mp3"]),
        (["x/a.wav", "y/a.wav", "z/a.wav"], ["a.wav", "a.wav_002", "a.wav_003"]),
        (["A.wav", "a.WAV"], ["A.wav", "a.WAV_002"]),
        (["x/a.wav", "y/a.wav", "a.wav_002.wav"], ["a.wav", "a.wav_002", "a.wav_002_002"]),
    ],
)
def test_no_two_results_have_one_name(files, names):
    assert result_names([Path(file) for file in files]) == names


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "a.wav"],
        ["--visemes", "text.txt"],
        ["-o", "text.txt"],
        ["-o", "voice.fwvoice", "--profile", "voice.fwvoice"],
        ["-o", "out.json", "--visemes", "out.json"],
        ["--visemes", "out.json", "--json", "out.json"],
        ["-o", "out.csv", "--json", "text.txt"],
        ["-o", "out.csv", "--json", "a.wav"],
        ["-o", "out.csv", "--json", "old.fwtake"],
        ["--take", "new.fwtake", "--visemes", "new.cues.json"],
        ["--visemes", "old.cues.json"],
    ],
)
def test_nothing_that_is_read_or_belongs_to_a_take_is_written_over(
    heard, sound, tmp_path, monkeypatch, capsys, options
):
    monkeypatch.chdir(tmp_path)
    there = ("text.txt", "voice.fwvoice", "old.fwtake", "old.cues.json", "a.wav")
    for name in there:
        (tmp_path / name).write_text("there before")
    assert main(["lipsync", "a.wav", "--text-file", "text.txt", *options]) == 1
    assert "error: " in capsys.readouterr().err
    assert not heard
    assert all((tmp_path / name).read_text() == "there before" for name in there)


def test_ctrl_c_is_told_in_the_report(sound, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "lipsync_and_values", stop)
    report = tmp_path / "r.json"
    assert main(["lipsync", str(sound), "-o", str(tmp_path / "a.csv"), "--json", str(report)]) == 1
    assert json.loads(report.read_text())["state"] == "cancelled"
    assert main(["lipsync", str(tmp_path), "-o", str(tmp_path / "o"), "--json", str(report)]) == 1
    assert [row["state"] for row in json.loads(report.read_text())] == ["cancelled"]


class Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _text):
        """Nobody reads."""
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [Broken(), None], ids=["gone", "none"])
def test_a_screen_that_is_gone_stops_no_batch(heard, sound, tmp_path, monkeypatch, stream):
    (tmp_path / "b.wav").write_text("")
    monkeypatch.setattr(sys, "stdout", stream)
    report = tmp_path / "r.csv"
    assert main(["lipsync", str(tmp_path), "-o", str(tmp_path / "o"), "--json", str(report)]) == 0
    assert len(heard) == 2 and "unexpected" not in report.read_text()


def test_cues_that_cannot_be_finished_leave_the_old_ones(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_cues(path, CUES)

    def full(self, text, **_options):
        with self.open("w") as file:
            file.write(text[:10])
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(cue_files.Path, "write_text", full)
    with pytest.raises(FacewrightError, match="No space left"):
        write_cues(path, CUES[:1])
    assert read_cues(path) == CUES
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_csv_report_replaces_the_old_one_only_when_it_is_whole(tmp_path):
    path = tmp_path / "r.csv"
    lipsync_command._write_report(str(path), [{"sound": "a", "notes": ["b", "c"]}])
    assert path.read_text().splitlines() == ["sound,notes", "a,b c"]
    with pytest.raises(TypeError):
        lipsync_command._write_report(str(path), [{"notes": [1]}])
    assert "b c" in path.read_text()


def test_a_text_where_its_file_should_be_is_told(sound, tmp_path, capsys):
    words = ["lipsync", str(sound), "-o", str(tmp_path / "a.csv"), "--text-file", "word " * 100]
    assert main(words) == 1
    assert "error: The text word word" in capsys.readouterr().err
