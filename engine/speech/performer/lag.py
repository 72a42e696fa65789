# SPDX-License-Identifier: GPL-3.0-or-later
"""How late the picture is behind the sound, by the jaw; otherwise that would be learned, too."""

from __future__ import annotations

import numpy as np

from ...core.arkit import INDEX
from ..decode import decode
from ..hearing import Heard
from ..mouth import curves
from .lips import CHANNEL_NAMES
from .recording import Recording, sampled

# Cameras and recorders differ by less.
_FARTHEST_S = 0.3
# What moves more slowly than this is mood and pauses, and says nothing of the moment.
_SLOW_S = 0.5
# Below this correlation sound and picture are not seen to belong together.
_LEAST = 0.1
# A smaller offset is not distinguished from how a performer speaks: jaws lead by some hundredths.
_SMALLEST_S = 0.04
_RATE_HZ = 100
_JAW = CHANNEL_NAMES.index("jawOpen")


def find_lag(recordings: list[Recording]) -> float:
    """Seconds by which the picture is late, in all recordings alike; 0 where that is not clear.

    The correlation of the captured jaw with the general model's, both without their slow part.
    """
    steps = round(_FARTHEST_S * _RATE_HZ)
    lags = np.arange(-steps, steps + 1)
    both, ours, theirs = np.zeros(len(lags)), np.zeros(len(lags)), 0.0
    for one in recordings:
        if len(one.time_s) < 2:
            continue
        cues = decode(Heard(one.log_probs, np.zeros(len(one.mel), np.float32), one.mel))
        count = int((one.time_s[-1] - one.time_s[0]) * _RATE_HZ)
        if not count or not cues:
            continue
        times = one.time_s[0] + np.arange(-steps, count + steps) / _RATE_HZ
        jaw = _quick(
            sampled(one.time_s, one.weights[:, [_JAW]], times[steps : steps + count])[:, 0]
        )
        said = _quick(curves(cues, times)[:, INDEX["jawOpen"]])
        theirs += float(jaw @ jaw)
        for number, lag in enumerate(lags):
            part = said[steps - lag : steps - lag + count]
            both[number] += part @ jaw
            ours[number] += part @ part
    likeness = both / np.sqrt(np.maximum(ours * theirs, 1e-12))
    best = int(likeness.argmax())
    lag_s = float(lags[best]) / _RATE_HZ
    return lag_s if likeness[best] >= _LEAST and abs(lag_s) >= _SMALLEST_S - 1e-9 else 0.0


def _quick(values: np.ndarray) -> np.ndarray:
    """Without what changes slowly."""
    half = round(_SLOW_S * _RATE_HZ / 2)
    padded = np.pad(values, half, mode="edge")
    return values - np.convolve(padded, np.ones(2 * half + 1) / (2 * half + 1), "valid")
