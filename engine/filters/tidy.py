# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a track safe for the filters: times increase, valid frames hold only finite numbers."""

from __future__ import annotations

import numpy as np

from ..core.types import FaceTrack


def tidy(track: FaceTrack) -> FaceTrack:
    """Drops frames whose time does not increase; a frame with a NaN in it is not valid.

    Broken containers repeat or reverse time stamps; a foreign file may carry one bad cell.
    """
    time_s = np.asarray(track.time_s, np.float64)
    latest = np.maximum.accumulate(np.concatenate(([-np.inf], time_s[:-1])))
    rows = np.isfinite(time_s) & (time_s > latest)
    kept = track[rows]
    finite = np.logical_and.reduce(
        [
            np.isfinite(column.reshape(len(kept), -1)).all(axis=1)
            for column in (kept.weights, kept.head_deg, kept.head_cm, kept.gaze_deg)
        ]
    )
    valid = kept.valid & finite
    return FaceTrack(
        kept.time_s,
        valid,
        kept.confidence,
        *(
            np.where(valid.reshape((-1,) + (1,) * (column.ndim - 1)), column, np.float32(np.nan))
            for column in (
                kept.channel_confidence,
                kept.weights,
                kept.head_deg,
                kept.head_cm,
                kept.gaze_deg,
            )
        ),
    )
