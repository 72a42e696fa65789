# SPDX-License-Identifier: GPL-3.0-or-later
"""The network hears which phone is spoken: in recordings, and in sound as it arrives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.inference.onnx_session import OnnxModel
from ..core.phones import PHONES
from . import features
from .room import LiveRoom

# Frames that the live network's convolutions see of the past and of the future.
_PAST = 60
_AHEAD = 4
# Frames by which the live network's answer lags: it was taught to wait for what comes next.
LIVE_DELAY = 3


@dataclass(frozen=True)
class Heard:
    """What was heard in a recording, 100 times a second; frame t is at ``(t + 0.5) / 100`` s.

    Attributes:
        log_probs: float32 (T, 25), natural logarithm of each phone's probability.
        level_db: float32 (T,), power of the sound in decibels, full scale is 0.
        mel: float32 (T, 40), log-mel bands.
    """

    log_probs: np.ndarray
    level_db: np.ndarray
    mel: np.ndarray

    def __len__(self) -> int:
        return len(self.level_db)


def hear(network: OnnxModel, sound: np.ndarray) -> Heard:
    """What the network makes of a sound; ``pipeline.hear_file`` hears long recordings in pieces.

    Args:
        network: The model ``speech``.
        sound: float32 (N,), 16 kHz, within -1..1; any length, shorter than a frame gives none.
    """
    mel = features.log_mel(sound)
    found = _run(network, mel) if len(mel) else np.empty((0, len(PHONES)), np.float32)
    return Heard(found, level_db(sound), mel)


def level_db(sound: np.ndarray) -> np.ndarray:
    """Loudness of each frame: float32 (N // 160,), decibels below a full-scale square wave."""
    count = features.frame_count(len(sound))
    return _decibels((sound[: count * features.HOP].reshape(count, features.HOP) ** 2).mean(1))


class StreamHearing:
    """Hears sound as it arrives.

    What comes out lags behind what went in by ``delay_s``: the window of a frame, what the
    convolutions see ahead, a pair of frames, and the frames that the network was taught to wait.

    Args:
        network: The model ``speech_live``.
    """

    delay_s = ((features.FFT - features.LEAD) / features.HOP + _AHEAD + LIVE_DELAY) / 100

    def __init__(self, network: OnnxModel) -> None:
        self._session = network.session
        self._state = np.zeros(self._session.get_inputs()[1].shape, np.float32)
        self._sound = np.zeros(features.LEAD, np.float32)
        self._mel = np.full((_PAST, features.BANDS), np.log(features.FLOOR), np.float32)
        self._levels = np.empty(0, np.float32)
        self._waiting = LIVE_DELAY
        self._room = LiveRoom()

    def push(self, sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Hear some more.

        Args:
            sound: float32 (N,), 16 kHz, any number of samples.

        Returns:
            float32 (R, 25) log-probabilities and float32 (R,) levels of the R frames that became
            known, in order from the first frame of the stream on; R is often 0.
        """
        self._sound = np.concatenate([self._sound, sound])
        count = max(0, (len(self._sound) - features.FFT) // features.HOP + 1)
        if count:
            frames = np.lib.stride_tricks.sliding_window_view(self._sound, features.FFT)
            frames = frames[:: features.HOP][:count]
            self._levels = np.concatenate([self._levels, _frame_levels(frames)])
            spectra = features.spectra(frames)
            self._mel = np.concatenate([self._mel, features.log_bands(spectra)])
            self._sound = self._sound[count * features.HOP :]
        ready = (len(self._mel) - _PAST - _AHEAD) // 2 * 2
        if ready <= 0:
            return np.empty((0, len(PHONES)), np.float32), np.empty(0, np.float32)
        seen = self._mel[: ready + _PAST + _AHEAD]
        found, self._state = self._session.run(None, {"mel": seen[None], "state": self._state})
        self._mel = self._mel[ready:]
        # The first answers are about what was before the first frame.
        skipped = min(self._waiting, ready)
        self._waiting -= skipped
        found = found[0, skipped:]
        levels, self._levels = self._levels[: len(found)], self._levels[len(found) :]
        return self._room.push(found, levels), levels


def _frame_levels(frames: np.ndarray) -> np.ndarray:
    """The same from windows (T, 512): of the 10 ms in their middle."""
    return _decibels((frames[:, features.LEAD : features.LEAD + features.HOP] ** 2).mean(1))


def _decibels(power: np.ndarray) -> np.ndarray:
    return (10 * np.log10(power + 1e-10)).astype(np.float32)


def _run(network: OnnxModel, mel: np.ndarray) -> np.ndarray:
    """The network takes frames by pairs; an odd last one is heard twice."""
    odd = len(mel) % 2
    padded = np.concatenate([mel, mel[-1:]]) if odd else mel
    return network.run(padded[None])[0][0, : len(mel)]
