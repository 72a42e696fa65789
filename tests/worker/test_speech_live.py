# SPDX-License-Identifier: GPL-3.0-or-later
"""Live speech: sound at its due time, values with the time of their sound, recordings, gaps.

A stand-in for the network hears whatever is loud as an open vowel.
"""

from __future__ import annotations

import itertools
import time
import wave
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine import __main__ as command_line
from engine.core.arkit import INDEX
from engine.core.clock import now_s
from engine.core.errors import FacewrightError
from engine.core.live_source import is_live_sound
from engine.core.mouth_style import MouthStyle
from engine.core.phones import INDEX as PHONE_INDEX
from engine.core.phones import PHONES
from engine.core.requests import LiveRequest
from engine.pipeline import speak_live
from engine.pipeline.capture import follow
from engine.pipeline.open_capture import open_capture
from engine.pipeline.speak_live import SpeechCapture
from engine.sources.live_microphone import LiveMicrophone
from engine.sources.live_sound import SoundPacket
from engine.sources.paced_sound import PacedSound
from engine.speech import hearing
from engine.speech.live_voice import LiveVoice
from engine.takes.take_file import read_header, read_track

TONE = "mic:lavfi:sine=frequency=220:sample_rate=44100,arealtime"
WAIT_S = 120.0


class StandIn:
    """The live network's session: each answer lags by ``LIVE_DELAY`` frames."""

    def get_inputs(self):
        return [SimpleNamespace(shape=[1, 1, 1]), SimpleNamespace(shape=[1, 1, 1])]

    def run(self, _outputs, given):
        mel = given["mel"][0]
        count = len(mel) - hearing._PAST - hearing._AHEAD
        first = hearing._PAST - hearing.LIVE_DELAY
        loud = mel[first : first + count].max(axis=1) > -6
        log_probs = np.full((1, count, len(PHONES)), np.log(1e-3), np.float32)
        heard = np.where(loud, PHONE_INDEX["a"], PHONE_INDEX["sil"])
        log_probs[0, np.arange(count), heard] = np.log(0.97)
        return log_probs, given["state"]


NETWORK = SimpleNamespace(session=StandIn(), provider="CPUExecutionProvider")


@pytest.fixture(autouse=True)
def network(monkeypatch):
    monkeypatch.setattr(speak_live, "model_path", lambda _id: Path("speech_live.onnx"))
    monkeypatch.setattr(speak_live, "open_model", lambda *_: NETWORK)


