# SPDX-License-Identifier: GPL-3.0-or-later
"""Any sound becomes mono at 16 kHz, at its place in time; what is no sound is told in words."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import FacewrightError
from engine.core.sound import SOUND_HZ
from engine.sources.sound_file import SoundFile, read_sound

# Half a second of silence, then a tone, two seconds in all.
BEGINS_S, LENGTH_S = 0.5, 2.0


def tone(rate: int, length_s: float = LENGTH_S, begins_s: float = BEGINS_S) -> np.ndarray:
    at = np.arange(round(rate * length_s)) / rate
    return np.where(at < begins_s, 0.0, 0.3 * np.sin(2 * np.pi * 440 * at)).astype(np.float32)


def write_wav(path: Path, samples: np.ndarray, rate: int = 16000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        whole = np.repeat(np.asarray(samples)[:, None], channels, axis=1)
        file.writeframes((whole * 32767).astype("<i2").tobytes())
    return path


def encode(path: Path, codec: str, rate: int, layout: str, gap_s: float = 0.0) -> Path:
    """The tone in a compressed file; its second half comes ``gap_s`` late."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        add_tone(out, stream, rate, layout, gap_s)
    return path


def add_tone(out, stream, rate: int, layout: str, gap_s: float = 0.0, delay_s: float = 0.0) -> None:
    size = stream.codec_context.frame_size or 1024
    count = len(av.AudioLayout(layout).channels)
    frame = av.AudioFrame.from_ndarray(np.repeat(tone(rate)[None], count, 0), "fltp", layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    mixer = av.AudioResampler(stream.codec_context.format, layout, rate, frame_size=size)
    for part in [*mixer.resample(frame), *mixer.resample(None)]:
        late = gap_s if part.pts >= rate * LENGTH_S / 2 else 0.0
        part.pts += round((delay_s + late) * rate)
        out.mux(stream.encode(part))
    out.mux(stream.encode(None))


def edges(sound: np.ndarray) -> tuple[float, float]:
    """First and last moment of the tone, seconds."""
    loud = np.flatnonzero(np.abs(sound) > 0.05)
    return loud[0] / SOUND_HZ, loud[-1] / SOUND_HZ


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout"),
    [
        ("a.wav", "pcm_s16le", 48000, "stereo"),
        ("a51.wav", "pcm_s24le", 48000, "5.1"),
        ("float.wav", "pcm_f32le", 96000, "mono"),
        ("a.mp3", "libmp3lame", 44100, "stereo"),
        ("a.ogg", "libopus", 48000, "mono"),
        ("a.flac", "flac", 8000, "mono"),
        ("a.m4a", "aac", 44100, "stereo"),
        ("a.aiff", "pcm_s16be", 11025, "mono"),
    ],
)
def test_any_kind_of_sound_is_heard_at_its_time(tmp_path, name, codec, rate, layout):
    sound, info = read_sound(encode(tmp_path / name, codec, rate, layout))
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert edges(sound) == pytest.approx((BEGINS_S, LENGTH_S), abs=0.002)
    assert len(sound) / SOUND_HZ == pytest.approx(LENGTH_S, abs=0.05)
    assert info.duration_s == pytest.approx(LENGTH_S, abs=0.05)
    assert (info.rate_hz, info.offset_s) == (rate, 0.0)
    assert np.abs(sound).max() > 0.2


@pytest.mark.parametrize("channels", [2, 3, 7, 12, 16])
def test_any_number_of_channels_is_mixed(tmp_path, channels):
    sound, info = read_sound(write_wav(tmp_path / "a.wav", tone(22050), 22050, channels))
    assert info.channels == channels
    assert edges(sound) == pytest.approx((BEGINS_S, LENGTH_S), abs=0.002)
    assert np.abs(sound).max() == pytest.approx(0.3, abs=0.02)


