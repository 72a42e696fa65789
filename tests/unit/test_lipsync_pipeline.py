# SPDX-License-Identifier: GPL-3.0-or-later
"""From sound to take: cues and values at their times, nothing lost, every failure in a sentence.

A stand-in for the network hears loudness as phones, so that every cue is known beforehand.
"""

from __future__ import annotations

import argparse
import csv
import json
import wave
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine import __main__ as command_line
from engine.core.arkit import INDEX
from engine.core.cues import read_cues
from engine.core.errors import FacewrightError
from engine.core.mouth_style import MouthStyle
from engine.core.phones import INDEX as PHONE_INDEX
from engine.core.phones import PHONES
from engine.core.progress import Progress
from engine.core.requests import GestureSettings, LipsyncRequest
from engine.lipsync_options import add_lipsync_options, lipsync_request_from
from engine.pipeline import hear_file, lipsync, speak
from engine.speech.features import BANDS
from engine.speech.hearing import Heard
from engine.takes.manage import companions, delete_take, rename_take
from engine.takes.speech import cues_path
from engine.takes.take_file import read_header, read_track

# Loudness and the phone that the stand-in hears in it.
LEVELS = {"sil": 0.0, "p": 0.1, "a": 0.5, "u": 0.8}
SPOKEN = (("sil", 0.3), ("a", 0.3), ("p", 0.1), ("u", 0.3), ("a", 0.3), ("p", 0.1), ("sil", 0.3))


