# SPDX-License-Identifier: GPL-3.0-or-later
"""The melody of speech: how high the voice is, a hundred times a second.

The autocorrelation of each stretch, divided by that of its window, is highest at the period of
the voice (Boersma 1993, "Accurate short-term analysis of the fundamental frequency").
"""

from __future__ import annotations

import functools

import numpy as np

from ..core.sound import SOUND_HZ

PITCH_HZ = 100
LOWEST_HZ, HIGHEST_HZ = 65.0, 450.0
# Every fourth sample is enough for a voice's pitch.
_THIN = 4
_THIN_HZ = SOUND_HZ // _THIN
_HOP = SOUND_HZ // PITCH_HZ
# Three periods of the lowest voice.
_WINDOW = round(3 / LOWEST_HZ * _THIN_HZ)
_FFT = 512
_LAGS = np.arange(int(_THIN_HZ / HIGHEST_HZ), int(_THIN_HZ / LOWEST_HZ) + 2)
# A voice repeats itself at least this well.
_VOICED = 0.5
# Of two periods the shorter one is believed, unless the longer one is better by this much.
_PER_OCTAVE = 0.03
# Frames that are measured at once.
_BATCH = 1024
# What is so far below the loudest is not a voice, power.
_QUIET = 1e-4


class PitchMeter:
    """Measures pitch while the sound comes in blocks."""

    def __init__(self) -> None:
        # Half a window of silence: the first value is centred on the middle of its 10 ms.
        self._waiting = np.zeros(_WINDOW * _THIN // 2 - _HOP // 2, np.float32)
        self._pitch: list[np.ndarray] = []
        self._power: list[np.ndarray] = []
        self._samples = 0

    def push(self, sound: np.ndarray) -> None:
        """The next samples, float32 (n,), 16 kHz."""
        self._samples += len(sound)
        self._waiting = np.concatenate([self._waiting, sound])
        count = (len(self._waiting) - _WINDOW * _THIN) // _HOP + 1
        if count > 0:
            self._measure(count)

    def result(self) -> np.ndarray:
        """Hz, float32 (T,), NaN where there is no voice; value t is at ``(t + 0.5) / 100`` s."""
        left = self._samples // _HOP - sum(map(len, self._pitch))
        if left > 0:
            self._waiting = np.concatenate(
                [self._waiting, np.zeros(_WINDOW * _THIN + left * _HOP, np.float32)]
            )
            self._measure(left)
        if not self._pitch:
            return np.empty(0, np.float32)
        pitch, power = np.concatenate(self._pitch), np.concatenate(self._power)
        loud = np.percentile(power, 95) if len(power) else 0.0
        pitch[power <= _QUIET * loud] = np.nan
        return _without_slips(pitch)

    def _measure(self, count: int) -> None:
        thin = self._waiting[: ((count - 1) * _HOP + _WINDOW * _THIN) // _THIN * _THIN]
        thin = thin.reshape(-1, _THIN).mean(axis=1)
        frames = np.lib.stride_tricks.sliding_window_view(thin, _WINDOW)[:: _HOP // _THIN][:count]
        for low in range(0, count, _BATCH):
            pitch, power = _pitch_of(frames[low : low + _BATCH])
            self._pitch.append(pitch)
            self._power.append(power)
        self._waiting = self._waiting[count * _HOP :]


def _pitch_of(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hz and power of frames, float (n, _WINDOW) at 4 kHz; NaN where nothing repeats."""
    centred = frames - frames.mean(axis=1, keepdims=True)
    spectra = np.fft.rfft(centred * _window(), _FFT)
    likeness = np.fft.irfft(np.abs(spectra) ** 2)
    power = likeness[:, 0].astype(np.float32)
    likeness = likeness[:, _LAGS[0] - 1 : _LAGS[-1] + 2] / np.maximum(likeness[:, :1], 1e-12)
    likeness /= _window_likeness()[_LAGS[0] - 1 : _LAGS[-1] + 2]
    left, inner, right = likeness[:, :-2], likeness[:, 1:-1], likeness[:, 2:]
    peak = (inner >= left) & (inner > right)
    # A parabola through three values: short periods lie between two samples.
    bend = np.minimum(left - 2 * inner + right, -1e-9)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    height = inner - 0.25 * (left - right) * shift
    worth = np.where(peak, height - _PER_OCTAVE * np.log2(_LAGS / _LAGS[0]), -np.inf)
    best = worth.argmax(axis=1)
    rows = np.arange(len(frames))
    hz = _THIN_HZ / (_LAGS[best] + shift[rows, best])
    voiced = np.isfinite(worth[rows, best]) & (height[rows, best] > _VOICED)
    return np.where(voiced, hz, np.nan).astype(np.float32), power


def _without_slips(pitch: np.ndarray) -> np.ndarray:
    """Values that leap an octave away from those around them are taken out."""
    if len(pitch) < 5:
        return pitch
    around = np.lib.stride_tricks.sliding_window_view(np.pad(pitch, 4, mode="edge"), 9)
    enough = np.isfinite(around).sum(axis=1) >= 4
    usual = np.full(len(pitch), np.nan)
    usual[enough] = np.nanmedian(around[enough], axis=1)
    with np.errstate(invalid="ignore"):
        far = np.abs(np.log2(pitch / usual)) > 0.4
    return np.where(far | ~enough, np.nan, pitch).astype(np.float32)


@functools.cache
def _window() -> np.ndarray:
    return np.hanning(_WINDOW).astype(np.float32)


@functools.cache
def _window_likeness() -> np.ndarray:
    likeness = np.fft.irfft(np.abs(np.fft.rfft(_window(), _FFT)) ** 2)
    return np.maximum(likeness / likeness[0], 0.05)
