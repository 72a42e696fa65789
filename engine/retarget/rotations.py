# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation matrices as the numbers that Blender's rotation modes keep, without jumps in time.

Matrices act on column vectors. Quaternions are (w, x, y, z). Euler angles are radians in x, y, z
order whatever the order of turning; order "XYZ" turns about x first, R = Rz Ry Rx, as Blender.
"""

from __future__ import annotations

import numpy as np

EULER_ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


def quaternions(matrices: np.ndarray) -> np.ndarray:
    """Unit quaternions of rotation matrices, neighbours in the same hemisphere.

    Args:
        matrices: float (n, 3, 3), rotations.

    Returns:
        float64 (n, 4). The first has w >= 0; each later one is the nearer of q and -q.
        Method: the largest of the four squared components decides the branch (Shepperd 1978).
    """
    m = np.asarray(matrices, np.float64)
    d0, d1, d2 = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    trace = d0 + d1 + d2
    # Rows of 4 q qᵀ: each is q times four times one component; take the best conditioned.
    yz, zx, xy = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    sxy, sxz, syz = m[:, 0, 1] + m[:, 1, 0], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 2] + m[:, 2, 1]
    outer = np.array(
        [
            [1 + trace, yz, zx, xy],
            [yz, 1 + 2 * d0 - trace, sxy, sxz],
            [zx, sxy, 1 + 2 * d1 - trace, syz],
            [xy, sxz, syz, 1 + 2 * d2 - trace],
        ]
    )
    best = np.argmax([outer[i, i] for i in range(4)], axis=0)
    q = outer[best, :, np.arange(len(m))]
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    flips = np.einsum("ij,ij->i", q[1:], q[:-1]) < 0
    start = q[:1, 0] < 0
    return q * np.where(np.cumsum(np.concatenate((start, flips))) % 2, -1.0, 1.0)[:, None]


def eulers(matrices: np.ndarray, order: str) -> np.ndarray:
    """Euler angles of rotation matrices, continuous in time.

    Of the two triples that stand for a rotation, and their full turns, each frame takes the one
    nearest to the frame before; the first frame takes the smaller one.

    Args:
        matrices: float (n, 3, 3), rotations.
        order: One of ``EULER_ORDERS``; the first letter turns first.

    Returns:
        float64 (n, 3), radians about x, y, z; may exceed a half turn.
    """
    first, middle, last = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if order in ("XYZ", "YZX", "ZXY") else -1.0
    m = np.asarray(matrices, np.float64)
    # R = R_last R_middle R_first, so R[last, first] = -sign sin(middle).
    a = np.empty((len(m), 3))
    a[:, first] = np.arctan2(sign * m[:, last, middle], m[:, last, last])
    a[:, middle] = np.arcsin(np.clip(-sign * m[:, last, first], -1, 1))
    a[:, last] = np.arctan2(sign * m[:, middle, first], m[:, first, first])
    b = a + np.pi
    b[:, middle] = np.pi - a[:, middle]
    return _nearest_turns(a, b, middle)


def _nearest_turns(a: np.ndarray, b: np.ndarray, middle: int) -> np.ndarray:
    """Chooses between two angle triples per frame, in whole turns nearest to the frame before."""
    turn = 2 * np.pi
    # Away from gimbal lock the second triple is half a turn off and never the nearer one.
    if np.abs(a[:, middle]).max(initial=0.0) < np.radians(80):
        return np.unwrap(a, axis=0)
    chosen = np.empty_like(a)
    previous = np.zeros(3)
    for i, pair in enumerate(zip(a, b, strict=True)):
        near = [angles + turn * np.round((previous - angles) / turn) for angles in pair]
        previous = min(near, key=lambda angles: np.abs(angles - previous).sum())
        chosen[i] = previous
    return chosen


def axis_angles(matrices: np.ndarray) -> np.ndarray:
    """Angle and axis (angle in radians, x, y, z), float64 (n, 4), continuous in time.

    The axis keeps to one side and the angle goes through zero instead of the axis flipping; at
    no rotation the last axis stays, as there is none to see.
    """
    q = quaternions(matrices)
    vector = q[:, 1:]
    length = np.linalg.norm(vector, axis=1)
    seen = length > 1e-6
    result = np.empty((len(q), 4))
    axis = np.array([0.0, 1.0, 0.0])
    if seen.any():
        axis = vector[seen][0] / length[seen][0]
    for i in range(len(q)):
        if seen[i]:
            direction = vector[i] / length[i]
            axis = direction if direction @ axis >= 0 else -direction
        result[i, 1:] = axis
    result[:, 0] = 2 * np.arctan2(np.einsum("ij,ij->i", vector, result[:, 1:]), q[:, 0])
    result[:, 0] = np.unwrap(result[:, 0], period=4 * np.pi)
    return result


def meet_edges(values: np.ndarray, first: np.ndarray, last: np.ndarray, name: str) -> np.ndarray:
    """The same rotations in the numbers nearest to what stands at both ends.

    A rotation can be written in several ways: q and -q, an angle and its full turns. Where both
    ends want different ones, the change falls between the two frames in the middle.

    Args:
        values: float (n, k), continuous in time.
        first: float (k,), what the first row shall be near.
        last: float (k,), what the last row shall be near.
        name: The property: "rotation_quaternion", "rotation_axis_angle" or "rotation_euler".

    Returns:
        float64 (n, k).
    """
    at_first, at_last = _meet(values, values[0], first, name), _meet(values, values[-1], last, name)
    half = len(values) // 2
    return np.concatenate((at_first[:half], at_last[half:]))


def _meet(values: np.ndarray, own: np.ndarray, wanted: np.ndarray, name: str) -> np.ndarray:
    """All values, written in the way in which ``own`` is nearest to ``wanted``."""
    turn = 2 * np.pi
    if name == "rotation_quaternion":
        return -values if own @ wanted < 0 else values
    if name == "rotation_axis_angle":
        sign = -1.0 if own[1:] @ wanted[1:] < 0 else 1.0
        values = sign * values
        values[:, 0] += turn * np.round((wanted[0] - sign * own[0]) / turn)
        return values
    return values + turn * np.round((wanted - own) / turn)
