# SPDX-License-Identifier: GPL-3.0-or-later
"""The nine angles of Live Link Face, in its CSV and in its packets: head and both eyes, radians.

Epic documents no signs; ``live_link`` tells where these are from. Yaw, pitch and roll of head and
eyes are taken in one sense: positive yaw is towards the actor's right, positive pitch down,
positive roll tilts the head's top to the image's right. For the eyes a recorded take of the app
shows it: pitch grows with ``EyeLookDown`` (correlation 0.996), yaw with ``EyeLookInLeft`` and
``EyeLookOutRight`` (0.999), and a full look is 0.56 to 0.6, so the unit is radians. For the head
recordings only suggest it: the eyes go the way of the head and go first, as in a turn.
"""

from __future__ import annotations

import numpy as np

ANGLES = tuple(
    f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll")
)
# Signs from the app's yaw, pitch, roll to ours.
_SIGNS = np.array([-1.0, 1.0, -1.0])


def from_live_link(angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angles of Live Link Face as ours.

    Args:
        angles: Radians (..., 9), in the order of ``ANGLES``.

    Returns:
        ``head_deg`` (..., 3) and ``gaze_deg`` (..., 2, 2) as in ``core.types.FaceTrack``. The
        eyes' roll has no place there.
    """
    degrees = np.degrees(np.asarray(angles, np.float64))
    head = (degrees[..., :3] * _SIGNS)[..., [1, 0, 2]]
    eyes = degrees[..., 3:].reshape(*degrees.shape[:-1], 2, 3)
    return head, (eyes[..., :2] * _SIGNS[:2])[..., ::-1]


def to_live_link(head_deg: np.ndarray, gaze_deg: np.ndarray) -> np.ndarray:
    """The inverse of ``from_live_link``: radians (..., 9); the eyes' roll is 0."""
    head = np.asarray(head_deg, np.float64)[..., [1, 0, 2]] * _SIGNS
    eyes = np.asarray(gaze_deg, np.float64)[..., ::-1] * _SIGNS[:2]
    eyes = np.concatenate([eyes, np.zeros_like(eyes[..., :1])], axis=-1)
    return np.radians(np.concatenate([head, eyes.reshape(*head.shape[:-1], 6)], axis=-1))
