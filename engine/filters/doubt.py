# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of weights that the solver is not sure of: keep, hold the last sure one, or ease.

Each channel is judged by its own confidence, so a hand over the mouth leaves the brows alone.
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import INDEX
from ..core.curve_math import runs
from ..core.types import FaceTrack
from .columns import (
    GAZE_DEG,
    WEIGHTS,
    WIDTH,
    confidences,
    frame_interval,
    from_matrix,
    to_matrix,
)
from .gaps import glide

POLICIES = ("KEEP", "HOLD", "EASE")
# What counts as sure, here and for the stretches to be checked.
DEFAULT_THRESHOLD = 0.5


def settle_doubt(
    track: FaceTrack,
    policy: str,
    threshold: float = DEFAULT_THRESHOLD,
    least_s: float = 0.15,
    ease_s: float = 0.3,
) -> FaceTrack:
    """Replaces weights in the stretches in which their own confidence is low.

    Args:
        track: The track, times increasing.
        policy: ``"KEEP"``: the track unchanged. ``"HOLD"``: the last sure value, joined to the
            next sure one at the end of the stretch; before the first sure frame, its value; a
            channel that is never sure stays as it is. ``"EASE"``: glide to 0 and back.
        threshold: A value is unsure where its confidence, 0..1, is below this.
        least_s: Stretches up to this long are bridged by a straight line instead, and sure
            moments up to this long between unsure ones count as unsure: nothing flickers.
        ease_s: Seconds that the way to neutral or to the next sure value takes; shortened where
            a stretch is too short for it.

    Returns:
        A track with new weights and gaze angles; its confidence still tells what was measured.
        Frames without a face stay so; a stretch may reach across them.

    Raises:
        ValueError: The policy is unknown.
    """
    if policy not in POLICIES:
        raise ValueError(f"unknown doubt policy {policy!r}, not one of {POLICIES}")
    rows = np.flatnonzero(track.valid)
    sure = column_confidence(track)[rows] >= threshold
    if policy == "KEEP" or sure.all():
        return track
    time_s = track.time_s[rows]
    interval = frame_interval(track.time_s)
    whole = to_matrix(track)
    values = whole[rows]
    for column in np.flatnonzero(~sure.all(axis=0)):
        values[:, column] = _settle(
            time_s, values[:, column], sure[:, column], policy, (least_s, ease_s, interval)
        )
    whole[rows] = values
    return from_matrix(track.time_s, track.valid, confidences(track), whole)


def column_confidence(track: FaceTrack) -> np.ndarray:
    """float (T, WIDTH): the confidence of every column of the matrix; 1 for the head.

    A gaze angle comes from two opposite eyeLook weights (``core.gaze``) and is as sure as the
    less sure of them.
    """
    channels = confidences(track)[1]
    columns = np.ones((len(track), WIDTH))
    columns[:, WEIGHTS] = channels
    pairs = [
        [INDEX[f"eyeLook{way}{side}"] for way in ways]
        for side in ("Left", "Right")
        for ways in (("Up", "Down"), ("In", "Out"))
    ]
    columns[:, GAZE_DEG] = channels[:, pairs].min(axis=2)
    return columns


def _settle(time_s, values, sure, policy, seconds) -> np.ndarray:
    """One column: float (n,) of frames with a face in, the same settled out."""
    least_s, ease_s, interval = seconds
    settled = values.copy()
    for first, stop in _unsure_stretches(time_s, sure, least_s, interval):
        before = values[first - 1] if first else None
        after = values[stop] if stop < len(values) else None
        if before is not None and after is not None:
            ends = time_s[[first - 1, stop]]
            if ends[1] - ends[0] - interval <= least_s + 1e-6:
                settled[first:stop] = np.interp(time_s[first:stop], ends, (before, after))
                continue
        if policy == "EASE":
            settled[first:stop] = glide(time_s, first, stop, before, after, 0.0, ease_s)
        elif before is not None:
            # The way to the next sure value starts from the held one, which is its rest.
            settled[first:stop] = glide(time_s, first, stop, None, after, before, ease_s)
        elif after is not None:
            settled[first:stop] = after
    return settled


def _unsure_stretches(time_s, sure, least_s, interval) -> list[tuple[int, int]]:
    """Index pairs of unsure stretches, merged over sure moments of ``least_s`` at most."""
    merged: list[tuple[int, int]] = []
    for first, stop in runs(~sure):
        if merged and time_s[first] - time_s[merged[-1][1] - 1] - interval <= least_s + 1e-6:
            first = merged.pop()[0]
        merged.append((first, stop))
    return merged
