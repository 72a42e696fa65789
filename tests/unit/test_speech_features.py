# SPDX-License-Identifier: GPL-3.0-or-later
"""Log-mel bands are librosa's, at the times that they say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.speech import features


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).normal(size=20_000).astype(np.float32) * 0.1


def test_bands_are_those_of_librosa(noise):
    librosa = pytest.importorskip("librosa")
    theirs = librosa.feature.melspectrogram(
        y=np.pad(noise, (features.LEAD, features.FFT)),
        sr=features.SOUND_HZ,
        n_fft=features.FFT,
        hop_length=features.HOP,
        win_length=features.WINDOW,
        center=False,
        n_mels=features.BANDS,
        fmin=features.LOWEST_HZ,
        fmax=features.HIGHEST_HZ,
    ).T
    ours = features.log_mel(noise)
    np.testing.assert_allclose(ours, np.log(theirs[: len(ours)] + features.FLOOR), atol=1e-4)


def test_a_click_is_loudest_in_its_own_frame():
    sound = np.zeros(16_000, np.float32)
    sound[8000 + 80] = 1.0  # the middle of frame 50
    assert features.power(sound).sum(1).argmax() == 50


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 161, 799])
def test_short_sounds_have_as_many_frames_as_fit(samples):
    assert features.log_mel(np.zeros(samples, np.float32)).shape == (samples // 160, 40)


def test_silence_is_finite():
    assert np.isfinite(features.log_mel(np.zeros(1600, np.float32))).all()
