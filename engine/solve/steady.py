# SPDX-License-Identifier: GPL-3.0-or-later
"""Calm weights and heads: neighbours in time help a frame that the network doubts.

Offline a narrow Gaussian looks both ways, without delay. Where the network doubts, a wide one takes
over in which every neighbour counts by its confidence, so that a covered moment is filled from the
sure ones around it. (Not everywhere: movement is doubted more than rest and would be flattened.)
Live, a one-sided filter that
follows fast movements at once (Casiez, Roussel and Vogel 2012, the One Euro filter).
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import COUNT, REGION_INDICES
from ..core.one_euro import OneEuro

# Standard deviations in seconds. A lid closes in 60 ms, lips in 80; a brow takes 150.
SIGMA_S = {"eyelids": 0.016, "gaze": 0.036, "mouth": 0.036, "jaw": 0.036, "tongue": 0.036}
_OTHER_SIGMA_S = 0.055
# A head is heavy: what trembles faster is the landmarks.
HEAD_SIGMA_S = 0.06
# Where the network cannot tell: nothing that happens there can be fast.
DOUBT_SIGMA_S = 0.12
# From this confidence on a frame stands for itself.
_SURE = 0.2
# What a neighbour without any confidence still counts.
_LEAST_SHARE = 0.02
# One Euro: frequency at rest in Hz, and what a speed of 1 a second adds to it.
_REST_HZ, _SPEED_HZ = 3.0, 7.5
_SLOPE_HZ = 4.0


def sigma_s() -> np.ndarray:
    """float64 (52,): the Gaussian's width for each channel, seconds."""
    widths = np.full(COUNT, _OTHER_SIGMA_S)
    for region, width in SIGMA_S.items():
        widths[list(REGION_INDICES[region])] = width
    return widths


def steady(time_s: np.ndarray, weights: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Zero-phase smoothing of one stretch of frames with a face.

    Args:
        time_s: float64 (n,), increasing.
        weights: float (n, 52).
        confidence: float (n, 52), 0..1.

    Returns:
        float64 (n, 52): barely smoothed where the network is sure, calm where it doubts.
    """
    share = np.maximum(confidence, _LEAST_SHARE).astype(np.float64)
    sharp = _gaussian(time_s, weights, np.ones_like(share), sigma_s())
    doubtful = np.clip(1 - confidence / _SURE, 0, 1)
    if not doubtful.any():
        return sharp
    calm = _gaussian(time_s, weights, share, np.full(COUNT, DOUBT_SIGMA_S))
    # Doubt comes and goes; the change between the two must not be seen.
    fading = _gaussian(time_s, doubtful, np.ones_like(share), np.full(COUNT, 0.033))
    doubtful = np.maximum(doubtful, fading)
    return sharp + doubtful * (calm - sharp)


def steady_head(time_s: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Zero-phase smoothing of a head's pose in one stretch of frames with a face.

    Args:
        time_s: float64 (n,), increasing.
        pose: float64 (n, 6), angles in degrees, unwrapped, and position in cm.

    Returns:
        float64 (n, 6).
    """
    return _gaussian(time_s, pose, np.ones_like(pose), np.full(pose.shape[1], HEAD_SIGMA_S))


def _gaussian(time_s, weights, share, sigma) -> np.ndarray:
    """Means (n, k) over time, each neighbour with its share; ``sigma`` (k,) in seconds."""
    total, mass = weights * share, share.copy()
    for offset in range(1, len(time_s)):
        distance = time_s[offset:] - time_s[:-offset]
        if distance.min() > 3 * sigma.max():
            break
        closeness = np.exp(-0.5 * (distance[:, None] / sigma) ** 2)
        for here, there in (
            (slice(None, -offset), slice(offset, None)),
            (slice(offset, None), slice(None, -offset)),
        ):
            total[here] += closeness * share[there] * weights[there]
            mass[here] += closeness * share[there]
    return total / mass


class Causal:
    """One Euro filters of some numbers; each frame uses only the frames before it.

    Each number has a range of about 1.
    """

    def __init__(self) -> None:
        self._filter = OneEuro(_REST_HZ, _SPEED_HZ, _SLOPE_HZ)

    def __call__(self, time_s: float, weights: np.ndarray) -> np.ndarray:
        """The filtered numbers of the next frame; after half a second it starts anew."""
        before_s = self._filter.time_s
        if before_s is not None and not 0 < time_s - before_s < 0.5:
            self._filter.reset()
        return self._filter(weights, time_s)
