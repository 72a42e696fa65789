# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound beside a take: recorded with its true beginning, whole on disk at any time, cut from clips.

FFmpeg's tone at the pace of a microphone stands in for one; ALSA's own null device for its driver.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.core.clock import now_s
from engine.core.errors import FacewrightError
from engine.sources import microphone
from engine.sources.devices import Device, find_microphone
from engine.sources.microphone import SoundRecorder, clip_sound

ROOT = Path(__file__).resolve().parents[2]
TONE = find_microphone("lavfi:sine=frequency=440:sample_rate=44100,arealtime", [])
WAIT_S = 120.0


def samples_of(path: Path) -> tuple[np.ndarray, int]:
    """int16 (samples, channels) and the rate of a wav."""
    with wave.open(str(path)) as sound:
        assert sound.getsampwidth() == 2
        data = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        return data.reshape(-1, sound.getnchannels()), sound.getframerate()


def wait_for_sound(path: Path, seconds: float) -> None:
    """Until a wav holds so much."""
    ends_s = time.monotonic() + WAIT_S
    while not path.exists() or path.stat().st_size < 44 + 2 * 44100 * seconds:
        assert time.monotonic() < ends_s, "no sound was written"
        time.sleep(0.02)


def test_a_recording_is_a_wav_with_its_beginning_and_length(tmp_path):
    recorder, path = SoundRecorder(), tmp_path / "voice.wav"
    zero_s = now_s()
    recorder.start(path, TONE, zero_s)
    wait_for_sound(path, 0.5)
    take = recorder.stop()
    passed_s = now_s() - zero_s
    assert (take.path, take.problem) == (path, "")
    data, rate = samples_of(path)
    assert (data.shape[1], rate) == (1, 44100)
    assert take.duration_s == pytest.approx(len(data) / rate)
    # A packet of the tone comes when it begins, one of a microphone when it ends: 23 ms.
    assert -0.03 < take.offset_s < passed_s - take.duration_s + 0.03
    spectrum = np.abs(np.fft.rfft(data[:22050, 0]))
    assert np.argmax(spectrum) * rate / 22050 == pytest.approx(440, abs=2)


def test_the_file_is_whole_while_it_is_written(tmp_path):
    """What a crash would leave is what is there in the middle."""
    recorder, path, copy = SoundRecorder(), tmp_path / "voice.wav", tmp_path / "copy.wav"
    recorder.start(path, TONE, now_s())
    wait_for_sound(path, 0.3)
    shutil.copyfile(path, copy)
    recorder.stop()
    data, _rate = samples_of(copy)
    assert len(data) >= 0.2 * 44100


