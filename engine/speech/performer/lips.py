# SPDX-License-Identifier: GPL-3.0-or-later
"""The lips and jaw of one performer as a few movements that go together ("eigen lips").

Principal components of the captured weights, each channel scaled by how far it moves: Bregler and
Konig, "Eigenlips for robust speech recognition" (1994), over weights instead of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.arkit import NAMES, REGION_INDICES

# What speech moves and a camera sees. The tongue is left to the general model.
CHANNELS = (*REGION_INDICES["jaw"], *REGION_INDICES["mouth"])
CHANNEL_NAMES = tuple(NAMES[index] for index in CHANNELS)
# Share of the scaled variance that is kept.
_KEPT = 0.99
# A channel that moves less than this counts as if it moved so much: its motion is noise.
_STILL = 0.02


@dataclass(frozen=True)
class EigenLips:
    """The movements of one performer.

    Attributes:
        mean: float32 (27,), mean weights, in the order of ``CHANNELS``.
        scale: float32 (27,), what each channel was divided by.
        basis: float32 (P, 27), orthonormal rows, the largest movement first, of scaled channels.
        reach: float32 (2, 27), the lowest and the highest weight that was captured.
    """

    mean: np.ndarray
    scale: np.ndarray
    basis: np.ndarray
    reach: np.ndarray

    @classmethod
    def learn(cls, weights: np.ndarray) -> EigenLips:
        """The movements in captured weights (T, 27), finite; T at least 2."""
        mean = weights.mean(axis=0)
        scale = np.maximum(weights.std(axis=0), _STILL)
        _, strength, rows = np.linalg.svd(
            np.linalg.qr((weights - mean) / scale, mode="r"), full_matrices=False
        )
        share = np.cumsum(strength**2) / max(float((strength**2).sum()), 1e-12)
        count = min(int(np.searchsorted(share, _KEPT)) + 1, len(rows))
        reach = np.percentile(weights, (0.1, 99.9), axis=0)
        parts = (mean, scale, rows[:count], reach)
        return cls(*(part.astype(np.float32) for part in parts))

    def expand(self, movements: np.ndarray) -> np.ndarray:
        """Weights (..., 27) of movements (..., P), within what was captured."""
        weights = movements @ (self.basis * self.scale) + self.mean
        return np.clip(weights, *self.reach)
