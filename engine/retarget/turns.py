# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations as rotation vectors: what can be added up, shared out and scaled.

A rotation vector is the axis times the angle in radians; exp turns it into a rotation and log
back. Source: Grassia, "Practical parameterization of rotations using the exponential map",
Journal of Graphics Tools 3(3), 1998. Matrices act on column vectors, quaternions are (w, x, y, z).
"""

from __future__ import annotations

import numpy as np

from .rotations import quaternions


def log_quaternion(quaternion: np.ndarray) -> np.ndarray:
    """Rotation vectors of unit quaternions, the way round of at most half a turn.

    Args:
        quaternion: float (..., 4); q and -q are the same rotation.

    Returns:
        float64 (..., 3), radians.
    """
    q = np.asarray(quaternion, np.float64)
    return _log(np.where(q[..., :1] < 0, -q, q))


def exp_matrices(vectors: np.ndarray) -> np.ndarray:
    """Rotation matrices of rotation vectors: Rodrigues' formula, float64 (..., 3, 3)."""
    v = np.asarray(vectors, np.float64)
    angle = np.linalg.norm(v, axis=-1)[..., None, None]
    cross = np.zeros((*v.shape[:-1], 3, 3))
    cross[..., 0, 1], cross[..., 0, 2] = -v[..., 2], v[..., 1]
    cross[..., 1, 0], cross[..., 1, 2] = v[..., 2], -v[..., 0]
    cross[..., 2, 0], cross[..., 2, 1] = -v[..., 1], v[..., 0]
    # sin(a)/a and (1 - cos(a))/a², both smooth through 0: sinc(x) is sin(pi x)/(pi x).
    first = np.sinc(angle / np.pi)
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.eye(3) + first * cross + second * (cross @ cross)


def log_matrices(matrices: np.ndarray) -> np.ndarray:
    """Rotation vectors of rotations over time, continuous through half a turn.

    Args:
        matrices: float (n, 3, 3), in the order of time.

    Returns:
        float64 (n, 3), radians; the first is at most half a turn long, later ones up to a whole.
    """
    return _log(quaternions(matrices))


def _log(q: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, q[..., :1])
    # Where there is next to no rotation, its vector is twice the quaternion's.
    small = length < 1e-9
    return q[..., 1:] * np.where(small, 2.0, angle / np.where(small, 1.0, length))
