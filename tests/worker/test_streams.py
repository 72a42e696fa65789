# SPDX-License-Identifier: GPL-3.0-or-later
"""A take is sent to another program, which here is ourselves: all dialects, over the loopback."""

import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.arkit import COUNT, INDEX
from engine.core.errors import FacewrightError
from engine.core.requests import LiveRequest, SolveRequest, SolveSettings
from engine.core.types import FaceTrack, Observations
from engine.filters.gaps import find_gaps
from engine.formats.dialects import DIALECTS
from engine.formats.sample import FaceSample, to_row
from engine.formats.send import Sender
from engine.pipeline import listen as listen_module
from engine.pipeline.listen import AnySource
from engine.pipeline.solve import solve_take
from engine.pipeline.stream import StreamCapture
from engine.takes.take_file import TakeWriter, read_header, read_track

ROOT = Path(__file__).parents[2]
# Presets tell a face roughly.
SENT = [name for name, one in DIALECTS.items() if one.encoder and name != "vmc-presets"]


def make_take(path, count=90):
    """A jaw that opens and closes once a second, a head that nods, 30 frames a second."""
    time_s = np.arange(count) / 30
    weights = np.zeros((count, COUNT), np.float32)
    weights[:, INDEX["jawOpen"]] = (1 - np.cos(2 * np.pi * time_s)) / 2
    weights[:, INDEX["eyeBlinkRight"]] = 0.8
    head = np.zeros((count, 3), np.float32)
    head[:, 0] = 12 * np.sin(2 * np.pi * time_s)
    head[:, 1] = 7
    seen = replace(Observations.empty(np.arange(count), time_s), valid=np.ones(count, bool))
    track = FaceTrack(
        time_s,
        seen.valid,
        np.ones(count, np.float32),
        np.ones((count, COUNT), np.float32),
        weights,
        head,
        np.zeros((count, 3), np.float32),
        np.zeros((count, 2, 2), np.float32),
    )
    with TakeWriter(path, {"source": {"width": 1, "height": 1}, "state": "complete"}) as take:
        take.append(seen, track)
    return track


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def engine(*arguments):
    command = [sys.executable, "-m", "engine", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def stream(tmp_path, sent_as, heard_as):
    """Send a take, receive it as another; both tracks and the received take."""
    track = make_take(tmp_path / "sent.fwtake")
    port, take = free_port(), tmp_path / "heard.fwtake"
    hears = engine(
        *("live", "--source", f"udp:{heard_as}:{port}", "--seconds", 2.0, "--steadiness", 0),
        *("-o", tmp_path / "heard.csv", "--take", take),
    )
    sends = engine(
        "send", tmp_path / "sent.fwtake", "--to", f"{sent_as}:127.0.0.1:{port}", "--repeat"
    )
    said = hears.communicate(timeout=300)[1]
    sends.terminate()
    sends.communicate(timeout=60)
    assert hears.returncode == 0, said
    return track, read_track(take), take


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_is_received(name, tmp_path):
    _, heard, take = stream(tmp_path, name, name)
    assert read_header(take)["solver"] == "none" and read_header(take)["state"] == "complete"
    assert heard.valid.all() and 40 <= len(heard) <= 75
    blink = heard.weights[:, INDEX["eyeBlinkRight"]]
    assert blink == pytest.approx(0.8, abs=0.011)  # a hundredth is the least that some can say
    assert heard.weights[:, INDEX["eyeBlinkLeft"]] == pytest.approx(0, abs=1e-3)
    jaw = heard.weights[:, INDEX["jawOpen"]]
    assert jaw.min() < 0.05 and jaw.max() > 0.95
    if name == "vmc-assistant":  # says nothing of the head: the Performer has it
        return
    # A nod stays a nod, and the head is turned the same way.
    down = heard.head_deg[:, 0]
    assert down.max() == pytest.approx(12, abs=0.6) and down.min() == pytest.approx(-12, abs=0.6)
    assert heard.head_deg[:, 1] == pytest.approx(7, abs=0.3)
    # True times: the jaw moves once a second, whatever the way did to the packets.
    assert np.median(np.diff(heard.time_s)) == pytest.approx(1 / 30, abs=2e-3)


@pytest.mark.parametrize("name", ["livelink", "vmc", "ifacialmocap"])
def test_anything_is_recognised(name, tmp_path):
    _, heard, _ = stream(tmp_path, name, "any")
    assert heard.weights[:, INDEX["eyeBlinkRight"]] == pytest.approx(0.8, abs=0.011)


def test_silence_is_a_gap_and_a_streamed_take_is_not_solved(tmp_path):
    port, take = free_port(), tmp_path / "heard.fwtake"
    capture = StreamCapture(LiveRequest(f"udp:livelink:{port}"))
    sender = Sender(f"livelink:127.0.0.1:{port}")
    row = to_row(FaceSample(None, weights=np.full(COUNT, 0.4)), 0.0)

    recording = []

    def send(count):
        for _ in range(count):
            sender.send(replace(row, time_s=np.array([time.perf_counter()])))
            for frame in iter(lambda: capture.step(1 / 30), None):
                if not recording:
                    recording.append(capture.record(str(take), frame.time_s))
                capture.keep(frame)

    send(30)
    silent = time.perf_counter()
    while time.perf_counter() - silent < 1.5:
        if frame := capture.step(0.05):
            assert not frame.track.valid[0]
            capture.keep(frame)
    send(30)
    capture.stop_recording().result()
    capture.close()
    sender.close()
    track = read_track(take)
    (gap,) = find_gaps(track)
    assert 0.7 < gap.last_s - gap.first_s < 1.6
    assert (np.diff(track.time_s) > 0).all()
    before = read_track(take).weights.copy()
    for solver in ("raw", "facewright"):
        with pytest.raises(FacewrightError) as caught:
            solve_take(SolveRequest(str(take), SolveSettings(solver=solver)))
        assert caught.value.code == "take-streamed"
    assert np.array_equal(read_track(take).weights, before, equal_nan=True)
    rate = read_header(take)["source"]["rate"]
    assert 15 < rate[0] / rate[1] < 45


def test_whoever_speaks_is_found_on_every_usual_port(tmp_path, monkeypatch):
    make_take(tmp_path / "sent.fwtake", 60)
    monkeypatch.setattr(listen_module, "usual_ports", lambda: [free_port(), port])
    port = free_port()
    source = AnySource(network=False)
    sends = engine("send", tmp_path / "sent.fwtake", "--to", f"vmc:127.0.0.1:{port}", "--repeat")
    found = None
    while found is None:
        found = source.next_sample(1.0)
    assert found[1].weights[INDEX["eyeBlinkRight"]] == pytest.approx(0.8)
    assert source.name.startswith("VMC") and source.state == "running"
    source.close()
    assert source.state == "ended"
    heard = {one.port: one for one in listen_module.listen(False, 2.0)}
    sends.terminate()
    sends.communicate(timeout=60)
    assert heard[port].what.startswith("VMC") and heard[port].samples > 20
    assert heard[port].rate == pytest.approx(30, abs=3)
    assert all(not one.what for number, one in heard.items() if number != port)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("live", "--source", "udp:morse:1", "-o", "x.csv"), "morse"),
        (("live", "--source", "tcp:livelink", "-o", "x.csv"), "tcp:livelink"),
        (("live", "--source", "udp:livelink:99999", "-o", "x.csv"), "99999"),
        (("live", "--source", "udp:livelink@no.such.machine.invalid", "-o", "x.csv"), "no.such"),
        (("send", "TAKE", "--to", "openseeface"), "openseeface"),
        (("send", "TAKE", "--to", "vmc:127.0.0.1:0"), "port"),
        (("send", "nothing.fwtake", "--to", "vmc"), "nothing.fwtake"),
    ],
)
def test_bad_input_gets_a_sentence(arguments, words, tmp_path):
    take = tmp_path / "take.fwtake"
    make_take(take, 3)
    process = engine(*(take if word == "TAKE" else word for word in arguments))
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 1 and words in said and "Traceback" not in said
