# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain solver: the network's own scores, head angles from its matrix, gaze from the scores."""

from __future__ import annotations

import numpy as np

from ..core.arkit import INDEX
from ..core.axes import euler_deg
from ..core.types import FaceTrack, Observations

# Angle of the eye at a score of 1: the comfortable range of human gaze, about 30 degrees
# sideways, 25 up and 30 down (Guitton and Volle 1987; Stahl 1999).
_SIDE_DEG, _UP_DEG, _DOWN_DEG = 30.0, 25.0, 30.0


def solve(observations: Observations) -> FaceTrack:
    """Take the scores as weights.

    Args:
        observations: T frames of a tracker.

    Returns:
        The T solved frames; NaN where no face was seen.
    """
    return FaceTrack(
        time_s=observations.time_s,
        valid=observations.valid,
        confidence=observations.presence,
        weights=observations.scores,
        head_deg=euler_deg(observations.head[:, :3, :3]).astype(np.float32),
        head_cm=observations.head[:, :3, 3],
        gaze_deg=_gaze(observations.scores),
    )


def _gaze(scores: np.ndarray) -> np.ndarray:
    """float32 (T, 52) -> (T, 2, 2) degrees. The left eye's "out" is the image's right."""
    gaze = np.empty((len(scores), 2, 2), np.float32)
    for eye, (side, outward) in enumerate((("Left", 1.0), ("Right", -1.0))):
        look = {way: scores[:, INDEX[f"eyeLook{way}{side}"]] for way in ("In", "Out", "Up", "Down")}
        gaze[:, eye, 0] = _DOWN_DEG * look["Down"] - _UP_DEG * look["Up"]
        gaze[:, eye, 1] = outward * _SIDE_DEG * (look["Out"] - look["In"])
    return gaze
