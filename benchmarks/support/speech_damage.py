# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to speech before anybody hears it: noise, rooms, telephones, other throats.

Every function takes float32 (N,) within -1..1 at 16 kHz and gives as many samples back, each sound
still at its own time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import signal
from scipy.linalg import solve_toeplitz

RATE_HZ = 16000
NOISE_DB = 10.0

Damage = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def mixed(speech: np.ndarray, other: np.ndarray, speech_over_other_db: float) -> np.ndarray:
    """Both together; the level of speech is that of its loud parts, pauses left out."""
    frames = speech[: len(speech) // 320 * 320].reshape(-1, 320)
    power = (frames**2).mean(1)
    loud = power[power > power.max() * 1e-3].mean()
    gain = np.sqrt(loud / (other**2).mean() / 10 ** (speech_over_other_db / 10))
    return _below_one(speech + gain * other)


def white(speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """White noise at 10 dB."""
    return mixed(speech, rng.standard_normal(len(speech)), NOISE_DB)


def pink(speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pink noise (power falls by 3 dB an octave) at 10 dB."""
    return mixed(speech, pink_noise(len(speech), rng), NOISE_DB)


def pink_noise(samples: int, rng: np.random.Generator) -> np.ndarray:
    """White noise whose spectrum is divided by the root of frequency."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hertz = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 20.0)), samples)


def music(speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Chords and drums under it at 10 dB."""
    return mixed(speech, tune(len(speech), rng), NOISE_DB)


def tune(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Four chords in turn, each tone with eight harmonics, and a drum on every beat."""
    time_s = np.arange(samples) / RATE_HZ
    beat_s = 60 / rng.uniform(90, 130)
    root_hz = 110 * 2 ** (rng.integers(0, 12) / 12)
    bar = (time_s / (4 * beat_s)).astype(int)
    sound = np.zeros(samples)
    # I, V, vi and IV in semitones: major, major, minor, major.
    chords = ((0, 4, 7), (7, 11, 14), (9, 12, 16), (5, 9, 12))
    for place, chord in enumerate(chords):
        heard = bar % 4 == place
        for tone in chord:
            for harmonic in range(1, 9):
                hertz = root_hz * 2 ** (tone / 12) * harmonic
                sound += heard * np.sin(2 * np.pi * hertz * time_s) / harmonic**1.5
    since_beat_s = time_s % beat_s
    second = (time_s / beat_s).astype(int) % 2 == 1
    kick = np.sin(2 * np.pi * 60 * since_beat_s) * np.exp(-since_beat_s / 0.08)
    snare = rng.standard_normal(samples) * np.exp(-since_beat_s / 0.05)
    return sound + 4 * np.where(second, snare, kick)


def babble(others: Sequence[np.ndarray]) -> Damage:
    """Six other people at 10 dB, drawn from recordings."""

    def damage(speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        crowd = np.zeros(len(speech))
        for place in rng.choice(len(others), 6, replace=False):
            voice = others[place]
            repeated = np.tile(voice, len(speech) // len(voice) + 2)
            start = rng.integers(len(voice))
            crowd += repeated[start : start + len(speech)] / (np.std(voice) + 1e-9)
        return mixed(speech, crowd, NOISE_DB)

    return damage


def telephone(speech: np.ndarray, _rng: np.random.Generator) -> np.ndarray:
    """8 kHz, 300 to 3400 Hz, the 8 bits of ITU-T G.711's mu law."""
    band = signal.butter(4, (300, 3400), "bandpass", fs=RATE_HZ, output="sos")
    narrow = signal.resample_poly(signal.sosfiltfilt(band, speech), 1, 2)
    narrow = narrow / (np.abs(narrow).max() + 1e-9)
    squeezed = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)
    coarse = np.round(squeezed * 127) / 127
    wide = np.sign(coarse) * np.expm1(np.abs(coarse) * np.log(256)) / 255
    return 0.7 * signal.resample_poly(wide, 2, 1)[: len(speech)]


def clipped(speech: np.ndarray, _rng: np.random.Generator) -> np.ndarray:
    """Ten times too loud for the recorder."""
    return np.clip(10 * speech / (np.abs(speech).max() + 1e-9), -1, 1) * 0.9


def room(speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A hall: noise that dies by 60 dB in 0.7 s, as loud in all as the direct sound."""
    time_s = np.arange(round(0.8 * RATE_HZ)) / RATE_HZ
    tail = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / 0.7)
    tail[: RATE_HZ // 200] = 0  # the walls are some steps away
    tail /= np.sqrt((tail**2).sum())
    return _below_one(speech + signal.fftconvolve(speech, tail)[: len(speech)])


def child(speech: np.ndarray, _rng: np.random.Generator) -> np.ndarray:
    """A throat shorter by a quarter: pitch and formants 1.25 times as high, as long as before."""
    return _below_one(_stretched(signal.resample_poly(speech, 4, 5), len(speech)))


def whispered(speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The throat's filter, found by linear prediction, filled with noise instead of a voice."""
    order, window, hop = 18, 480, 160
    shape = np.hanning(window)
    sound = np.zeros(len(speech) + window)
    for first in range(0, len(speech) - window, hop):
        frame = speech[first : first + window] * shape
        power = np.correlate(frame, frame, "full")[window - 1 : window + order]
        if power[0] < 1e-8:
            continue
        power[0] *= 1 + 1e-4
        prediction = solve_toeplitz(power[:-1], power[1:])
        left = max(power[0] - prediction @ power[1:], 0.0)
        noise = rng.standard_normal(window) * np.sqrt(left / window)
        said = signal.lfilter([1.0], np.concatenate([[1.0], -prediction]), noise)
        sound[first : first + window] += said * shape
    # Breath has no low tones.
    high = signal.butter(2, 200, "highpass", fs=RATE_HZ, output="sos")
    sound = signal.sosfilt(high, sound[: len(speech)])
    return 0.3 * sound / (np.abs(sound).max() + 1e-9)


def _stretched(speech: np.ndarray, samples: int) -> np.ndarray:
    """Longer at the same pitch: Verhelst and Roelands, WSOLA (ICASSP 1993)."""
    window, hop, reach = 480, 240, 120
    shape = signal.get_window("hann", window)
    factor = len(speech) / samples
    padded = np.concatenate([np.zeros(window), speech, np.zeros(2 * window)])
    sound, weight = np.zeros(samples + 2 * window), np.zeros(samples + 2 * window)
    previous = window
    for out in range(0, samples + window, hop):
        # The middles of pieces go to where they belong.
        wanted = window // 2 + round((out + window // 2) * factor) - reach
        wanted = min(max(wanted, 0), len(padded) - window - 2 * reach)
        # The piece that goes on best where the last one would have.
        follow = padded[previous : previous + window]
        near = padded[wanted : wanted + window + 2 * reach]
        if len(follow) == window and wanted + reach != previous:
            likeness = np.correlate(near, follow, "valid")
            energy = np.convolve(near**2, np.ones(window), "valid")
            best = wanted + int((likeness / np.sqrt(energy + 1e-6)).argmax())
        else:
            best = wanted + reach
        piece = padded[best : best + window]
        sound[out : out + window] += piece * shape
        weight[out : out + window] += shape
        previous = best + hop
    return (sound / np.maximum(weight, 1e-3))[:samples]


def _below_one(sound: np.ndarray) -> np.ndarray:
    return (sound / max(1.0, np.abs(sound).max() * 1.01)).astype(np.float32)


# In the order of the table; babble needs voices.
DAMAGES: dict[str, Damage] = {
    "white noise, 10 dB": white,
    "pink noise, 10 dB": pink,
    "music, 10 dB": music,
    "telephone, 8 kHz": telephone,
    "clipping, 20 dB over": clipped,
    "a hall": room,
    "a child": child,
    "whispered": whispered,
}
