# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaze angles that belong to eyeLook weights, and the other way round."""

from __future__ import annotations

import numpy as np

from .arkit import INDEX

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


def look_weights(gaze: np.ndarray) -> dict[str, np.ndarray]:
    """The eyeLook weights that belong to gaze angles: the inverse of ``gaze_deg``.

    Args:
        gaze: float (T, 2, 2), as ``gaze_deg`` gives it.

    Returns:
        ARKit name -> float (T,), 0..1; of two opposite ones, one is 0.
    """
    found = {}
    for eye, (side, outward) in enumerate((("Left", 1.0), ("Right", -1.0))):
        pitch, out = gaze[:, eye, 0], outward * gaze[:, eye, 1]
        found[f"eyeLookDown{side}"] = np.clip(pitch / DOWN_DEG, 0, 1)
        found[f"eyeLookUp{side}"] = np.clip(-pitch / UP_DEG, 0, 1)
        found[f"eyeLookOut{side}"] = np.clip(out / SIDE_DEG, 0, 1)
        found[f"eyeLookIn{side}"] = np.clip(-out / SIDE_DEG, 0, 1)
    return found