def stand_in(_network, sound: np.ndarray, _on_block=None) -> Heard:
    """Hears each 10 ms by their loudness."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    loud = np.abs(frames).mean(axis=1) if len(frames) else np.zeros(0)
    nearest = np.abs(loud[:, None] - np.array(list(LEVELS.values()))).argmin(axis=1)
    log_probs = np.full((len(frames), len(PHONES)), np.log(1e-4), np.float32)
    index = [PHONE_INDEX[phone] for phone in LEVELS]
    log_probs[np.arange(len(frames)), np.take(index, nearest)] = np.log(0.99)
    # Loud vowels are not what these tests are about.
    level = np.where(loud > 0.05, -20.0, -80.0).astype(np.float32)
    return Heard(log_probs, level, np.zeros((len(frames), BANDS), np.float32))


@pytest.fixture(autouse=True)
def network(monkeypatch):
    monkeypatch.setattr(speak, "model_path", lambda _id: Path("speech.onnx"))
    monkeypatch.setattr(
        speak, "open_model", lambda *_: SimpleNamespace(provider="CPUExecutionProvider")
    )
    monkeypatch.setattr(hear_file, "hear", stand_in)


def record(path: Path, spoken=SPOKEN, channels: int = 1) -> Path:
    samples = np.concatenate([np.full(round(s * 16000), LEVELS[phone]) for phone, s in spoken])
    samples[1::2] *= -1  # a sound, and no offset
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, 16000, 0, "NONE", ""))
        whole = np.repeat(samples[:, None], channels, axis=1)
        file.writeframes((whole * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def line(tmp_path) -> Path:
    return record(tmp_path / "line.wav")


def middles(spoken=SPOKEN, of="p") -> list[float]:
    ends = np.cumsum([0.0, *(s for _, s in spoken)])
    return [
        (a + b) / 2
        for (phone, _), (a, b) in zip(spoken, pairwise(ends), strict=True)
        if phone == of
    ]


def openness(track) -> np.ndarray:
    return track.weights[:, INDEX["jawOpen"]] - track.weights[:, INDEX["mouthClose"]]


def test_a_recording_becomes_a_take_with_its_cues_beside_it(line, tmp_path):
    report = lipsync.lipsync(LipsyncRequest(str(line), str(tmp_path / "line.fwtake")))
    assert (report.state, report.by, report.notes) == ("complete", "sound", [])
    assert report.sound_s == pytest.approx(1.7)
    assert report.spoken_s == pytest.approx(1.1, abs=0.05)
    header, track = read_header(report.take), read_track(report.take)
    assert report.frames == len(track) == header["source"]["frame_count"]
    assert header["source"]["kind"] == header["engine"] == "speech"
    assert (header["solver"], header["state"]) == ("none", "complete")
    assert (header["source"]["path"], header["source"]["has_audio"]) == (str(line), True)
    assert header["source"]["rate"] == [60, 1]
    assert track.valid.all()
    assert np.diff(track.time_s) == pytest.approx(1 / 60)
    cues = read_cues(report.cues_file)
    assert [cue.phone for cue in cues] == [phone for phone, _ in SPOKEN]
    assert cues[1].start == pytest.approx(0.3, abs=0.011)
    assert cues[-1].end == pytest.approx(1.7, abs=0.011)
    assert not list(tmp_path.glob("*.part"))


def test_lips_close_at_each_p_and_open_between(line):
    track = speak.speak(LipsyncRequest(str(line))).track
    nearest = [np.abs(track.time_s - t).argmin() for t in middles(of="p")]
    wide = [np.abs(track.time_s - t).argmin() for t in middles(of="a")]
    assert openness(track)[nearest].max() < 0.25 * openness(track)[wide].min()
    assert abs(openness(track)[-1]) < 0.02  # at rest after the end


def test_a_part_keeps_the_times_of_the_recording(line):
    whole = speak.speak(LipsyncRequest(str(line)))
    part = speak.speak(LipsyncRequest(str(line), start_s=0.6, end_s=1.1))
    assert part.track.time_s[0] == pytest.approx(0.6)
    assert part.sound_s == pytest.approx(0.5)
    (p,) = (cue for cue in part.cues if cue.phone == "p")
    assert (p.start, p.end) == pytest.approx((0.6, 0.7), abs=0.011)
    # On the same frames.
    assert np.isin(np.round(part.track.time_s, 6), np.round(whole.track.time_s, 6)).mean() > 0.5


def test_an_offset_moves_mouth_and_cues(line):
    usual = speak.speak(LipsyncRequest(str(line)))
    early = speak.speak(LipsyncRequest(str(line), offset_s=-0.1))
    assert [c.start for c in early.cues] == pytest.approx([c.start - 0.1 for c in usual.cues])
    assert openness(early.track)[:-6] == pytest.approx(openness(usual.track)[6:], abs=1e-4)


@pytest.mark.parametrize("rate", [24.0, 29.97, 120.0])
def test_any_rate(line, rate):
    track = speak.speak(LipsyncRequest(str(line), rate_hz=rate)).track
    assert np.diff(track.time_s) == pytest.approx(1 / rate)
    assert track.time_s[-1] >= 1.7


def test_strengths_reach_the_mouth(line):
    def jaw(**amounts):
        request = LipsyncRequest(str(line), mouth=MouthStyle(**amounts))
        return speak.speak(request).track.weights[:, INDEX["jawOpen"]]

    assert jaw(jaw=0.5).max() < 0.7 * jaw().max()
    assert jaw(viseme_strength={"aa": 0.3}).max() < jaw().max()


def test_a_header_tells_how_the_take_was_made(line, tmp_path):
    style = MouthStyle(jaw=0.5, viseme_strength={"PP": 1.2})
    request = LipsyncRequest(
        str(line), str(tmp_path / "a.fwtake"), mouth=style, emphasis=0.5, overwrite=True
    )
    lipsync.lipsync(request)
    made = read_header(request.take)["speech"]
    assert {name: made[name] for name in asdict(style)} == asdict(style)
    assert (made["emphasis"], made["by"], made["cues"]) == (0.5, "sound", "a.cues.json")
    assert not {"mouth", "sound", "take", "overwrite"} & set(made)


def test_gestures_are_added_and_the_mouth_stays(line):
    plain = speak.speak(LipsyncRequest(str(line))).track
    lively = speak.speak(LipsyncRequest(str(line), gestures=GestureSettings(on=True))).track
    assert not plain.head_deg.any()
    assert lively.head_deg.any()
    mouth = [INDEX[name] for name in INDEX if name.startswith(("jaw", "mouth", "tongue"))]
    assert np.array_equal(plain.weights[:, mouth], lively.weights[:, mouth])


@pytest.mark.parametrize("seconds", [0.004, 0.05])
def test_the_shortest_recordings(tmp_path, seconds):
    spoken = speak.speak(LipsyncRequest(str(record(tmp_path / "s.wav", (("a", seconds),)))))
    assert len(spoken.track) >= 2
    assert np.isfinite(spoken.track.weights).all()


def test_silence_leaves_the_mouth_at_rest_and_says_so(tmp_path):
    spoken = speak.speak(LipsyncRequest(str(record(tmp_path / "s.wav", (("sil", 1.0),)))))
    assert "Nobody was heard" in spoken.notes[0]
    assert np.abs(spoken.track.weights[:, INDEX["jawOpen"]]).max() < 0.02


def test_pieces_are_heard_as_the_whole(monkeypatch):
    sound = np.random.default_rng(3).uniform(-1, 1, 16000 * 9).astype(np.float32)
    seconds = []
    blocks = (sound[first : first + 20011] for first in range(0, len(sound), 20011))
    pieces = hear_file.hear_pieces(None, blocks, seconds.append)
    whole = stand_in(None, sound)
    assert np.array_equal(pieces.log_probs, whole.log_probs)
    assert len(pieces.mel) == len(whole.mel)
    assert seconds == sorted(seconds)
    assert seconds[-1] == pytest.approx(9.0)
    assert len(hear_file.hear_pieces(None, iter([]))) == 0


# Text


def test_a_text_is_followed(line, monkeypatch):
    seen = []
    monkeypatch.setattr(
        speak, "align", lambda heard, text, language: seen.append((text, language)) or []
    )
    spoken = speak.speak(LipsyncRequest(str(line), text=" apu ", language="fr"))
    assert (spoken.by, seen) == ("text", [("apu", "fr")])


def test_subtitles_of_the_part_keep_their_place_in_it(line, tmp_path, monkeypatch):
    lines = [f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nword {n}\n" for n in range(4)]
    (tmp_path / "a.srt").write_text("\n".join(lines))
    seen = []
    monkeypatch.setattr(speak, "align", lambda heard, text, _: seen.extend(text) or [])
    speak.speak(
        LipsyncRequest(str(line), text_file=str(tmp_path / "a.srt"), start_s=1.2, end_s=2.5)
    )
    assert [(block.text, block.start) for block in seen] == [
        ("word 1", 0.0),
        ("word 2", pytest.approx(0.8)),
    ]


def test_a_profile_speaks_in_the_performers_own_way(line, monkeypatch):
    class Performer:
        about: dict = {}

        def curves(self, heard, mel, times_s, *, cues, method, style, progress):
            assert len(heard) == len(mel) == 50
            assert times_s[0] == pytest.approx(0.0)
            assert (method, style.jaw) == ("retrieval", 0.5)
            return np.full((len(times_s), 52), 0.25, np.float32)

    monkeypatch.setattr(speak, "read_voice", lambda path: Performer())
    request = LipsyncRequest(
        str(line),
        profile="me.fwvoice",
        method="retrieval",
        mouth=MouthStyle(jaw=0.5),
        start_s=0.6,
        end_s=1.1,
    )
    assert (speak.speak(request).track.weights == 0.25).all()


@pytest.mark.parametrize(
    ("learned_with", "told"),
    [({}, False), ({"hearing_model": "1" * 64}, False), ({"hearing_model": "2" * 64}, True)],
)
def test_a_profile_of_another_network_is_told(line, monkeypatch, learned_with, told):
    performer = SimpleNamespace(
        about=learned_with,
        curves=lambda _heard, _mel, times_s, **_: np.zeros((len(times_s), 52), np.float32),
    )
    monkeypatch.setattr(speak, "read_voice", lambda path: performer)
    monkeypatch.setattr(speak, "sha256_of", lambda _id: "1" * 64)
    notes = speak.speak(LipsyncRequest(str(line), profile="a/me.fwvoice")).notes
    assert [note.split(" was learned with another network")[0] for note in notes] == (
        ["me.fwvoice"] if told else []
    )


def test_a_text_that_does_not_match_is_left_out_and_told(line, monkeypatch):
    def refuse(*_):
        raise FacewrightError("The text does not match.", "", "text-mismatch")

    monkeypatch.setattr(speak, "align", refuse)
    spoken = speak.speak(LipsyncRequest(str(line), text="something else"))
    assert (spoken.by, len(spoken.cues)) == ("sound", len(SPOKEN))
    assert spoken.notes == ["The text does not match. The mouth goes by the sound alone."]


def test_other_troubles_with_the_text_are_told(line, monkeypatch):
    def refuse(*_):
        raise FacewrightError("No such language.", "", "language-unknown")

    monkeypatch.setattr(speak, "align", refuse)
    with pytest.raises(FacewrightError, match="No such language"):
        speak.speak(LipsyncRequest(str(line), text="something"))


# Nothing is lost


@pytest.mark.parametrize("there", ["line.fwtake", "line.cues.json"])
def test_what_is_there_is_not_replaced_unless_asked(line, tmp_path, there):
    take = tmp_path / "line.fwtake"
    (tmp_path / there).write_text("there before")
    with pytest.raises(FacewrightError) as caught:
        lipsync.lipsync(LipsyncRequest(str(line), str(take)))
    assert caught.value.code in ("take-exists", "cues-exist")
    assert (tmp_path / there).read_text() == "there before"
    lipsync.lipsync(LipsyncRequest(str(line), str(take), overwrite=True))
    assert len(read_cues(cues_path(take))) == len(SPOKEN)


def test_a_take_that_cannot_be_finished_leaves_the_old_one(line, tmp_path, monkeypatch):
    take = tmp_path / "line.fwtake"
    lipsync.lipsync(LipsyncRequest(str(line), str(take)))
    before = take.read_bytes(), cues_path(take).read_bytes()

    def fail(*_):
        raise FacewrightError("The disk is full.", "", "disk-full")

    monkeypatch.setattr("engine.takes.speech.write_cues", fail)
    with pytest.raises(FacewrightError, match="disk is full"):
        lipsync.lipsync(LipsyncRequest(str(line), str(take), overwrite=True))
    assert (take.read_bytes(), cues_path(take).read_bytes()) == before
    assert not list(tmp_path.glob("*.part"))


def test_a_cancel_leaves_nothing(line, tmp_path):
    report = lipsync.lipsync(
        LipsyncRequest(str(line), str(tmp_path / "a.fwtake")), Progress(is_cancelled=lambda: True)
    )
    assert report.state == "cancelled"
    assert [path.name for path in tmp_path.iterdir()] == ["line.wav"]


def test_cues_go_with_their_take(line, tmp_path):
    take = tmp_path / "line.v1.fwtake"
    lipsync.lipsync(LipsyncRequest(str(line), str(take)))
    assert companions(take) == [tmp_path / "line.v1.cues.json"]
    new = rename_take(take, "other.v2")
    assert companions(new) == [tmp_path / "other.v2.cues.json"]
    assert read_header(new)["speech"]["cues"] == "other.v2.cues.json"
    delete_take(new)
    assert [path.name for path in tmp_path.iterdir()] == ["line.wav"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"mouth": MouthStyle(strength=-1.0)},
        {"mouth": MouthStyle(jaw=float("nan"))},
        {"mouth": MouthStyle(viseme_strength={"aa": 99.0})},
        {"emphasis": -1.0},
        {"rate_hz": 0.0},
        {"start_s": 1.0, "end_s": 0.5},
        {"start_s": -1.0},
    ],
)
def test_numbers_that_make_no_sense_are_refused(line, wrong):
    with pytest.raises(FacewrightError) as caught:
        speak.speak(LipsyncRequest(str(line), **wrong))
    assert caught.value.code == "bad-setting"


def test_a_request_travels_as_json():
    request = LipsyncRequest(
        "a.wav", mouth=MouthStyle(viseme_strength={"PP": 1.2}), gestures=GestureSettings(True, 5)
    )
    assert LipsyncRequest.from_wire(json.loads(json.dumps(request.to_wire()))) == request
    with pytest.raises(TypeError):
        LipsyncRequest.from_wire({"sound": "a", "unknown": 1})


# The command line


def test_the_options_are_what_is_asked():
    parser = argparse.ArgumentParser()
    add_lipsync_options(parser)
    words = "--jaw 0.5 --tongue 2 --viseme-strength aa=0.5 --emphasis 0.3 --gestures --seed 4"
    request = lipsync_request_from(parser.parse_args(words.split()), "a.wav")
    assert request.mouth == MouthStyle(jaw=0.5, tongue=2.0, viseme_strength={"aa": 0.5})
    assert (request.emphasis, request.gestures) == (0.3, GestureSettings(True, 4))
    assert lipsync_request_from(parser.parse_args([]), "a.wav") == LipsyncRequest("a.wav")


def test_one_line_to_curves_cues_and_take(line, tmp_path, capsys):
    out, names, report = tmp_path / "o.csv", tmp_path / "v.json", tmp_path / "r.json"
    words = ["lipsync", line, "-o", out, "--visemes", names, "--set", "rhubarb", "--json", report]
    assert command_line.main([*map(str, words), "--fps", "25", "--viseme-strength", "aa=0.5"]) == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[1]["time_s"]) == pytest.approx(0.04)
    assert [row["viseme"] for row in json.loads(names.read_text())] == list("XDAFDAX")
    assert json.loads(report.read_text())["by"] == "sound"
    assert "7 cues by the sound" in capsys.readouterr().out


def test_a_folder_of_lines_with_texts_and_one_bad_file(tmp_path, capsys, monkeypatch):
    lines, texts = tmp_path / "lines", tmp_path / "texts"
    lines.mkdir()
    texts.mkdir()
    record(lines / "a.wav")
    record(lines / "b.wav")
    (lines / "bad.wav").write_text("no sound at all")
    (lines / "readme.md").write_text("about these lines")
    (texts / "a.txt").write_text("apu")
    seen = []
    monkeypatch.setattr(speak, "align", lambda heard, text, _: seen.extend(text) or [])
    words = ["lipsync", lines, "--take", tmp_path / "takes", "--text-file", texts]
    report = tmp_path / "report.csv"
    assert command_line.main([*map(str, words), "--json", str(report)]) == 1
    assert [block.text for block in seen] == ["apu"]
    assert sorted(path.name for path in (tmp_path / "takes").iterdir()) == [
        "a.cues.json",
        "a.fwtake",
        "b.cues.json",
        "b.fwtake",
    ]
    with report.open(newline="", encoding="utf-8") as file:
        told = {Path(row["sound"]).name: row for row in csv.DictReader(file)}
    assert {name: row["state"] for name, row in told.items()} == {
        "a.wav": "complete",
        "b.wav": "complete",
        "bad.wav": "failed",
    }
    assert told["bad.wav"]["code"] == "not-a-sound"
    assert "no text of this name" in told["b.wav"]["notes"]
    assert "2 of 3 recordings done" in capsys.readouterr().out


def test_nothing_is_written_over_the_recording(line, capsys):
    before = line.read_bytes()
    assert command_line.main(["lipsync", str(line), "-o", str(line)]) == 1
    assert line.read_bytes() == before
    assert "is read" in capsys.readouterr().err


def test_wrong_usage(line, tmp_path):
    assert command_line.main(["lipsync", str(line)]) == 2
    several = ["lipsync", str(line), str(line), "-o", str(tmp_path / "x"), "--text", "a"]
    assert command_line.main(several) == 2
    with pytest.raises(SystemExit):
        command_line.main(["lipsync", str(line), "-o", "x.csv", "--viseme-strength", "XX=1"])


def test_an_empty_folder_is_a_failure(tmp_path, capsys):
    (tmp_path / "lines").mkdir()
    words = ["lipsync", str(tmp_path / "lines"), "-o", str(tmp_path / "out")]
    assert command_line.main(words) == 1
    assert "no recording" in capsys.readouterr().err
