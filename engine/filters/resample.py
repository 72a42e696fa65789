# SPDX-License-Identifier: GPL-3.0-or-later
"""A track at other times: source presentation times in, scene frame times out.

Going to a higher or equal rate interpolates; going to a lower rate averages over the part of the
output interval that interpolation does not see, so that no trembling folds into slow waves.
"""

from __future__ import annotations

import numpy as np

from ..core.curve_math import runs
from ..core.types import FaceTrack
from .columns import WIDTH, confidences, frame_interval, from_matrix, to_matrix

METHODS = ("CUBIC", "LINEAR")
_PIECE = 2048


def resample(track: FaceTrack, seconds: np.ndarray, method: str = "CUBIC") -> FaceTrack:
    """The track's values at given times.

    Args:
        track: The track, times increasing (any rate, also varying).
        seconds: float64 (N,), times wanted, increasing, in the track's seconds.
        method: ``"CUBIC"``: monotone cubic (Fritsch and Butland 1984), which passes through
            every source value and never overshoots. ``"LINEAR"``: straight lines. Where the
            wanted rate is lower than the source's, the area under straight lines instead.

    Returns:
        The track at ``seconds``. A time is valid where the source frame nearest to it is, so a
        gap stays a gap; values never come from across one.

    Raises:
        ValueError: The method is unknown, or the track is empty.
    """
    if method not in METHODS:
        raise ValueError(f"unknown interpolation {method!r}, not one of {METHODS}")
    if len(track) == 0:
        raise ValueError("an empty track has no values to resample")
    seconds = np.asarray(seconds, np.float64)
    nearest = _nearest(track.time_s, seconds)
    valid = track.valid[nearest]
    values = np.full((len(seconds), WIDTH), np.nan)
    matrix = to_matrix(track)
    wanted = frame_interval(seconds) if len(seconds) > 1 else 0.0
    for first, stop in runs(track.valid):
        rows = np.flatnonzero(valid & (nearest >= first) & (nearest < stop))
        if len(rows):
            values[rows] = _run(
                track.time_s[first:stop], matrix[first:stop], seconds[rows], wanted, method
            )
    face, channels = confidences(track)
    confidence = np.where(valid, face[nearest], 0), channels[nearest]
    return from_matrix(seconds, valid, confidence, values)


def _nearest(time_s: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Index of the source frame nearest to each time."""
    after = np.clip(np.searchsorted(time_s, seconds), 1, max(len(time_s) - 1, 1))
    if len(time_s) == 1:
        return np.zeros(len(seconds), np.int64)
    before = after - 1
    return np.where(seconds - time_s[before] <= time_s[after] - seconds, before, after)


def _run(time_s, values, seconds, wanted_interval, method) -> np.ndarray:
    """One stretch of valid frames, float64 (n, k), at ``seconds`` (N,)."""
    seconds = np.clip(seconds, time_s[0], time_s[-1])
    if len(time_s) == 1:
        return np.repeat(values, len(seconds), axis=0)
    step = np.diff(time_s)
    nearest = _nearest(time_s, seconds)
    cell = np.clip(np.searchsorted(time_s, seconds, side="right") - 1, 0, len(step) - 1)
    width = np.maximum(wanted_interval - step[cell], 0.0)
    # Rounded time stamps make two equal rates differ by a little: that is no lower rate.
    lower_rate = width > 0.05 * step[cell]
    if not lower_rate.any() and np.abs(seconds - time_s[nearest]).max() < 1e-4 * step.min():
        return values[nearest]
    if lower_rate.all():
        return _area(time_s, values, seconds, width)
    if method == "LINEAR" or len(time_s) == 2:
        share = ((seconds - time_s[cell]) / step[cell])[:, None]
        found = values[cell] + share * (values[cell + 1] - values[cell])
    else:
        found = _in_pieces(values, step, cell, seconds - time_s[cell])
    if lower_rate.any():
        found[lower_rate] = _area(time_s, values, seconds[lower_rate], width[lower_rate])
    return found


def _area(time_s, values, seconds, width) -> np.ndarray:
    """Mean of the piecewise linear curve over ``width`` seconds around each time."""
    step = np.diff(time_s)[:, None]
    areas = np.cumsum(0.5 * (values[:-1] + values[1:]) * step, axis=0)
    areas = np.concatenate((np.zeros((1, values.shape[1])), areas))
    # The window shrinks evenly at the ends, so that it stays centred and nothing is delayed. A
    # tenth of a millisecond is a point, and wide enough for the difference of two sums.
    room = np.minimum(seconds - time_s[0], time_s[-1] - seconds)
    half = np.maximum(np.minimum(0.5 * width, room), 1e-4)

    def integral(at: np.ndarray) -> np.ndarray:
        cell = np.clip(np.searchsorted(time_s, at, side="right") - 1, 0, len(step) - 1)
        into = (at - time_s[cell])[:, None]
        slope = (values[cell + 1] - values[cell]) / step[cell]
        return areas[cell] + into * (values[cell] + 0.5 * slope * into)

    return (integral(seconds + half) - integral(seconds - half)) / (2 * half[:, None])


def _in_pieces(values, step, cell, into) -> np.ndarray:
    """``_monotone_cubic`` a few thousand rows at a time, which stay in the processor's cache."""
    found = np.empty((len(cell), values.shape[1]))
    for first in range(0, len(cell), _PIECE):
        rows = slice(first, first + _PIECE)
        # A slope needs the values on both sides of its own.
        begin = max(int(cell[rows][0]) - 1, 0)
        end = int(cell[rows][-1]) + 3
        found[rows] = _monotone_cubic(
            values[begin:end], step[begin : end - 1], cell[rows] - begin, into[rows]
        )
    return found


def _monotone_cubic(values, step, cell, into) -> np.ndarray:
    """Cubic Hermite with the Fritsch-Butland slopes (weighted harmonic mean, 0 at extremes).

    F. N. Fritsch, J. Butland: A method for constructing local monotone piecewise cubic
    interpolants, SIAM J. Sci. Stat. Comput. 5 (1984).
    """
    h = step[:, None]
    rate = np.diff(values, axis=0) / h
    slope = np.empty_like(values)
    before, after = rate[:-1], rate[1:]
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    rising = before * after > 0
    denominator = np.where(rising, w1 * after + w2 * before, 1.0)
    slope[1:-1] = np.where(rising, (w1 + w2) * before * after / denominator, 0.0)
    slope[0], slope[-1] = rate[0], rate[-1]
    width = h[cell]
    t = into[:, None] / width
    low, high = values[cell], values[cell + 1]
    bend_low = width * slope[cell] - (high - low)
    bend_high = (high - low) - width * slope[cell + 1]
    return low + t * (high - low) + t * (1 - t) * ((1 - t) * bend_low + t * bend_high)
