# SPDX-License-Identifier: GPL-3.0-or-later
"""Troubles of the speech benchmark leave every sound at its own time."""

import numpy as np
import pytest

from benchmarks.support import speech_damage as damage

RATE = damage.RATE_HZ
BURSTS_S = ((0.2, 0.35), (0.6, 0.7), (0.9, 1.2))


@pytest.fixture(scope="module")
def speech():
    """A buzz that comes and goes, with a formant."""
    time_s = np.arange(round(1.5 * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * time_s) / k for k in range(1, 25))
    on = np.zeros(len(time_s))
    for start, end in BURSTS_S:
        on[round(start * RATE) : round(end * RATE)] = 1
    return (0.2 * buzz * on).astype(np.float32)


def _loudness(sound):
    return np.log10(
        (np.asarray(sound)[: len(sound) // 80 * 80].reshape(-1, 80) ** 2).mean(1) + 1e-5
    )


@pytest.mark.parametrize("name", [*damage.DAMAGES, "babble"])
def test_as_long_as_before_and_in_time(name, speech):
    others = [np.roll(speech, 3000 * n) for n in range(6)]
    kind = damage.DAMAGES.get(name) or damage.babble(others)
    hurt = np.asarray(kind(speech, np.random.default_rng(0)))
    assert hurt.shape == speech.shape
    assert np.isfinite(hurt).all() and np.abs(hurt).max() <= 1.0
    assert not np.allclose(hurt, speech, atol=1e-3)
    before, after = _loudness(speech), _loudness(hurt)
    likeness = [
        np.corrcoef(before[20:-20], np.roll(after, s)[20:-20])[0, 1] for s in range(-10, 11)
    ]
    assert abs(int(np.argmax(likeness)) - 10) <= 2  # hundredths are scored, these are 5 ms


def test_noise_is_so_many_decibels_below_the_speech(speech):
    noise = np.random.default_rng(0).standard_normal(len(speech))
    both = damage.mixed(0.1 * speech, noise, 10.0)
    left = both - 0.1 * speech
    loud = np.concatenate([0.1 * speech[round(a * RATE) : round(b * RATE)] for a, b in BURSTS_S])
    assert 10 * np.log10((loud**2).mean() / (left**2).mean()) == pytest.approx(10.0, abs=0.5)


def test_a_telephone_has_no_high_tones(speech):
    hurt = damage.telephone(speech, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(hurt)) ** 2
    hertz = np.fft.rfftfreq(len(hurt), 1 / RATE)
    assert power[hertz > 4200].sum() < 1e-3 * power.sum()
