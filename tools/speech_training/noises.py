# SPDX-License-Identifier: GPL-3.0-or-later
"""What is heard without anybody speaking: music, machines, rooms, breath, hands.

All of it is computed: no recording is needed, and every seed is another one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import fftconvolve, lfilter

from .timed import Segment, Speech

RATE_HZ = 16_000
_SECONDS = 6.0
_SAMPLES = round(RATE_HZ * _SECONDS)
# Semitones of the scales that tunes keep to.
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10), (0, 2, 4, 7, 9))

Noise = Callable[[np.random.Generator], np.ndarray]


def make(kind: str, seed: int) -> Speech:
    """Some seconds of one kind of ``KINDS``, as speech that is all silence."""
    draw = np.random.default_rng([seed, sum(map(ord, kind))])
    sound = KINDS[kind](draw)[:_SAMPLES]
    sound = sound / max(np.abs(sound).max(), 1e-9) * 10 ** draw.uniform(-1.3, -0.1)
    segments = [Segment(".", 0.0, len(sound) / RATE_HZ)]
    return Speech(sound.astype(np.float32), RATE_HZ, segments, f"noise {kind}", "", "")


def _tune(draw: np.random.Generator) -> np.ndarray:
    """A bar that goes on: chords, a bass, a melody, drums, each there or not."""
    beat = RATE_HZ * 60 / draw.uniform(60, 180)
    scale, root = _SCALES[draw.integers(len(_SCALES))], draw.uniform(45, 57)

    def hz(step: int) -> float:
        note = root + 12 * (step // len(scale)) + scale[step % len(scale)]
        return 440 * 2 ** ((note - 69) / 12)

    sound = np.zeros(_SAMPLES + RATE_HZ * 4)
    parts = draw.random(4) < (0.7, 0.6, 0.7, 0.6)
    if not parts.any():
        parts[draw.integers(3)] = True
    beats = int(_SAMPLES / beat) + 1
    players = [_player(draw) for _ in range(3)]
    for index in range(beats):
        at = int(index * beat)
        if parts[0] and index % 4 == 0:
            first = int(draw.integers(0, 7))
            for step in (first, first + 2, first + 4):
                _add(sound, at, 0.5 * players[0](hz(step + 7), 4 * beat / RATE_HZ))
        if parts[1] and draw.random() < 0.8:
            _add(sound, at, players[1](hz(int(draw.integers(0, 5))), beat / RATE_HZ))
        if parts[2]:
            for half in range(int(draw.integers(0, 5))):
                start = at + int(half * beat / 4)
                length = draw.uniform(0.2, 1.5) * beat / RATE_HZ
                _add(sound, start, players[2](hz(int(draw.integers(7, 22))), length))
        if parts[3]:
            _add(sound, at, _drum(draw, index))
            _add(sound, at + int(beat / 2), 0.5 * _drum(draw, 3))
    return sound[:_SAMPLES]


def _player(draw: np.random.Generator) -> Callable[[float, float], np.ndarray]:
    """An instrument: tones of some spectrum, attack, decay and vibrato, or plucked strings."""
    if draw.random() < 0.25:
        return lambda hz, seconds: _plucked(draw, hz, seconds)
    slope, odd = draw.uniform(0.3, 2.5), draw.random() < 0.3
    attack, decay = 10 ** draw.uniform(-2.7, -0.7), 10 ** draw.uniform(-1, 0.7)
    wobble, deep = draw.uniform(4, 7), draw.uniform(0, 0.012) * (draw.random() < 0.5)
    bend = draw.uniform(0, 4) * (draw.random() < 0.3)

    def play(hz: float, seconds: float) -> np.ndarray:
        times = np.arange(round(RATE_HZ * (seconds + 0.15))) / RATE_HZ
        phase = 2 * np.pi * hz * (times + deep / wobble * np.sin(2 * np.pi * wobble * times))
        phase = phase + bend * np.sin(2 * phase) * np.exp(-times / decay)
        numbers = np.arange(1, max(2, min(24, int(7500 / hz))), 2 if odd else 1)
        tone = sum(np.sin(k * phase) * k**-slope for k in numbers)
        rise = 1 - np.exp(-times / attack)
        return tone * rise * np.exp(-times / decay) * np.clip((seconds + 0.15 - times) / 0.1, 0, 1)

    return play


def _plucked(draw: np.random.Generator, hz: float, seconds: float) -> np.ndarray:
    """A string after Karplus and Strong (1983): noise that goes round and is smoothed."""
    period = max(2, round(RATE_HZ / hz))
    burst = np.zeros(round(RATE_HZ * (seconds + 0.2)))
    burst[:period] = draw.normal(size=period)[: len(burst)]
    loop = np.zeros(period + 2)
    loop[0], loop[period], loop[period + 1] = 1, -0.498, -0.498
    return lfilter([1.0], loop, burst)


def _drum(draw: np.random.Generator, index: int) -> np.ndarray:
    times = np.arange(round(RATE_HZ * 0.25)) / RATE_HZ
    if index % 4 == 0:
        return (
            3
            * np.sin(2 * np.pi * (50 * times + 4 * (1 - np.exp(-times / 0.02))))
            * np.exp(-times / 0.08)
        )
    noise = draw.normal(size=len(times))
    if index % 2 == 0:
        return noise * np.exp(-times / 0.06)
    return np.diff(noise, prepend=0) * np.exp(-times / 0.02)


def _breath(draw: np.random.Generator) -> np.ndarray:
    """Air through a throat, in and out, with lips and tongue that smack between."""
    noise = draw.normal(size=_SAMPLES)
    for hz in (draw.uniform(400, 900), draw.uniform(1000, 2200), draw.uniform(2300, 3800)):
        wide = draw.uniform(0.90, 0.97)
        turn = 2 * wide * np.cos(2 * np.pi * hz / RATE_HZ)
        noise = noise + 0.5 * lfilter([1 - wide], [1, -turn, wide**2], noise)
    level = np.zeros(_SAMPLES)
    at = int(draw.uniform(0, RATE_HZ))
    while at < _SAMPLES:
        length = round(RATE_HZ * draw.uniform(0.15, 0.9))
        hump = np.hanning(length) ** draw.uniform(0.5, 2) * draw.uniform(0.2, 1)
        _add(level, at, hump)
        at += length + round(RATE_HZ * draw.uniform(0.2, 1.5))
    smacks = np.zeros(_SAMPLES)
    for place in draw.integers(0, _SAMPLES, draw.integers(0, 8)):
        length = round(RATE_HZ * draw.uniform(0.005, 0.03))
        _add(smacks, int(place), draw.normal(size=length) * np.exp(-np.arange(length) / length * 4))
    return noise * level + smacks * draw.uniform(0, 2) + 0.003 * draw.normal(size=_SAMPLES)


def _machine(draw: np.random.Generator) -> np.ndarray:
    """A fan, a hum of the mains, an engine: steady lines in noise."""
    times = np.arange(_SAMPLES) / RATE_HZ
    base = draw.choice([50.0, 60.0, draw.uniform(25, 220)])
    turning = base * (
        times + draw.uniform(0, 0.05) * np.sin(2 * np.pi * draw.uniform(0.1, 1) * times)
    )
    lines = sum(
        draw.uniform(0, 1) / k * np.sin(2 * np.pi * k * turning + draw.uniform(0, 6))
        for k in range(1, 20)
    )
    return lines * draw.uniform(0, 1) + draw.uniform(0.1, 1) * _coloured(draw)


def _hands(draw: np.random.Generator) -> np.ndarray:
    """Keys, steps, claps, doors: short knocks that ring."""
    sound = np.zeros(_SAMPLES + RATE_HZ)
    for place in np.sort(draw.integers(0, _SAMPLES, draw.integers(4, 60))):
        times = np.arange(round(RATE_HZ * draw.uniform(0.02, 0.3))) / RATE_HZ
        fade = np.exp(-times / draw.uniform(0.002, 0.06))
        ring = np.sin(2 * np.pi * draw.uniform(80, 5000) * times) * draw.uniform(0, 1)
        knock = (draw.normal(size=len(times)) + ring * 2) * fade
        _add(sound, int(place), knock * draw.uniform(0.2, 1))
    room = draw.normal(size=4000) * np.exp(-np.arange(4000) / draw.uniform(200, 1500))
    echo = fftconvolve(sound, room)[:_SAMPLES]
    return sound[:_SAMPLES] + echo * draw.uniform(0, 0.2) + 0.002 * _coloured(draw)


def _coloured(draw: np.random.Generator) -> np.ndarray:
    """Noise whose spectrum falls or rises, in gusts: wind, rain, a room."""
    spectrum = np.fft.rfft(draw.normal(size=_SAMPLES))
    hz = np.fft.rfftfreq(_SAMPLES, 1 / RATE_HZ)
    noise = np.fft.irfft(spectrum * (hz + 30) ** draw.uniform(-1.2, 0.4), _SAMPLES)
    knots = np.exp(draw.normal(size=int(_SECONDS * 3) + 2) * draw.uniform(0, 0.8))
    gusts = np.interp(np.arange(_SAMPLES), np.linspace(0, _SAMPLES, len(knots)), knots)
    return noise / noise.std() * gusts


def _add(sound: np.ndarray, at: int, part: np.ndarray) -> None:
    room = len(sound) - at
    if room > 0:
        sound[at : at + len(part)] += part[:room]


KINDS: dict[str, Noise] = {
    "tune": _tune,
    "breath": _breath,
    "machine": _machine,
    "hands": _hands,
    "weather": _coloured,
}
