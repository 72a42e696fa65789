# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped networks hear: the same in pieces as at once, and what a voice says."""

from __future__ import annotations

import wave

import numpy as np
import pytest

from engine.core.inference.onnx_session import open_model
from engine.core.phones import PHONES
from engine.models.catalog import model_path
from engine.pipeline.hear_file import hear_pieces
from engine.speech import features
from engine.speech.hearing import StreamHearing, hear
from engine.speech.live_voice import LiveVoice
from tests.vowels import write_vowels


@pytest.fixture(scope="module")
def network():
    return open_model(model_path("speech"), "cpu")


@pytest.fixture(scope="module")
def live_network():
    return open_model(model_path("speech_live"), "cpu")


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """5 s of a buzz whose formants move, and noise: not speech, but like it."""
    times = np.arange(5 * features.SOUND_HZ) / features.SOUND_HZ
    buzz = np.sign(np.sin(2 * np.pi * 120 * times)) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * times))
    noise = np.random.default_rng(3).normal(size=len(times))
    return (0.1 * buzz + 0.01 * noise).astype(np.float32)


@pytest.mark.parametrize("samples", [0, 100, 160, 480, 799, 16_000])
def test_any_length_has_a_row_a_frame(network, sound, samples):
    heard = hear(network, sound[:samples])
    assert heard.log_probs.shape == (samples // 160, len(PHONES))
    assert len(heard.mel) == len(heard.level_db) == samples // 160
    assert np.isfinite(heard.log_probs).all()


def test_pieces_are_heard_like_the_whole(network, sound):
    long = np.concatenate([sound] * 4)
    blocks = [long[i : i + 48_000] for i in range(0, len(long), 48_000)]
    whole, pieces = hear_pieces(network, [long]), hear_pieces(network, blocks)
    # The recurrence remembers longer than the 2 s that pieces share, so not to the last digit.
    apart = np.abs(np.exp(pieces.log_probs) - np.exp(whole.log_probs))
    assert apart.mean() < 0.01
    np.testing.assert_array_equal(pieces.mel[200:-200], whole.mel[200:-200])


def test_silence_is_silence(network):
    heard = hear(network, np.zeros(16_000, np.float32))
    assert (heard.log_probs.argmax(1) == 0).all()


@pytest.mark.parametrize("packet", [37, 160, 480, 3000])
def test_the_size_of_packets_makes_no_difference(live_network, sound, packet):
    def rows(size: int) -> tuple[np.ndarray, np.ndarray]:
        stream = StreamHearing(live_network)
        parts = [stream.push(sound[i : i + size]) for i in range(0, len(sound), size)]
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))

    probs, levels = rows(packet)
    all_probs, all_levels = rows(len(sound))
    # The network's sums round differently for other lengths; the room is known after 3 s.
    known = slice(0, 290)
    np.testing.assert_allclose(np.exp(probs[known]), np.exp(all_probs[known]), atol=2e-3)
    np.testing.assert_allclose(levels, all_levels[: len(levels)], atol=1e-3)


def test_live_lags_as_long_as_it_says(live_network, sound):
    stream = StreamHearing(live_network)
    heard = sum(len(stream.push(sound[i : i + 160])[0]) for i in range(0, 32_000, 160))
    # Frames come by pairs, so it may be one more.
    assert abs((2.0 - heard / 100) - stream.delay_s) <= 0.02


@pytest.mark.parametrize("pause", ["digital silence", "hiss", "hum"])
def test_who_stops_speaking_live_closes_the_mouth(live_network, tmp_path, pause):
    cut_s = 0.9
    with wave.open(str(write_vowels(tmp_path / "v.wav", 2.0))) as file:
        voice = np.frombuffer(file.readframes(file.getnframes()), "<i2") / np.float32(32768)
    times = np.arange(2 * features.SOUND_HZ) / features.SOUND_HZ
    room = {
        "digital silence": 0 * times,
        "hiss": 1e-3 * np.random.default_rng(1).normal(size=len(times)),
        "hum": 1e-3 * np.sin(2 * np.pi * 50 * times),
    }[pause]
    # A sound that is cut off in the middle, and then nothing.
    said = np.concatenate([voice[: round(cut_s * features.SOUND_HZ)], room]).astype(np.float32)
    stream, told = LiveVoice(live_network), []
    for first in range(0, len(said), 800):
        told += stream.push(said[first : first + 800], (first + 800) / features.SOUND_HZ)
    assert max(weights.max() for time_s, weights in told if time_s < cut_s) > 0.1
    assert max(weights.max() for time_s, weights in told if time_s > cut_s + 1.0) < 0.02
