# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaze angles that belong to eyeLook weights."""

from __future__ import annotations

import numpy as np

from ..core.arkit import INDEX

# Angle of the eye at a weight of 1: the comfortable range of human gaze, a little under 30
# degrees to each side (Guitton and Volle 1987; Stahl 1999). The shapes of ICT-FaceKit, from
# which the solver learned, fit eyeballs turned by these angles.
SIDE_DEG, DOWN_DEG, UP_DEG = 28.0, 26.0, 22.0


def gaze_deg(weights: np.ndarray) -> np.ndarray:
    """float32 (T, 2, 2): pitch and yaw of the left and the right eye in degrees.

    Args:
        weights: float (T, 52), ARKit order. The left eye's "out" is the image's right.
    """
    gaze = np.empty((len(weights), 2, 2), np.float32)
    for eye, (side, outward) in enumerate((("Left", 1.0), ("Right", -1.0))):
        look = {
            way: weights[:, INDEX[f"eyeLook{way}{side}"]] for way in ("In", "Out", "Up", "Down")
        }
        gaze[:, eye, 0] = DOWN_DEG * look["Down"] - UP_DEG * look["Up"]
        gaze[:, eye, 1] = outward * SIDE_DEG * (look["Out"] - look["In"])
    return gaze
