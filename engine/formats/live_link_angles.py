# SPDX-License-Identifier: GPL-3.0-or-later
"""The nine angles of Live Link Face, in its CSV and in its packets: head and both eyes, radians.

Epic documents no signs. These are what recordings and programs in use agree on:

- Eyes, from a recorded take of the app: pitch grows with ``EyeLookDown`` (correlation 0.996), and
  yaw grows with ``EyeLookInLeft`` and ``EyeLookOutRight`` (0.999), so positive yaw is towards the
  actor's right. A full look is 0.56 to 0.6 of the unit, 32 to 35 degrees: radians.
- Head yaw, from recorded packets of a head that rocks before the phone: it goes along with the
  eyes' yaw (0.95, without delay), and eyes that stay on the phone turn against the head. So
  positive head yaw is the opposite of positive eye yaw, towards the actor's left. Roll belongs
  to the same right-handed frame: positive tilts the head's top to the actor's right.
- Head pitch: positive looks up, as all senders and importers that were looked at have it
  (MeFaMo, Faceit).

The app turns pitch and yaw of the head around when the phone lies in landscape; nothing in the
data tells.
"""

from __future__ import annotations

import numpy as np

ANGLES = tuple(
    f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll")
)
# Signs from the app's yaw, pitch, roll to ours.
_HEAD = np.array([1.0, -1.0, 1.0])
_EYE = np.array([-1.0, 1.0])


def from_live_link(angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angles of Live Link Face as ours.

    Args:
        angles: Radians (..., 9), in the order of ``ANGLES``.

    Returns:
        ``head_deg`` (..., 3) and ``gaze_deg`` (..., 2, 2) as in ``core.types.FaceTrack``. The
        eyes' roll has no place there.
    """
    degrees = np.degrees(np.asarray(angles, np.float64))
    head = (degrees[..., :3] * _HEAD)[..., [1, 0, 2]]
    eyes = degrees[..., 3:].reshape(*degrees.shape[:-1], 2, 3)
    return head, (eyes[..., :2] * _EYE)[..., ::-1]


def to_live_link(head_deg: np.ndarray, gaze_deg: np.ndarray) -> np.ndarray:
    """The inverse of ``from_live_link``: radians (..., 9); the eyes' roll is 0."""
    head = np.asarray(head_deg, np.float64)[..., [1, 0, 2]] * _HEAD
    eyes = np.asarray(gaze_deg, np.float64)[..., ::-1] * _EYE
    eyes = np.concatenate([eyes, np.zeros_like(eyes[..., :1])], axis=-1)
    return np.radians(np.concatenate([head, eyes.reshape(*head.shape[:-1], 6)], axis=-1))
