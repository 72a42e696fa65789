# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations between the frames of reference named in ``types``."""

from __future__ import annotations

import numpy as np


def euler_deg(rotation: np.ndarray) -> np.ndarray:
    """Pitch, yaw and roll of rotation matrices.

    Args:
        rotation: (..., 3, 3), R = Rz(roll) Ry(yaw) Rx(pitch), Blender's Euler order XYZ.

    Returns:
        Degrees, float64 (..., 3): about x, y, z.
    """
    r = np.asarray(rotation, np.float64)
    pitch = np.arctan2(r[..., 2, 1], r[..., 2, 2])
    yaw = np.arcsin(np.clip(-r[..., 2, 0], -1.0, 1.0))
    roll = np.arctan2(r[..., 1, 0], r[..., 0, 0])
    return np.degrees(np.stack([pitch, yaw, roll], axis=-1))


def rotation_from_euler_deg(angles: np.ndarray) -> np.ndarray:
    """The inverse of ``euler_deg``: degrees (..., 3) -> float64 (..., 3, 3)."""
    turns = np.radians(np.asarray(angles, np.float64))
    cos, sin = np.cos(turns), np.sin(turns)
    cx, cy, cz = cos[..., 0], cos[..., 1], cos[..., 2]
    sx, sy, sz = sin[..., 0], sin[..., 1], sin[..., 2]
    rotation = np.empty((*turns.shape[:-1], 3, 3))
    rotation[..., 0, 0], rotation[..., 1, 0], rotation[..., 2, 0] = cz * cy, sz * cy, -sy
    rotation[..., 0, 1], rotation[..., 0, 2] = cz * sy * sx - sz * cx, cz * sy * cx + sz * sx
    rotation[..., 1, 1], rotation[..., 1, 2] = sz * sy * sx + cz * cx, sz * sy * cx - cz * sx
    rotation[..., 2, 1], rotation[..., 2, 2] = cy * sx, cy * cx
    return rotation
