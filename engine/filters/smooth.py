# SPDX-License-Identifier: GPL-3.0-or-later
"""Zero-phase smoothing per region of the face, with blinks and lip contacts kept sharp.

A Gaussian over time, symmetric and therefore without delay. It never reaches across a gap.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.arkit import INDEX, REGION_INDICES
from ..core.curve_math import runs
from ..core.types import FaceTrack
from .columns import (
    WEIGHTS,
    confidences,
    frame_interval,
    from_matrix,
    part_columns,
    to_matrix,
)
from .events import BLINK, LIP_CONTACT, blink_signal, event_share, lip_signal

DEFAULT_STRENGTH: Mapping[str, float] = {
    "brows": 0.4,
    "eyelids": 0.25,
    "gaze": 0.3,
    "cheeks": 0.4,
    "jaw": 0.3,
    "mouth": 0.3,
    "tongue": 0.3,
    "head": 0.5,
}


def sigma_s(strength: float) -> float:
    """The Gaussian's standard deviation in seconds for an artist's strength of 0..1.

    0 is off; 0.3 (16 ms) takes the trembling out; 0.5 (35 ms) is visibly calm; 1 (100 ms) is
    as slow as a dream. The curve is flat at the start, where the ear for timing is finest.
    """
    return 0.1 * float(np.clip(strength, 0.0, 1.0)) ** 1.5


def smooth(
    track: FaceTrack,
    strength: Mapping[str, float],
    keep_blinks: bool = True,
    keep_lips: bool = True,
) -> FaceTrack:
    """Smooths every stretch of valid frames by itself.

    Args:
        track: The track, times increasing; frames that are not valid stay so.
        strength: Strength 0..1 by part of the face (one of ``columns.PARTS``); a part left out
            is not smoothed.
        keep_blinks: Fade back to the raw eyelids around each blink.
        keep_lips: Fade back to the raw mouth and jaw around each lip contact.

    Returns:
        The smoothed track.

    Raises:
        ValueError: A part is unknown.
    """
    sigmas = part_columns({part: sigma_s(value) for part, value in strength.items()}, 0.0)
    if not sigmas.any():
        return track
    matrix = to_matrix(track)
    for first, stop in runs(track.valid):
        matrix[first:stop] = _smooth_run(
            track.time_s[first:stop], matrix[first:stop], sigmas, keep_blinks, keep_lips
        )
    return from_matrix(track.time_s, track.valid, confidences(track), matrix)


def _smooth_run(time_s, matrix, sigmas, keep_blinks, keep_lips) -> np.ndarray:
    """One stretch of valid frames: float64 (n, WIDTH) in and out."""
    columns = np.ascontiguousarray(matrix.T)
    steps = np.diff(time_s)
    interval = frame_interval(time_s)
    # Containers round time stamps to milliseconds: that is still one steady rate.
    steady = len(steps) == 0 or np.abs(steps - interval).max() <= 0.1 * interval
    smoothed = columns.copy()
    for sigma in np.unique(sigmas[sigmas > 0]):
        chosen = np.flatnonzero(sigmas == sigma)
        if steady:
            smoothed[chosen] = _gaussian_steady(columns[chosen], sigma / interval)
        else:
            smoothed[chosen] = _gaussian_varying(columns[chosen], time_s, sigma)
    for indices, share in _kept_raw(time_s, matrix[:, WEIGHTS], keep_blinks, keep_lips):
        smoothed[indices] += share * (columns[indices] - smoothed[indices])
    return smoothed.T


def _kept_raw(time_s, weights, keep_blinks, keep_lips):
    """Pairs of column indices and the share (n,) of the raw signal to keep there."""
    if keep_blinks:
        for side in ("Left", "Right"):
            share = event_share(blink_signal(weights, side), time_s, BLINK)
            # The squint and the look down travel with the lid; the lid alone would tear.
            names = (f"eyeBlink{side}", f"eyeSquint{side}", f"eyeWide{side}")
            yield [INDEX[name] for name in names], share
    if keep_lips:
        share = event_share(lip_signal(weights), time_s, LIP_CONTACT)
        yield [*REGION_INDICES["mouth"], *REGION_INDICES["jaw"]], share


def _gaussian_steady(columns: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian of ``sigma`` frames along the rows of float64 (k, n); ends weigh what is there."""
    count = columns.shape[1]
    reach = min(int(np.ceil(4 * sigma)), count - 1)
    if reach == 0:
        return columns
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weight = np.convolve(np.ones(count), kernel)[reach : reach + count]
    return np.stack([np.convolve(row, kernel)[reach : reach + count] / weight for row in columns])


def _gaussian_varying(columns: np.ndarray, time_s: np.ndarray, sigma: float) -> np.ndarray:
    """The same at a varying rate: each neighbour weighs by its distance and its duration."""
    count = columns.shape[1]
    duration = np.gradient(time_s)
    total = columns * duration
    weight = duration.copy()
    for offset in range(1, count):
        distance = time_s[offset:] - time_s[:-offset]
        if distance.min() > 4 * sigma:
            break
        closeness = np.exp(-0.5 * (distance / sigma) ** 2)
        ahead, behind = closeness * duration[offset:], closeness * duration[:-offset]
        total[:, :-offset] += ahead * columns[:, offset:]
        total[:, offset:] += behind * columns[:, :-offset]
        weight[:-offset] += ahead
        weight[offset:] += behind
    return total / weight
