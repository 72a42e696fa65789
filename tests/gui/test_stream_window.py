# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams out of the real window, and into it: the other program is this process."""

import json
import math
import shutil
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.core.arkit import INDEX
from engine.core.clock import now_s
from engine.formats.live_link import LiveLinkDecoder, encode
from engine.formats.sample import FaceSample, to_row
from tests.gui.harness import run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPTS = Path(__file__).with_name("scripts")
CLIP = Path(__file__).resolve().parents[2] / ".cache" / "clips" / "WolfgangLanger_Pexels.mp4"
RATE = 60


class Program(threading.Thread):
    """Notes every packet it gets, and sends a jaw that opens and closes once a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.heard: list[tuple[float, FaceSample]] = []
        self._ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ears.bind(("127.0.0.1", 0))
        self._ears.settimeout(0.2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self._theirs = probe.getsockname()
        self.ports = {"send": self._ears.getsockname()[1], "hear": self._theirs[1]}
        self._ended = threading.Event()
        self._talker = threading.Thread(target=self._talk, daemon=True)

    def run(self) -> None:
        self._talker.start()
        decoder = LiveLinkDecoder()
        while not self._ended.is_set():
            try:
                data = self._ears.recv(65_535)
            except TimeoutError:
                continue
            self.heard += [(now_s(), sample) for sample in decoder.feed(data)]

    def _talk(self) -> None:
        sample = FaceSample(None)
        sample.weights[:] = 0
        sample.weights[INDEX["eyeBlinkRight"]] = 0.8
        sample.head_deg[:] = 0, 7, 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            while not self._ended.wait(1 / RATE):
                sample.weights[INDEX["jawOpen"]] = (1 - math.cos(2 * math.pi * now_s())) / 2
                mouth.sendto(encode(to_row(sample, now_s())), self._theirs)

    def end(self) -> None:
        self._ended.set()
        self.join()
        self._talker.join()
        self._ears.close()

    def within(self, span: list[float], name: str) -> np.ndarray:
        """One weight of what was heard in a span."""
        first, last = span
        return np.array([s.weights[INDEX[name]] for at, s in self.heard if first < at < last])


@pytest.fixture(scope="module")
def streamed(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory):
    skip_without_window()
    if not CLIP.is_file():
        pytest.skip("the clip is not here: run `python tools/fetch_clips.py`")
    workdir = tmp_path_factory.mktemp("stream")
    shutil.copyfile(CLIP, workdir / "clip.mp4")
    program = Program()
    (workdir / "ports.json").write_text(json.dumps(program.ports))
    program.start()
    try:
        found = run_in_window(SCRIPTS / "stream_out.py", zip_path=linux_zip, workdir=workdir)
    finally:
        program.end()
    return found.result, program


def test_a_character_that_stands_still_is_told_again_and_again(streamed):
    found, program = streamed
    smiles = program.within(found["spans"]["standing"], "mouthSmileLeft")
    assert len(smiles) >= 5
    assert smiles == pytest.approx(0.25)
    smiles = program.within(found["spans"]["undone"], "mouthSmileLeft")
    assert len(smiles) >= 3 and smiles == pytest.approx(0.25)


def test_live_rows_arrive(streamed):
    found, program = streamed
    jaws = program.within(found["spans"]["live"], "jawOpen")
    assert len(jaws) >= 15 and np.ptp(jaws) > 1e-3
    assert "frames" in found["status"] and str(program.ports["send"]) in found["status"]


def test_the_timeline_arrives_frame_by_frame(streamed):
    found, program = streamed
    jaws = program.within(found["spans"]["playing"], "jawOpen")
    assert len(jaws) >= 5 and jaws.min() < 0.25 and jaws.max() > 0.75
    assert (jaws >= 0).all() and (jaws <= 1).all()
    assert program.within(found["spans"]["playing"], "mouthSmileLeft") == pytest.approx(0.25)
    scrubbed = program.within(found["spans"]["scrubbed"], "jawOpen")
    assert 0.3 < found["middle"] < 0.7
    assert len(scrubbed) and scrubbed == pytest.approx(found["middle"], abs=1e-5)


def test_nothing_arrives_after_stop(streamed):
    found, program = streamed
    assert not len(program.within(found["spans"]["stopped"], "jawOpen"))
    assert not found["sending"]


def test_the_head_follows_a_stream_from_outside(streamed):
    found, _ = streamed
    assert "Live Link Face" in found["followed"]["status"]
    assert not found["followed"]["problem"]


def test_a_take_of_a_stream_says_what_it_is_and_becomes_keys(streamed):
    found, _ = streamed
    assert found["curves"] == 52
    assert found["keys"]["eyeBlinkRight"] == pytest.approx(
        [0.8] * len(found["keys"]["eyeBlinkRight"]), abs=0.02
    )
    jaws = found["keys"]["jawOpen"]
    assert min(jaws) < 0.2 and max(jaws) > 0.8
    header = found["header"]
    assert header["solver"] == "none" and header["state"] == "complete"
    assert header["source"]["kind"] == "live"
    assert found["seconds"] > 1 and found["rows"] > 30