def make_video(path: Path, delay_s: float | None) -> Path:
    """A second of pictures, with the tone from ``delay_s`` on, or without sound."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream("aac", rate=16000, layout="mono") if delay_s is not None else None
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if sound:
            add_tone(out, sound, 16000, "mono", delay_s=delay_s)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("delay_s", [0.0, 0.4])
def test_second_0_of_a_video_is_its_first_picture(tmp_path, suffix, delay_s):
    sound, info = read_sound(make_video(tmp_path / f"clip{suffix}", delay_s))
    assert edges(sound)[0] == pytest.approx(BEGINS_S + delay_s, abs=0.03)
    assert info.offset_s == pytest.approx(delay_s, abs=0.07)
    assert edges(sound)[1] == pytest.approx(LENGTH_S + delay_s, abs=0.03)


def test_a_video_without_sound_says_so(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        read_sound(make_video(tmp_path / "mute.mp4", None))
    assert caught.value.code == "no-sound"
    assert "no sound track" in caught.value.message


def test_a_hole_in_the_sound_is_silence(tmp_path):
    path = encode(tmp_path / "hole.mka", "pcm_s16le", 16000, "mono", gap_s=0.5)
    sound, _ = read_sound(path)
    assert edges(sound)[1] == pytest.approx(LENGTH_S + 0.5, abs=0.01)
    middle = sound[round(1.08 * SOUND_HZ) : round(1.5 * SOUND_HZ)]
    assert np.abs(middle).max() < 0.01


@settings(deadline=None, max_examples=12)
@given(
    start=st.integers(0, 31_000),
    length=st.integers(1, 40_000),
    block=st.floats(0.05, 3.0),
)
def test_every_part_is_cut_to_the_sample(tmp_path_factory, start, length, block):
    path = tmp_path_factory.getbasetemp() / "cut.wav"
    samples = np.linspace(-0.9, 0.9, 32_000).astype(np.float32)
    if not path.exists():
        write_wav(path, samples)
    with SoundFile(path) as file:
        blocks = list(file.blocks(start / SOUND_HZ, (start + length) / SOUND_HZ, block))
    assert np.concatenate(blocks) == pytest.approx(samples[start : start + length], abs=1e-4)
    assert len({len(one) for one in blocks[:-1]}) <= 1


def test_the_shortest_sound_is_a_sound(tmp_path):
    sound, _ = read_sound(write_wav(tmp_path / "short.wav", tone(16000, 0.05, 0.0)))
    assert len(sound) == 800


def test_a_part_that_is_not_there_is_refused(tmp_path):
    path = write_wav(tmp_path / "a.wav", tone(16000))
    with pytest.raises(FacewrightError) as caught:
        read_sound(path, 3.0)
    assert caught.value.code == "outside-sound"
    assert "2.00 s long" in caught.value.message


def test_numbers_that_are_none_become_sound(tmp_path):
    with av.open(str(tmp_path / "bad.wav"), "w") as out:
        stream = out.add_stream("pcm_f32le", rate=16000, layout="mono")
        samples = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32).repeat(400, axis=1)
        frame = av.AudioFrame.from_ndarray(samples, "flt", "mono")
        frame.sample_rate, frame.pts = 16000, 0
        out.mux(stream.encode(frame))
    sound, _ = read_sound(tmp_path / "bad.wav")
    assert np.isfinite(sound).all()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("text.wav", b"This is a text.\n" * 40, "not-a-sound"),
        ("text.mp3", b"This is a text.\n" * 40, "not-a-sound"),
        ("text.txt", b"This is a text.\n" * 40, "no-sound"),
        ("empty.wav", b"", "file-empty"),
        ("noise.ogg", bytes(range(256)) * 8, "not-a-sound"),
    ],
)
def test_what_is_no_sound_is_told_in_words(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FacewrightError) as caught:
        read_sound(path)
    assert caught.value.code == code
    assert name in caught.value.message


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        read_sound(tmp_path / "none.wav")
    assert caught.value.code == "file-missing"
    with pytest.raises(FacewrightError) as caught:
        read_sound(tmp_path)
    assert caught.value.code == "not-a-sound"


def test_a_header_alone_holds_no_sound(tmp_path):
    path = write_wav(tmp_path / "head.wav", np.zeros(0))
    with pytest.raises(FacewrightError) as caught:
        read_sound(path)
    assert caught.value.code == "sound-damaged"


@pytest.mark.parametrize("name", ["a.flac", "a.mp3"])
def test_a_truncated_sound_is_heard_as_far_as_it_goes(tmp_path, name):
    codec = {"a.flac": "flac", "a.mp3": "libmp3lame"}[name]
    path = encode(tmp_path / name, codec, 44100, "mono")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with SoundFile(path) as file:
        samples = sum(map(len, file.blocks()))
        assert 0 < samples < LENGTH_S * SOUND_HZ
        assert "ends early" in file.problem
