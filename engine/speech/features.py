# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound to log-mel: how loud each band of hearing is, a hundred times a second.

The same numbers as ``librosa.feature.melspectrogram`` (a test compares them). librosa itself would
bring Numba, LLVM and scikit-learn with it, which is more than all the rest of the extension.
"""

from __future__ import annotations

import functools

import numpy as np

from ..core.sound import SOUND_HZ

FRAMES_HZ = 100
HOP = SOUND_HZ // FRAMES_HZ
WINDOW = 400  # 25 ms
FFT = 512
BINS = FFT // 2 + 1
BANDS = 40
LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0
# Frame t is centred on (t + 0.5) / 100 s.
LEAD = FFT // 2 - HOP // 2
# Quieter than any room: what digital silence is taken for.
FLOOR = 1e-8
_BLOCK = 4096


def frame_count(samples: int) -> int:
    """Frames in a sound of so many samples."""
    return samples // HOP


def power(sound: np.ndarray) -> np.ndarray:
    """Power spectra of a sound.

    Args:
        sound: float32 (N,), 16 kHz, within -1..1.

    Returns:
        float32 (N // 160, 257); frame t is centred on ``(t + 0.5) / 100`` s. What lies outside
        the sound is silence.
    """
    count = frame_count(len(sound))
    padded = np.zeros(count * HOP + FFT, np.float32)
    padded[LEAD : LEAD + len(sound)] = sound[: len(padded) - LEAD]
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP][:count]
    return spectra(frames)


def spectra(frames: np.ndarray) -> np.ndarray:
    """Power spectra float32 (T, 257) of stretches of sound (T, 512)."""
    found = np.empty((len(frames), BINS), np.float32)
    for first in range(0, len(frames), _BLOCK):
        rows = slice(first, first + _BLOCK)
        found[rows] = np.abs(np.fft.rfft(frames[rows] * _window())) ** 2
    return found


def log_mel(sound: np.ndarray) -> np.ndarray:
    """Log-mel bands of a sound: float32 (N // 160, 40), natural logarithm of power.

    Args:
        sound: float32 (N,), 16 kHz, within -1..1.
    """
    return log_bands(power(sound))


def log_bands(power_spectra: np.ndarray) -> np.ndarray:
    """Power spectra (T, 257) to log-mel bands float32 (T, 40)."""
    return np.log(power_spectra @ mel_filters() + FLOOR)


@functools.cache
def mel_filters(warp: float = 1.0) -> np.ndarray:
    """Triangular mel filters, float32 (257, 40), of equal area.

    Slaney, Auditory Toolbox (1998): linear below 1 kHz, logarithmic above.

    Args:
        warp: Moves all filters up in frequency by this factor, as if the throat were longer.
    """
    edges = _hz(np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2)) * warp
    hz = np.arange(BINS) * SOUND_HZ / FFT
    rising = (hz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0, np.minimum(rising, falling))
    return (filters * 2 / (edges[2:] - edges[:-2])).astype(np.float32)


@functools.cache
def _window() -> np.ndarray:
    window = np.zeros(FFT, np.float32)
    first = (FFT - WINDOW) // 2
    window[first : first + WINDOW] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return window


_KNEE_HZ, _KNEE_MEL = 1000.0, 15.0
_STEP = np.log(6.4) / 27


def _mel(hz):
    return np.where(
        hz < _KNEE_HZ,
        np.asarray(hz) * _KNEE_MEL / _KNEE_HZ,
        _KNEE_MEL + np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ) / _STEP,
    )


def _hz(mel):
    return np.where(
        mel < _KNEE_MEL,
        mel * _KNEE_HZ / _KNEE_MEL,
        _KNEE_HZ * np.exp((np.maximum(mel, _KNEE_MEL) - _KNEE_MEL) * _STEP),
    )
