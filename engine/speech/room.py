# SPDX-License-Identifier: GPL-3.0-or-later
"""Where only the room is heard, nobody speaks.

Breath, hiss and a camera's hum sound like f, t and p to a network that learned from clean voices.
How loud a recording's room is can be told from the recording: its quietest moments are the room.
"""

from __future__ import annotations

import numpy as np

from ..core.phones import INDEX

# Quieter than this above the room is the room, with a slope below.
_SPAN_DB = 12.0
# Where the loudest and the quietest differ by less there may be no pause to know the room from.
_CONTRAST_DB = 15.0
_ROOM_PERCENT, _VOICE_PERCENT = 5, 95
# A stop between vowels is quiet, too, but not for so long: 60 ms to each side.
_REACH = 6
# What it adds to silence, as a natural logarithm.
_WEIGHT = 4.0
# For sound as it arrives: what is remembered of the room, and from when on it is known.
_MEMORY, _KNOWN = 2000, 300


def against_room(log_probs: np.ndarray, level_db: np.ndarray) -> np.ndarray:
    """Probabilities that know the room of their recording.

    Args:
        log_probs: float32 (T, 25) of the network.
        level_db: float32 (T,), of the same frames.

    Returns:
        float32 (T, 25), natural logarithms that sum to one again.
    """
    if not len(level_db):
        return log_probs
    around = np.pad(level_db, _REACH, mode="edge")
    loudest = np.lib.stride_tricks.sliding_window_view(around, 2 * _REACH + 1).max(1)
    return _silenced(log_probs, loudest, *_span(loudest))


class LiveRoom:
    """The same for sound as it arrives, from what was heard so far."""

    def __init__(self) -> None:
        self._loudest = np.empty(0, np.float32)
        self._levels = np.full(2 * _REACH, -np.inf, np.float32)

    def push(self, log_probs: np.ndarray, level_db: np.ndarray) -> np.ndarray:
        """The next frames' probabilities, float32 (R, 25); see ``against_room``."""
        if not len(level_db):
            return log_probs
        around = np.concatenate([self._levels, level_db])
        self._levels = around[-2 * _REACH :]
        # The future is not known: the past reaches twice as far instead.
        loudest = np.lib.stride_tricks.sliding_window_view(around, 2 * _REACH + 1).max(1)
        self._loudest = np.concatenate([self._loudest, loudest])[-_MEMORY:]
        if len(self._loudest) < _KNOWN:
            return log_probs
        return _silenced(log_probs, loudest, *_span(self._loudest))


def _span(loudest: np.ndarray) -> tuple[float, float]:
    room, voice = np.percentile(loudest, [_ROOM_PERCENT, _VOICE_PERCENT])
    return float(room), float(voice)


def _silenced(
    log_probs: np.ndarray, loudest: np.ndarray, room_db: float, voice_db: float
) -> np.ndarray:
    if voice_db - room_db < _CONTRAST_DB:
        return log_probs
    near = np.clip(2 * (room_db + _SPAN_DB - loudest) / _SPAN_DB, 0, 1)
    weighed = log_probs.copy()
    weighed[:, INDEX["sil"]] += _WEIGHT * near
    return weighed - np.log(np.exp(weighed).sum(1, keepdims=True))
