# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation matrices by the book, to compare ours with."""

from __future__ import annotations

import numpy as np


def axis_rotation(axis, angle):
    """About a unit axis by an angle in radians (Rodrigues), float (3, 3)."""
    x, y, z = axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def euler_matrix(angles, order):
    """About x, y, z by angles in radians, the first letter of the order first, float (3, 3)."""
    matrix = np.eye(3)
    for axis in order:
        index = "XYZ".index(axis)
        matrix = axis_rotation(np.eye(3)[index], angles[index]) @ matrix
    return matrix
