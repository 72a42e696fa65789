# SPDX-License-Identifier: GPL-3.0-or-later
"""One captured recording of a performer: what was heard, and what lips and jaw did meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.types import FaceTrack
from .inputs import features_of
from .lips import CHANNELS
from .net import STRIDE

STEP_S = STRIDE / 100
# Between frames farther apart than this nothing is known.
_FARTHEST_S = 0.1


@dataclass(frozen=True)
class Recording:
    """Sound and motion on one clock.

    Attributes:
        name: For the person.
        mel: float32 (T, 40), 100 a second, frame t at ``(t + 0.5) / 100`` s.
        log_probs: float32 (T, 25), ``Heard.log_probs``.
        time_s: float64 (N,), seconds of the sound of each captured frame, increasing.
        weights: float32 (N, 27), what was captured, in the order of ``lips.CHANNELS``; finite.
        trust: float32 (N, 27), 0..1.
    """

    name: str
    mel: np.ndarray
    log_probs: np.ndarray
    time_s: np.ndarray
    weights: np.ndarray
    trust: np.ndarray

    @classmethod
    def of_track(
        cls, name: str, mel: np.ndarray, log_probs: np.ndarray, track: FaceTrack, sound_s: float
    ) -> Recording:
        """From a take's values; frames without a face are left out.

        Args:
            sound_s: Seconds of the take at which the sound begins.
        """
        seen = track.valid & np.isfinite(track.weights).all(axis=1)
        trust = np.nan_to_num(track.channel_confidence[seen][:, CHANNELS]).astype(np.float32)
        return cls(
            name,
            mel,
            log_probs,
            track.time_s[seen] - sound_s,
            track.weights[seen][:, CHANNELS].astype(np.float32),
            trust,
        )

    @property
    def length_s(self) -> float:
        """Seconds of sound."""
        return len(self.mel) / 100

    def features(self) -> np.ndarray:
        """Of the whole recording, for ``inputs.Normal``; an even number of frames."""
        features = features_of(self.mel, self.log_probs)
        return features[: len(features) // STRIDE * STRIDE]

    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights and trust at each step of the network, float32 (T / 2, 27) each."""
        times = step_times(len(self.mel) // STRIDE)
        if not len(self.time_s):
            nothing = np.zeros((len(times), len(CHANNELS)), np.float32)
            return nothing, nothing.copy()
        weights = sampled(self.time_s, self.weights, times)
        trust = sampled(self.time_s, self.trust, times)
        after = np.searchsorted(self.time_s, times)
        low = self.time_s[np.maximum(after - 1, 0)]
        high = self.time_s[np.minimum(after, len(self.time_s) - 1)]
        known = (times >= self.time_s[0]) & (times <= self.time_s[-1])
        trust[~known | (high - low > _FARTHEST_S)] = 0
        return weights, trust


def step_times(count: int) -> np.ndarray:
    """Seconds of the network's steps, float64 (count,)."""
    return (np.arange(count) + 0.5) * STEP_S


def sampled(time_s: np.ndarray, rows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Rows at other times, float32, straight between neighbours and constant beyond the ends."""
    columns = [np.interp(times, time_s, column) for column in rows.T]
    return np.stack(columns, axis=1).astype(np.float32)
