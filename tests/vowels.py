# SPDX-License-Identifier: GPL-3.0-or-later
"""A wav that sounds a little like speech, made of nothing: vowels with silence between them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE_HZ = 16000
# Formants of "ah", "ee" and "oo", Hz (Peterson and Barney 1952, men), and their widths.
_FORMANTS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240))
_WIDTHS = (80, 100, 140)
_SOUND_S, _SILENCE_S = 0.3, 0.25


def write_vowels(path: Path, seconds: float = 6.0) -> Path:
    """Write 16 kHz mono, 16 bits: vowels of 0.3 s in turn, 0.25 s of silence after each."""
    parts, turn = [], 0
    while sum(map(len, parts)) < seconds * RATE_HZ:
        parts += [_vowel(_FORMANTS[turn % 3]), np.zeros(int(_SILENCE_S * RATE_HZ))]
        turn += 1
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes((np.concatenate(parts) * 20000).astype("<i2").tobytes())
    return path


def _vowel(formants: tuple[int, ...]) -> np.ndarray:
    """Harmonics of 120 Hz, each as strong as the formants let it be."""
    at = np.arange(int(_SOUND_S * RATE_HZ)) / RATE_HZ
    sound = np.zeros(len(at))
    for harmonic in range(1, 40):
        hz = 120 * harmonic
        resonances = zip(formants, _WIDTHS, strict=True)
        strength = sum(1 / (1 + ((hz - f) / w) ** 2) for f, w in resonances)
        sound += strength / harmonic**0.5 * np.sin(2 * np.pi * hz * at)
    edges = np.minimum(1.0, np.minimum(at, at[::-1]) / 0.03)
    return edges * sound / np.abs(sound).max()
