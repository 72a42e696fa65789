# SPDX-License-Identifier: GPL-3.0-or-later
"""Live capture without a process around it: sizes that change, sound, what is learned."""

import itertools
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.core.arkit import INDEX
from engine.core.clock import now_s
from engine.core.errors import FacewrightError
from engine.core.requests import LiveRequest, SolveRequest, SolveSettings
from engine.core.types import VideoFrame
from engine.pipeline import record_sound
from engine.pipeline.capture import follow
from engine.pipeline.live import LiveCapture
from engine.pipeline.solve import solve_take
from engine.sources.media import VideoSource
from engine.takes.take_file import read_header, read_track

CLIP = Path(__file__).parents[2] / ".cache" / "clips" / "WolfgangLanger_Pexels.mp4"

pytestmark = pytest.mark.skipif(not CLIP.exists(), reason="needs tools/fetch_clips.py")


class Pictures:
    """A live source of pictures at hand, one for each call."""

    name, rate, problem = "pictures", Fraction(24), ""

    def __init__(self, images):
        self._images, self.state = iter(images), "running"
        self.received = self.dropped = 0
        self._began_s = now_s()
        self.height, self.width = 360, 640

    def next_frame(self, _timeout_s):
        image = next(self._images, None)
        if image is None:
            self.state = "ended"
            return None
        self.height, self.width = image.shape[:2]
        self.received += 1
        # Steady, whatever the machine does meanwhile: the solver smooths over time.
        return VideoFrame(self.received, self._began_s + self.received / 24, image)

    def close(self):
        self.state = "ended"


def images(count, pad=0):
    """Pictures of the clip, with black above and below."""
    with VideoSource(CLIP) as video:
        for frame in itertools.islice(video.frames(), count):
            yield np.pad(frame.image, ((pad, pad), (0, 0), (0, 0)))


def run(capture, take, microphone=""):
    """Record all that comes."""
    begun = False
    for frame in follow(capture):
        if not begun:
            capture.record(str(take), frame.time_s, microphone)
            begun = True
        capture.keep(frame)
    done = capture.stop_recording()
    capture.close()
    return done.result()


def request(**settings):
    return LiveRequest(f"file:{CLIP}", realtime=False, solve=SolveSettings(**settings))


def test_pictures_of_another_size_do_not_spoil_a_take(tmp_path):
    take = tmp_path / "sizes.fwtake"
    both = itertools.chain(images(40), images(20, pad=60), images(10))
    report = run(LiveCapture(request(), Pictures(both)), take)
    track = read_track(take)
    assert report.frames == len(track) == 50  # the twenty taller ones are left out
    source = read_header(take)["source"]
    assert (source["width"], source["height"]) == (640, 360)
    plain = tmp_path / "plain.fwtake"
    run(LiveCapture(request(), Pictures(images(40))), plain)
    assert track.head_deg[:40] == pytest.approx(read_track(plain).head_deg, abs=2.0)


def test_a_range_is_learned_from_a_live_take(tmp_path):
    take = tmp_path / "range.fwtake"
    run(LiveCapture(request(learn_range=1.0), Pictures(images(120))), take)
    stretched = read_track(take).weights
    solve_take(SolveRequest(str(take), SolveSettings(learn_range=1.0)))
    assert read_track(take).weights == pytest.approx(stretched, abs=2e-3)
    solve_take(SolveRequest(str(take), SolveSettings()))
    as_seen = read_track(take).weights
    # Smiles of a third become whole ones; what was whole stays.
    smile = INDEX["mouthSmileLeft"]
    assert stretched[:, smile].max() > as_seen[:, smile].max() + 0.05
    assert stretched.max() <= 1.0


def test_the_raw_solver_has_nothing_to_calibrate(tmp_path):
    capture = LiveCapture(request(solver="raw"), Pictures(images(5)))
    frames = list(follow(capture))
    assert len(frames) == 5 and capture.studied == 0
    with pytest.raises(FacewrightError) as caught:
        capture.calibrate(str(tmp_path / "me.fwperformer"), now_s(), 1.0)
    assert caught.value.code == "performer-unknown"


def test_a_clips_sound_is_as_long_as_its_take_however_fast_it_was_tracked(tmp_path):
    take = tmp_path / "sound.fwtake"
    capture = LiveCapture(request())
    for number, frame in enumerate(follow(capture)):
        if number == 0:
            capture.record(str(take), frame.time_s, "0")
        capture.keep(frame)
        if number == 96:
            break
    report = capture.stop_recording().result()
    capture.close()
    with wave.open(report.sound) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(4.0, abs=0.1)


def test_somebody_elses_sound_is_never_replaced(tmp_path):
    mine = tmp_path / "hero.wav"
    mine.write_text("mine")
    capture = LiveCapture(request(), Pictures(images(3)))
    with pytest.raises(FacewrightError) as caught:
        capture.record(str(tmp_path / "hero.fwtake"), now_s(), "0")
    assert caught.value.code == "sound-exists" and mine.read_text() == "mine"
    assert not (tmp_path / "hero.fwtake").exists()
    capture.close()


class Microphone:
    """Stands in for a recorder of sound: whether it is on."""

    on = 0
    problem = "The microphone stopped."

    def start(self, *_arguments):
        Microphone.on += 1

    def stop(self):
        Microphone.on -= 1
        return type("Take", (), {"path": None, "offset_s": 0.0, "problem": self.problem})


@pytest.fixture
def microphone(monkeypatch):
    Microphone.on = 0
    monkeypatch.setattr(record_sound, "SoundRecorder", Microphone)
    monkeypatch.setattr(record_sound, "find_microphone", lambda _spec: None)
    return Microphone


def test_a_microphone_is_off_however_a_recording_ends(tmp_path, microphone):
    report = run(LiveCapture(request(), Pictures(images(20))), tmp_path / "good.fwtake", "0")
    assert microphone.on == 0 and report.warnings == ["The microphone stopped."]

    capture = LiveCapture(request(), Pictures([]))
    with pytest.raises(FacewrightError):  # no such folder
        capture.record(str(tmp_path / "nowhere" / "take.fwtake"), now_s(), "0")
    assert microphone.on == 0
    capture.record(str(tmp_path / "empty.fwtake"), now_s(), "0")
    with pytest.raises(FacewrightError, match="Not a single picture"):
        capture.stop_recording().result()
    assert microphone.on == 0


def test_a_take_that_cannot_be_written_on_is_closed_and_tells(tmp_path, microphone):
    take = tmp_path / "full.fwtake"
    capture = LiveCapture(request(), Pictures(images(80)))
    problems, told = [], set()
    for number, frame in enumerate(follow(capture)):
        if number == 0:
            capture.record(str(take), frame.time_s, "0")
        if number == 30:
            capture._recorder._take.append = _full
        told.add(capture.status().problem)
        try:
            capture.keep(frame)
        except FacewrightError as error:
            problems.append(error.code)
    assert problems == ["disk-full"]  # once, and the capture goes on
    assert "The microphone stopped." in told
    capture.close()
    assert microphone.on == 0
    assert len(read_track(take)) >= 24


def _full(*_arguments):
    raise FacewrightError("The disk is full.", "", "disk-full")
