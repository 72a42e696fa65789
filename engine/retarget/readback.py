# SPDX-License-Identifier: GPL-3.0-or-later
"""From how a character's bones and objects stand back to a face: the inverse of ``channels``."""

from __future__ import annotations

import numpy as np

from ..core.axes import euler_deg
from .axes import CAMERA_TO_CHARACTER
from .channels import RestFrame


def turned(rotation: np.ndarray, rest: RestFrame) -> np.ndarray:
    """How a bone or object has turned from its rest, float64 (3, 3) in camera axes.

    Args:
        rotation: See ``turned_deg``.
        rest: How it stands at rest.
    """
    to_rest = rest.rest.T @ rest.local_axes @ CAMERA_TO_CHARACTER
    return to_rest.T @ rest.start.T @ rotation @ to_rest


def turned_deg(rotation: np.ndarray, rest: RestFrame) -> np.ndarray:
    """How far a bone or object has turned from its rest.

    Args:
        rotation: float (3, 3), its own rotation in its rest's axes, what ``rotation_channels``
            writes in whatever mode (Blender's ``matrix_basis`` without scale).
        rest: How it stands at rest.

    Returns:
        float64 (3,): pitch, yaw, roll in degrees as in ``core.types.FaceTrack``.
    """
    return euler_deg(turned(rotation, rest))


def moved_cm(location: np.ndarray, scale: float, rest: RestFrame, start: np.ndarray) -> np.ndarray:
    """How far a bone or object has moved from its rest.

    Args:
        location: float (3,), what ``location_channels`` writes.
        scale: Units of the property per centimetre.
        rest: How it stands at rest.
        start: float (3,), the property's value at rest.

    Returns:
        float64 (3,): centimetres as ``head_cm`` of ``core.types.FaceTrack``, from neutral.
    """
    to_local = rest.start @ rest.rest.T @ rest.local_axes @ CAMERA_TO_CHARACTER
    return to_local.T @ (np.asarray(location, np.float64) - start) / scale
