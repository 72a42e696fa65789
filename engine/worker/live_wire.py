# SPDX-License-Identifier: GPL-3.0-or-later
"""One frame's values as a JSON object, and back: half a kilobyte, whole numbers in steps."""

from __future__ import annotations

import numpy as np

from ..core.arkit import COUNT
from ..core.types import FaceTrack

# Steps of a weight, of a confidence, of a degree and of a centimetre.
_WEIGHT, _CONFIDENCE, _POSE = 10_000, 100, 1_000


def pack_values(track: FaceTrack) -> dict:
    """One row of a track.

    Args:
        track: One frame; ``time_s`` on the clock of ``core.clock.now_s``.
    """
    data = {"time_s": float(track.time_s[0]), "valid": bool(track.valid[0])}
    if not data["valid"]:
        return data
    return data | {
        "confidence": round(float(track.confidence[0]), 3),
        "channels": _steps(track.channel_confidence, _CONFIDENCE),
        "weights": _steps(track.weights, _WEIGHT),
        "pose": _steps(
            np.concatenate([track.head_deg[0], track.head_cm[0], track.gaze_deg[0].reshape(-1)]),
            _POSE,
        ),
    }


def unpack_values(data: dict) -> FaceTrack:
    """The inverse of ``pack_values``, to the precision of its steps."""
    time_s, valid = np.array([data["time_s"]]), np.array([data["valid"]])
    if not data["valid"]:
        confidence, pose = np.zeros(1), np.full((1, 10), np.nan)
        channels = weights = np.full((1, COUNT), np.nan)
    else:
        confidence = np.array([data["confidence"]])
        channels = np.array([data["channels"]]) / _CONFIDENCE
        weights = np.array([data["weights"]]) / _WEIGHT
        pose = np.array([data["pose"]]) / _POSE
    return FaceTrack(
        time_s,
        valid,
        confidence.astype(np.float32),
        channels.astype(np.float32),
        weights.astype(np.float32),
        pose[:, :3].astype(np.float32),
        pose[:, 3:6].astype(np.float32),
        pose[:, 6:10].astype(np.float32).reshape(1, 2, 2),
    )


def _steps(values: np.ndarray, step: int) -> list[int]:
    return np.rint(values.reshape(-1).astype(np.float64) * step).astype(np.int64).tolist()
