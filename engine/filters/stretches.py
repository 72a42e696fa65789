# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a person should look at the result: stretches in which part of the face was guessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.arkit import REGION_INDICES, REGIONS
from ..core.curve_math import runs
from ..core.types import FaceTrack
from .columns import confidences, frame_interval
from .doubt import DEFAULT_THRESHOLD
from .tidy import tidy

WHOLE_FACE = "face"
DEFAULT_LEAST_S = 0.2
# Interruptions up to this long do not end a stretch, seconds.
_MERGE_S = 0.3
# A channel counts by the weight that it reaches in the take: not at all below the first, fully
# from the second on. One that rests all the time may be as unsure as it likes.
_IDLE, _MOVING = 0.05, 0.25
_REACH_QUANTILE = 0.98
# The face as a whole is in doubt where this share of its moving regions is.
_MOST = 0.6


@dataclass(frozen=True)
class Stretch:
    """A part of the take to be checked.

    Attributes:
        region: One of ``core.arkit.REGIONS``, or ``WHOLE_FACE``.
        first_s: Time of its first frame, seconds.
        last_s: Time of its last frame, seconds.
        confidence: Mean confidence in it, 0..1; 0 where no face was seen.
    """

    region: str
    first_s: float
    last_s: float
    confidence: float


@dataclass(frozen=True)
class Doubt:
    """How far a take can be trusted.

    Attributes:
        confidence: Mean confidence by region, 0..1; empty where no frame has a face.
        stretches: What should be checked, in order of time.
    """

    confidence: dict[str, float]
    stretches: list[Stretch]


def find_doubt(track: FaceTrack, threshold: float = DEFAULT_THRESHOLD) -> Doubt:
    """``mean_confidence`` and ``doubtful_stretches`` of a track as it was read."""
    track = tidy(track)
    confidence, moving = _measure(track)
    stretches = _stretches(track, confidence, moving, threshold, DEFAULT_LEAST_S)
    return Doubt(_means(track, confidence), stretches)


def region_confidence(track: FaceTrack) -> dict[str, np.ndarray]:
    """How sure each part of the face is over time.

    Returns:
        float64 (T,) by region: the mean confidence of its channels, each counted by how much it
        moves in this take (all alike where nothing moves); 0 in frames without a face.
    """
    return _measure(track)[0]


def mean_confidence(track: FaceTrack) -> dict[str, float]:
    """The mean of ``region_confidence`` over the frames with a face; empty where there is none."""
    return _means(track, region_confidence(track))


def doubtful_stretches(
    track: FaceTrack, threshold: float = DEFAULT_THRESHOLD, least_s: float = DEFAULT_LEAST_S
) -> list[Stretch]:
    """The stretches to be checked, in order of time.

    A region is in doubt where ``region_confidence`` is below the threshold; a region in which
    nothing moves in this take never is. Where there is no face, or most regions that move are
    in doubt at once, it is the whole face, and its regions are not told one by one.

    Args:
        track: The track, times increasing.
        threshold: Confidence 0..1.
        least_s: Shorter stretches are left out, seconds; merging comes first.
    """
    confidence, moving = _measure(track)
    return _stretches(track, confidence, moving, threshold, least_s)


def _measure(track: FaceTrack) -> tuple[dict[str, np.ndarray], list[str]]:
    """``region_confidence``, and the regions in which something moves."""
    channels = np.where(track.valid[:, None], confidences(track)[1], 0.0)
    importance = _importance(track)
    out, moving = {}, []
    for region in REGIONS:
        indices = list(REGION_INDICES[region])
        share = importance[indices]
        if share.any():
            moving.append(region)
        else:
            share = np.ones(len(indices))
        out[region] = channels[:, indices].astype(np.float64) @ (share / share.sum())
    return out, moving


def _means(track: FaceTrack, confidence: dict[str, np.ndarray]) -> dict[str, float]:
    if not track.valid.any():
        return {}
    return {region: float(values[track.valid].mean()) for region, values in confidence.items()}


def _stretches(track, confidence, moving, threshold, least_s) -> list[Stretch]:
    interval = frame_interval(track.time_s)
    doubts = {r: track.valid & (confidence[r] < threshold) for r in moving}
    share = np.mean([doubts[r] for r in moving], axis=0) if moving else np.zeros(len(track))
    face = _lasting(track.time_s, ~track.valid | (share >= _MOST), least_s)
    means = np.mean([confidence[r] for r in moving or REGIONS], axis=0)
    found = [_stretch(track, WHOLE_FACE, means, *rows) for rows in face]
    told = np.zeros(len(track), bool)
    for first, stop in face:
        told[first:stop] = True
    for region in moving:
        for first, stop in _lasting(track.time_s, doubts[region], least_s):
            # Told already as the whole face, but for less than is worth a look.
            rest = np.flatnonzero(~told[first:stop])
            if _seconds(track.time_s, rest + first, interval) >= least_s - 1e-6:
                found.append(_stretch(track, region, confidence[region], first, stop))
    order = (WHOLE_FACE, *REGIONS)
    return sorted(found, key=lambda s: (s.first_s, order.index(s.region)))


def _importance(track: FaceTrack) -> np.ndarray:
    """float64 (52,), 0..1: how much each channel moves in the take."""
    weights = track.weights[track.valid]
    if not len(weights):
        return np.zeros(track.weights.shape[1])
    reach = np.quantile(np.abs(weights.astype(np.float64)), _REACH_QUANTILE, axis=0)
    return np.clip((reach - _IDLE) / (_MOVING - _IDLE), 0.0, 1.0)


def _lasting(time_s: np.ndarray, doubt: np.ndarray, least_s: float) -> list[tuple[int, int]]:
    """Index pairs of the stretches of doubt, merged, that last long enough."""
    interval = frame_interval(time_s)
    merged: list[tuple[int, int]] = []
    for first, stop in runs(doubt):
        if merged and time_s[first] - time_s[merged[-1][1] - 1] - interval <= _MERGE_S + 1e-6:
            first = merged.pop()[0]
        merged.append((first, stop))
    return [
        (a, b) for a, b in merged if _seconds(time_s, np.arange(a, b), interval) >= least_s - 1e-6
    ]


def _seconds(time_s: np.ndarray, rows: np.ndarray, interval: float) -> float:
    """How long these rows last, from the first to the end of the last."""
    if not len(rows):
        return 0.0
    return float(time_s[rows[-1]] - time_s[rows[0]]) + interval


def _stretch(
    track: FaceTrack, region: str, confidence: np.ndarray, first: int, stop: int
) -> Stretch:
    times = track.time_s[[first, stop - 1]]
    return Stretch(region, float(times[0]), float(times[1]), float(confidence[first:stop].mean()))
