# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens while there is no face: bridge short dropouts, then hold, ease, or leave empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.curve_math import runs, smoothstep
from ..core.types import FaceTrack
from .columns import (
    HEAD_CM,
    HEAD_DEG,
    WIDTH,
    confidences,
    frame_interval,
    from_matrix,
    to_matrix,
)

POLICIES = ("HOLD", "EASE", "EMPTY")


@dataclass(frozen=True)
class Gap:
    """A stretch of frames without a face.

    Attributes:
        first_s: Time of the first frame without a face, seconds.
        last_s: Time of the last frame without a face, seconds.
        frames: Number of frames without a face.
    """

    first_s: float
    last_s: float
    frames: int


def find_gaps(track: FaceTrack) -> list[Gap]:
    """Every stretch of frames without a face, in order."""
    return [
        Gap(float(track.time_s[a]), float(track.time_s[b - 1]), b - a)
        for a, b in runs(~track.valid)
    ]


def bridge_gaps(track: FaceTrack, longest_s: float) -> FaceTrack:
    """Interpolates over dropouts that are too short to see.

    Args:
        track: The track, times increasing.
        longest_s: Longest dropout to bridge: the time for which the face is missing, seconds.

    Returns:
        A track in which those frames are valid; their confidence is interpolated too. Gaps at
        either end of the take are never bridged.
    """
    interval = frame_interval(track.time_s)
    valid = track.valid.copy()
    for first, stop in runs(~track.valid):
        if first == 0 or stop == len(track):
            continue
        missing = track.time_s[stop] - track.time_s[first - 1] - interval
        if missing <= longest_s + 1e-6:
            valid[first:stop] = True
    if (valid == track.valid).all():
        return track
    matrix = to_matrix(track)
    face, channels = (column.astype(np.float64) for column in confidences(track))
    for first, stop in runs(valid & ~track.valid):
        span = slice(first - 1, stop + 1)
        ends = matrix[[first - 1, stop]]
        ends[:, HEAD_DEG] = np.unwrap(ends[:, HEAD_DEG], period=360, axis=0)
        t = track.time_s[span]
        share = ((t - t[0]) / (t[-1] - t[0]))[1:-1]
        matrix[first:stop] = ends[0] + share[:, None] * (ends[1] - ends[0])
        for column in (face, channels):
            rise = column[stop] - column[first - 1]
            column[first:stop] = column[first - 1] + np.multiply.outer(share, rise)
    return from_matrix(track.time_s, valid, (face, channels), matrix)


def fill_gaps(track: FaceTrack, policy: str, ease_s: float = 0.5) -> FaceTrack:
    """Applies the gap policy.

    Args:
        track: The track, times increasing, at least one valid frame.
        policy: ``"HOLD"``: the last value until the face is back; before the first face, its
            first value. ``"EASE"``: glide to neutral and back. ``"EMPTY"``: the track unchanged,
            so that no keys are written there.
        ease_s: Seconds that the way to neutral takes, and the way back; shortened where a gap
            is too short for both. Neutral is weight 0, gaze ahead, and the head's median pose.

    Returns:
        A track in which every frame is valid (HOLD, EASE); filled frames have confidence 0.

    Raises:
        ValueError: The policy is unknown.
    """
    if policy not in POLICIES:
        raise ValueError(f"unknown gap policy {policy!r}, not one of {POLICIES}")
    if policy == "EMPTY" or track.valid.all() or not track.valid.any():
        return track
    matrix = to_matrix(track)
    neutral = np.zeros(WIDTH)
    for part in (HEAD_DEG, HEAD_CM):
        neutral[part] = np.median(matrix[track.valid, part], axis=0)
    for first, stop in runs(~track.valid):
        before = matrix[first - 1] if first else None
        after = matrix[stop] if stop < len(track) else None
        if policy == "HOLD":
            matrix[first:stop] = after if before is None else before
        else:
            matrix[first:stop] = glide(track.time_s, first, stop, before, after, neutral, ease_s)
    face, channels = confidences(track)
    confidence = np.where(track.valid, face, 0.0), channels
    return from_matrix(track.time_s, np.ones(len(track), bool), confidence, matrix)


def glide(
    time_s: np.ndarray,
    first: int,
    stop: int,
    before: np.ndarray | float | None,
    after: np.ndarray | float | None,
    neutral: np.ndarray | float,
    ease_s: float,
) -> np.ndarray:
    """Values that leave ``before``, rest at ``neutral`` and reach ``after``.

    Args:
        time_s: float64 (T,), seconds, increasing.
        first, stop: The rows to fill.
        before: Value of the row before ``first``, (k,) or a number; None to rest from the start.
        after: Value of the row ``stop``; None to rest until the end.
        neutral: Where to rest, (k,) or a number.
        ease_s: Seconds of each way; shortened where the stretch is too short.

    Returns:
        float64 (stop - first, k), or (stop - first,) for numbers.
    """
    t = time_s[first:stop]
    neutral = np.asarray(neutral, np.float64)
    ways = (before is not None) + (after is not None)
    ease = max(ease_s, 1e-6)
    if first and stop < len(time_s):
        ease = min(ease, (time_s[stop] - time_s[first - 1]) / max(ways, 1))
    values = np.tile(neutral, (len(t),) + (1,) * neutral.ndim)
    if before is not None:
        share = 1 - smoothstep((t - time_s[first - 1]) / ease)
        values += np.multiply.outer(share, before - neutral)
    if after is not None:
        share = smoothstep((t - (time_s[stop] - ease)) / ease)
        values += np.multiply.outer(share, after - neutral)
    return values
