# SPDX-License-Identifier: GPL-3.0-or-later
"""What the performer's network hears: log-mel bands and what the general network makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.phones import PHONES
from ..features import BANDS

COUNT = BANDS + len(PHONES)
# Frames louder than this share of all tell how the microphone sounds; a pause tells of the room.
_LOUD = 0.5


@dataclass(frozen=True)
class Normal:
    """Brings features to mean 0 and deviation 1.

    Attributes:
        mean, deviation: float32 (65,).
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def learn(cls, features: np.ndarray) -> Normal:
        """From all features of the training, (T, 65)."""
        deviation = np.maximum(features.std(axis=0), 1e-2)
        return cls(features.mean(axis=0).astype(np.float32), deviation.astype(np.float32))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Normal features, float32, of the same shape."""
        return ((features - self.mean) / self.deviation).astype(np.float32)


def features_of(mel: np.ndarray, log_probs: np.ndarray) -> np.ndarray:
    """Features of a recording, not yet normal.

    The recording's own mean spectrum is taken off, so that another microphone, distance or volume
    than that of the training sounds alike.

    Args:
        mel: (T, 40), ``features.log_mel``.
        log_probs: (T, 25), ``Heard.log_probs``.

    Returns:
        float32 (T, 65).
    """
    count = min(len(mel), len(log_probs))
    mel, log_probs = mel[:count], log_probs[:count]
    if not count:
        return np.zeros((0, COUNT), np.float32)
    loudness = mel.mean(axis=1)
    loud = mel[loudness >= np.quantile(loudness, _LOUD)]
    # Probabilities rather than their logarithms: what is surely not spoken is all the same.
    return np.hstack([mel - loud.mean(axis=0), np.exp(log_probs)]).astype(np.float32)
