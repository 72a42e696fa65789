# SPDX-License-Identifier: GPL-3.0-or-later
"""Face tracks with known content."""

from __future__ import annotations

import numpy as np

from engine.core.arkit import COUNT, INDEX
from engine.core.types import FaceTrack


def make_track(
    time_s, weights=None, valid=None, head_deg=None, head_cm=None, gaze_deg=None, confidence=None
):
    """A track; ``weights`` is a dict of ARKit name -> values, everything else rests at zero.

    ``confidence`` is such a dict too; every other channel is sure.
    """
    time_s = np.asarray(time_s, np.float64)
    count = len(time_s)
    valid = np.ones(count, bool) if valid is None else np.asarray(valid, bool)
    columns = {
        "channel_confidence": np.ones((count, COUNT), np.float32),
        "weights": np.zeros((count, COUNT), np.float32),
        "head_deg": np.zeros((count, 3), np.float32),
        "head_cm": np.zeros((count, 3), np.float32),
        "gaze_deg": np.zeros((count, 2, 2), np.float32),
    }
    for name, values in (weights or {}).items():
        columns["weights"][:, INDEX[name]] = values
    for name, values in (confidence or {}).items():
        columns["channel_confidence"][:, INDEX[name]] = values
    for name, values in (("head_deg", head_deg), ("head_cm", head_cm), ("gaze_deg", gaze_deg)):
        if values is not None:
            columns[name][:] = values
    for values in columns.values():
        values[~valid] = np.nan
    return FaceTrack(time_s, valid, valid.astype(np.float32), **columns)


def weight(track, name):
    """One weight over time, float64 (T,)."""
    return track.weights[:, INDEX[name]].astype(np.float64)