@pytest.fixture
def voice(tmp_path) -> Path:
    """0.4 s of silence, 0.6 s of tone, 0.5 s of silence."""
    at = np.arange(24000) / 16000
    samples = 0.3 * np.sin(2 * np.pi * 220 * at) * ((at >= 0.4) & (at < 1.0))
    with wave.open(str(tmp_path / "voice.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return tmp_path / "voice.wav"


def fast(path: Path, **more) -> LiveRequest:
    return LiveRequest(f"file:{path}", realtime=False, **more)


def rows_of(request: LiveRequest):
    capture = SpeechCapture(request)
    frames = list(follow(capture))
    times = np.array([capture.source.clip_seconds(frame.time_s) for frame in frames])
    capture.close()
    return times, np.concatenate([frame.track.weights for frame in frames])


@pytest.mark.parametrize(
    ("spec", "is_sound"),
    [
        ("mic:", True),
        ("mic:USB", True),
        ("file:a.wav", True),
        ("C:\\voices\\a.MP3", True),
        ("file:clip.mp4", False),
        ("clip.mp4", False),
        ("webcam:0", False),
        ("udp:livelink:11111", False),
    ],
)
def test_which_sources_are_sound(spec, is_sound):
    assert is_live_sound(spec) is is_sound


def test_values_have_the_time_of_the_sound_that_they_show(voice):
    times, weights = rows_of(fast(voice))
    assert np.diff(times) == pytest.approx(0.02, abs=1e-6)
    assert times[0] == pytest.approx(0.02)
    jaw = weights[:, INDEX["jawOpen"]]
    assert jaw[times < 0.38].max() < 0.02
    assert jaw[(times > 0.6) & (times < 0.95)].min() > 0.1
    assert jaw[-1] < 0.05


def test_how_the_sound_is_cut_into_packets_does_not_count():
    sound = (0.3 * np.sin(np.arange(16000) * 0.09)).astype(np.float32)
    whole = LiveVoice(NETWORK).push(sound, 1.0)
    pieces, stream = [], LiveVoice(NETWORK)
    for first in range(0, 16000, 333):
        part = sound[first : first + 333]
        pieces += stream.push(part, (first + len(part)) / 16000)
    assert [t for t, _ in pieces] == pytest.approx([t for t, _ in whole])
    assert np.array([w for _, w in pieces]) == pytest.approx(np.array([w for _, w in whole]))


def test_who_is_late_leaves_moments_out_and_says_how_many():
    sound = np.zeros(16000, np.float32)
    stream = LiveVoice(NETWORK)
    told = stream.push(sound, 1.0, most=3)
    every = LiveVoice(NETWORK).push(sound, 1.0)
    assert len(told) == 3
    assert stream.skipped == len(every) - 3
    assert told[-1][0] == pytest.approx(every[-1][0])


def test_amounts_may_change_while_it_is_live(voice):
    capture = SpeechCapture(fast(voice))
    jaw = []
    for frame in follow(capture):
        if capture.source.clip_seconds(frame.time_s) > 0.7:
            capture.use_mouth(MouthStyle(jaw=0.0), 1.0)
        jaw.append(frame.track.weights[0, INDEX["jawOpen"]])
    capture.close()
    assert max(jaw[25:35]) > 0.1
    assert max(jaw[44:]) < 0.02  # a moment later: the mouth is drawn after


def test_amounts_reach_the_mouth(voice):
    _, usual = rows_of(fast(voice))
    _, less = rows_of(fast(voice, mouth=MouthStyle(jaw=0.5)))
    jaw = INDEX["jawOpen"]
    assert less[:, jaw].max() == pytest.approx(usual[:, jaw].max() / 2, rel=0.2)


def test_a_paced_recording_is_given_when_it_is_due(voice):
    source = PacedSound(voice)
    packets = []
    while (packet := source.next_packet(0.5)) is not None:
        assert packet.end_s <= now_s()
        packets.append(packet)
    assert source.state == "ended"
    assert sum(len(packet.samples) for packet in packets) == 24000
    assert [packet.begins_anew for packet in packets[:3]] == [True, False, False]
    begin_s = packets[0].end_s - len(packets[0].samples) / 16000
    assert packets[-1].end_s - begin_s == pytest.approx(1.5)
    assert source.clip_seconds(packets[-1].end_s) == pytest.approx(1.5)


def test_a_paced_recording_can_begin_again(voice):
    source = PacedSound(voice, realtime=False, repeat=True)
    packets = [source.next_packet(0.0) for _ in range(200)]
    assert sum(packet.begins_anew for packet in packets) == 2
    assert (np.diff([packet.end_s for packet in packets]) > 0).all()
    source.close()
    assert source.next_packet(0.0) is None


def test_a_recorded_take_has_its_sound_beside_it(voice, tmp_path):
    capture = SpeechCapture(fast(voice, emphasis=0.5))
    capture.use_mouth(MouthStyle(jaw=0.7, viseme_strength={"aa": 1.2}), 0.5)
    take = tmp_path / "take.fwtake"
    for number, frame in enumerate(follow(capture)):
        if number == 0:
            capture.record(str(take), frame.time_s)
        capture.keep(frame)
    report = capture.stop_recording().result()
    capture.close()
    header, track = read_header(take), read_track(take)
    assert (header["engine"], header["solver"], header["state"]) == ("speech", "none", "complete")
    assert header["source"]["rate"] == [50, 1]
    assert (header["mouth"]["jaw"], header["emphasis"]) == (0.7, 0.5)
    assert header["mouth"]["viseme_strength"] == {"aa": 1.2}
    assert len(track) == report.frames
    assert track.valid.all()
    assert Path(report.sound) == tmp_path / "take.wav"
    with wave.open(report.sound) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(report.seconds, abs=0.05)


class Script:
    """A source of packets at hand; None is a moment without sound."""

    name, width, height, rate = "script", 0, 0, Fraction(50)

    def __init__(self, packets, state="running"):
        self._packets, self.state, self.problem = iter(packets), state, ""
        self.received = self.dropped = 0

    def next_packet(self, _timeout_s):
        return next(self._packets, None)

    def close(self):
        self.state = "ended"


def test_a_microphone_that_is_gone_is_a_gap():
    capture = SpeechCapture(LiveRequest("mic:"), Script([], "lost"))
    frame = capture.step(0.0)
    assert not frame.track.valid[0]
    assert capture.step(0.0) is None  # told now and then
    capture.source.state = "running"
    time.sleep(0.12)
    assert capture.step(0.0) is None


def test_sound_that_begins_anew_is_heard_anew():
    loud = (0.3 * np.sin(np.arange(8000) * 0.09)).astype(np.float32)
    packets = [SoundPacket(loud, 0.5, True), None, SoundPacket(loud * 0, 9.5, True)]
    capture = SpeechCapture(LiveRequest("mic:"), Script(packets))
    frames = [frame for _ in range(40) if (frame := capture.step(0.0))]
    after = [frame for frame in frames if frame.time_s > 5]
    assert after
    assert max(frame.track.weights[0, INDEX["jawOpen"]] for frame in after) < 0.02
    times = [frame.time_s for frame in frames]
    assert all(b > a for a, b in itertools.pairwise(times))


def test_a_microphone_is_heard_and_recorded(tmp_path):
    capture = open_capture(LiveRequest(TONE))
    take = tmp_path / "mic.fwtake"
    frames, ends_s = [], time.monotonic() + WAIT_S
    while len(frames) < 40 and time.monotonic() < ends_s:
        if (frame := capture.step(0.1)) is not None:
            if not frames:
                capture.record(str(take), frame.time_s)
            capture.keep(frame)
            frames.append(frame)
    status = capture.status()
    report = capture.stop_recording().result()
    capture.close()
    assert len(frames) == 40
    assert (status.state, status.problem) == ("running", "")
    assert report.sound.endswith("mic.wav")
    with wave.open(report.sound) as file:
        assert file.getframerate() == 44100
        assert file.getnframes() > 0
    assert frames[-1].track.weights[0, INDEX["jawOpen"]] > 0.1
    assert capture.ended


def test_no_microphone_and_no_face_to_calibrate_are_told(monkeypatch, voice):
    monkeypatch.setattr("engine.sources.devices.list_microphones", list)
    with pytest.raises(FacewrightError) as caught:
        open_capture(LiveRequest("mic:"))
    assert caught.value.code == "no-microphone"
    capture = SpeechCapture(fast(voice))
    with pytest.raises(FacewrightError) as caught:
        capture.calibrate("a.fwperformer", 0.0, 1.0)
    assert caught.value.code == "calibrate-sound"
    capture.close()


def test_a_microphone_that_stops_is_waited_for(monkeypatch):
    monkeypatch.setattr("engine.sources.live_microphone._AGAIN_S", 0.01)
    source = LiveMicrophone("lavfi:sine=frequency=220:sample_rate=44100:duration=0.1")
    packets, ends_s = [], time.monotonic() + WAIT_S
    while sum(packet.begins_anew for packet in packets) < 3 and time.monotonic() < ends_s:
        if (packet := source.next_packet(0.1)) is not None:
            packets.append(packet)
    source.close()
    assert sum(packet.begins_anew for packet in packets) >= 3
    assert (np.diff([packet.end_s for packet in packets]) > 0).all()


def test_the_command_line_hears_a_recording_as_if_live(voice, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert command_line.main(["live", "--source", str(voice), "-o", str(out)]) == 0
    assert len(out.read_text().splitlines()) > 60
    assert "voice.wav" in capsys.readouterr().out
