# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the head's usual pose into "straight ahead": the camera is rarely aligned with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.axes import euler_deg, rotation_from_euler_deg
from ..core.types import FaceTrack
from .columns import HEAD_CM, HEAD_DEG, to_matrix

MODES = ("NONE", "MEDIAN", "FIRST")


def recenter_head(track: FaceTrack, mode: str) -> FaceTrack:
    """Head pose relative to a neutral one (``relative_pose``).

    Args:
        track: The track.
        mode: ``"MEDIAN"``: the median pose of all valid frames. ``"FIRST"``: the first valid
            frame. ``"NONE"``: rotation stays as measured; positions become displacements from
            their median, because a distance from the camera means nothing in a scene.

    Returns:
        A track with new ``head_deg`` and ``head_cm``.

    Raises:
        ValueError: The mode is unknown.
    """
    if mode not in MODES:
        raise ValueError(f"unknown way to centre the head {mode!r}, not one of {MODES}")
    if not track.valid.any():
        return track
    valid = track.valid
    matrix = to_matrix(track)[valid]
    head, position = matrix[:, HEAD_DEG], matrix[:, HEAD_CM]
    if mode == "FIRST":
        neutral_deg, neutral_cm = head[0], position[0]
    else:
        neutral_deg, neutral_cm = np.median(head, axis=0), np.median(position, axis=0)
    if mode == "NONE":
        position = position - neutral_cm
    else:
        head, position = relative_pose(head, position, neutral_deg, neutral_cm)
    head_deg, head_cm = track.head_deg.copy(), track.head_cm.copy()
    head_deg[valid], head_cm[valid] = head, position
    return replace(track, head_deg=head_deg, head_cm=head_cm)


def relative_pose(
    head_deg: np.ndarray, head_cm: np.ndarray, neutral_deg: np.ndarray, neutral_cm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Poses as seen from a neutral one.

    The measured rotation is R = N R', where N is the neutral pose as the camera sees it; the
    character gets R' = Nᵀ R. Positions become displacements from the neutral position, seen in
    the neutral pose's axes.

    Args:
        head_deg, head_cm: float (T, 3) each, angles and positions as in ``FaceTrack``.
        neutral_deg, neutral_cm: float (3,) each.

    Returns:
        float64 (T, 3) each: angles in degrees, displacements in cm.
    """
    neutral = rotation_from_euler_deg(neutral_deg)
    angles = euler_deg(neutral.T @ rotation_from_euler_deg(head_deg))
    return angles, (head_cm - neutral_cm) @ neutral