def test_a_killed_process_leaves_a_wav_that_plays(tmp_path):
    path = tmp_path / "voice.wav"
    code = (
        "import sys, time; from pathlib import Path\n"
        "from engine.sources.devices import Device\n"
        "from engine.sources.microphone import SoundRecorder\n"
        "recorder = SoundRecorder()\n"
        "recorder.start(Path(sys.argv[1]), Device(sys.argv[2], 'tone', 'lavfi'), 0.0)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path), TONE.id], cwd=ROOT)
    try:
        wait_for_sound(path, 0.5)
    finally:
        process.kill()
        process.wait()
    assert len(samples_of(path)[0]) >= 0.45 * 44100


def test_a_recorder_can_be_used_again(tmp_path):
    recorder = SoundRecorder()
    for name in ("one.wav", "two.wav"):
        recorder.start(tmp_path / name, TONE, now_s())
        wait_for_sound(tmp_path / name, 0.1)
        assert recorder.stop().path == tmp_path / name


@pytest.mark.parametrize(
    "device",
    [
        Device("plughw:CARD=None,DEV=0", "Headset", "alsa"),
        Device("testsrc", "Headset", "lavfi"),  # pictures, no sound
        Device("nothing", "Headset", "no such driver"),
    ],
    ids=["alsa", "silent", "unknown"],
)
def test_a_missing_microphone_is_a_sentence_and_no_file(tmp_path, device):
    recorder = SoundRecorder()
    recorder.start(tmp_path / "voice.wav", device, now_s())
    ends_s = time.monotonic() + WAIT_S
    while not recorder.problem and time.monotonic() < ends_s:
        time.sleep(0.02)
    take = recorder.stop()
    assert take.path is None
    assert take.duration_s == 0
    assert 'microphone "Headset"' in take.problem
    assert not (tmp_path / "voice.wav").exists()


def test_a_folder_that_is_gone_is_a_sentence(tmp_path):
    recorder = SoundRecorder()
    recorder.start(tmp_path / "gone" / "voice.wav", TONE, now_s())
    ends_s = time.monotonic() + WAIT_S
    while not recorder.problem and time.monotonic() < ends_s:
        time.sleep(0.02)
    assert "no such file" in recorder.stop().problem


def test_a_microphone_that_stops_keeps_what_came_before(tmp_path):
    recorder, path = SoundRecorder(), tmp_path / "voice.wav"
    short = Device(f"{TONE.id},atrim=duration=0.2", "Cable", "lavfi")
    recorder.start(path, short, now_s())
    ends_s = time.monotonic() + WAIT_S
    while not recorder.problem and time.monotonic() < ends_s:
        time.sleep(0.02)
    take = recorder.stop()
    assert take.problem == 'The microphone "Cable" stopped.'
    assert take.duration_s == pytest.approx(0.2, abs=0.01)
    assert len(samples_of(path)[0]) == round(take.duration_s * 44100)


def test_a_driver_that_hangs_does_not_hold_up_stop(tmp_path, monkeypatch):
    """stop() gives what there is, and the lost recording stays out of the next one."""
    hanging = threading.Event()
    opened = microphone.open_microphone

    def hang(device):
        if device.name == "Hanging":
            hanging.wait(WAIT_S)
        return opened(device)

    monkeypatch.setattr(microphone, "open_microphone", hang)
    monkeypatch.setattr(microphone, "_GOODBYE_S", 0.1)
    recorder = SoundRecorder()
    recorder.start(tmp_path / "one.wav", Device(TONE.id, "Hanging", "lavfi"), now_s())
    assert recorder.stop().path is None
    assert not hanging.is_set()
    recorder.start(tmp_path / "two.wav", TONE, now_s())
    hanging.set()
    wait_for_sound(tmp_path / "two.wav", 0.2)
    take = recorder.stop()
    assert (take.path, take.problem) == (tmp_path / "two.wav", "")
    assert not (tmp_path / "one.wav").exists()


def test_stop_without_a_start_is_an_empty_take():
    take = SoundRecorder().stop()
    assert (take.path, take.duration_s, take.problem) == (None, 0.0, "")


@pytest.mark.skipif("alsa" not in av.formats_available, reason="this FFmpeg has no ALSA")
def test_alsa_opens_with_the_rate_and_the_channel_asked_for(tmp_path):
    """Its null device, through a private configuration, in a process of its own."""
    configuration, path = tmp_path / "asound.conf", tmp_path / "voice.wav"
    configuration.write_text("pcm.null { type null }\n")
    code = (
        "import sys, time; from pathlib import Path\n"
        "from engine.sources.devices import Device\n"
        "from engine.sources.microphone import SoundRecorder\n"
        "recorder, path = SoundRecorder(), Path(sys.argv[1])\n"
        "recorder.start(path, Device('null', 'Null', 'alsa'), 0.0)\n"
        "while not recorder.problem and not path.exists(): time.sleep(0.01)\n"
        "print(recorder.stop())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        env={**os.environ, "ALSA_CONFIG_PATH": str(configuration)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "problem=''" in done.stdout, done.stderr
    data, rate = samples_of(path)
    assert (data.shape[1], rate) == (1, 48000)


@pytest.fixture
def make_clip(tmp_path):
    """A function that writes a clip: four seconds of pictures, and a ramp of sound in them."""

    def make(name: str, *, sound_from_s: float = 0.0, channels: int = 1) -> Path:
        path, rate, layout = tmp_path / name, 48000, "mono" if channels == 1 else "stereo"
        with av.open(str(path), "w") as container:
            pictures = container.add_stream("mpeg4", rate=25)
            pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
            sound = container.add_stream("pcm_s16le", rate=rate, layout=layout)
            for i in range(100):
                frame = av.VideoFrame(64, 48, "yuv420p")
                frame.pts, frame.time_base = i, Fraction(1, 25)
                container.mux(pictures.encode(frame))
            # Sample i of the clip's clock is i // 8, so that a wav tells where it was cut.
            first = round(sound_from_s * rate)
            for at in range(first, 4 * rate, 1024):
                values = (np.arange(at, min(at + 1024, 4 * rate)) // 8).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(np.repeat(values, channels)[None], "s16", layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
                container.mux(sound.encode(frame))
            container.mux(pictures.encode())
            container.mux(sound.encode())
        return path

    return make


@pytest.mark.parametrize("channels", [1, 2])
def test_a_stretch_of_a_clip_keeps_its_sound(make_clip, tmp_path, channels):
    out = tmp_path / "sound.wav"
    assert clip_sound(make_clip("clip.mov", channels=channels), 1.0, 2.5, out) == 0
    data, rate = samples_of(out)
    assert data.shape == (round(1.5 * rate), channels)
    np.testing.assert_array_equal(data[:, -1], np.arange(48000, 120000) // 8)


def test_sound_that_begins_late_says_so(make_clip, tmp_path):
    out = tmp_path / "sound.wav"
    clip = make_clip("clip.mov", sound_from_s=1.0)
    assert clip_sound(clip, 0.5, 2.0, out) == pytest.approx(0.5, abs=0.001)
    data, rate = samples_of(out)
    assert len(data) == pytest.approx(rate, abs=48)
    assert data[0, 0] == pytest.approx(48000 // 8, abs=6)
    assert clip_sound(clip, 0.0, 0.9, tmp_path / "none.wav") is None
    assert not (tmp_path / "none.wav").exists()


def test_a_stretch_past_the_end_is_cut_there(make_clip, tmp_path):
    out = tmp_path / "sound.wav"
    assert clip_sound(make_clip("clip.mov"), 3.5, 9.0, out) == 0
    assert len(samples_of(out)[0]) == 24000
    assert clip_sound(make_clip("again.mov"), 5.0, 9.0, tmp_path / "none.wav") is None


def test_a_clip_without_sound_gives_none(tmp_path, clip):
    assert clip_sound(clip("carphone_pristine.mp4"), 0.0, 1.0, tmp_path / "none.wav") is None


def test_sound_that_cannot_be_written_or_read_is_an_error(make_clip, tmp_path):
    clip = make_clip("clip.mov")
    with pytest.raises(FacewrightError) as caught:
        clip_sound(clip, 0.0, 1.0, tmp_path / "gone" / "sound.wav")
    assert caught.value.code == "sound-unwritable"
    with pytest.raises(FacewrightError) as caught:
        clip_sound(tmp_path / "gone.mp4", 0.0, 1.0, tmp_path / "sound.wav")
    assert caught.value.code == "file-missing"
