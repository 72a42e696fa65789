# SPDX-License-Identifier: GPL-3.0-or-later
"""What captured motion is found by: how each moment of speech sounds."""

from __future__ import annotations

import numpy as np

from ...core.phones import PHONES
from ..features import BANDS

# So many bands of the spectrum are taken together.
_TOGETHER = 4
_SPECTRUM = BANDS // _TOGETHER
# How much spectrum, phones and movement count; not in the file, so that they can be improved.
_KEY_WEIGHTS = (0.15, 0.3, 1.0)


def sound_keys(features: np.ndarray, movements: np.ndarray) -> np.ndarray:
    """What retrieval compares sounds by: phones, spectrum, and the movement they make likely.

    Args:
        features: (T, 65), normal.
        movements: (T / 2, P), the network's answer to them.

    Returns:
        float32 (T / 2, D).
    """
    count = len(movements)
    padded = np.pad(features, ((0, 2 * count - len(features)), (0, 0)), mode="edge")
    pairs = padded.reshape(count, 2, -1).mean(axis=1)
    spectrum, phones = pairs[:, :BANDS], pairs[:, BANDS:]
    smooth = spectrum.reshape(count, _SPECTRUM, _TOGETHER).mean(axis=2)
    return np.hstack([smooth, np.clip(phones, -3, 3), movements]).astype(np.float32)


def weighted(keys: np.ndarray) -> np.ndarray:
    """Keys of which the distances say how unlike two steps sound: float32 (T, D)."""
    movements = keys.shape[1] - key_length(0)
    lengths = _SPECTRUM, len(PHONES), movements
    return keys * np.repeat(np.array(_KEY_WEIGHTS, np.float32), lengths)


def key_length(movements: int) -> int:
    """D of the keys of a network that makes so many movements."""
    return _SPECTRUM + len(PHONES) + movements
