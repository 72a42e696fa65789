# SPDX-License-Identifier: GPL-3.0-or-later
"""A face as a mirror shows it: the actor's left is the character's right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .arkit import MIRROR
from .types import FaceTrack

# Pitch stays; yaw, roll and the place across change their sign.
_TURN = np.array([1.0, -1.0, -1.0])
_PLACE = np.array([-1.0, 1.0, 1.0])


def mirror_values(
    weights: np.ndarray, head_deg: np.ndarray, head_cm: np.ndarray, gaze_deg: np.ndarray
) -> dict[str, np.ndarray]:
    """Mirrors values of any leading shape; units and axes as in ``types.FaceTrack``.

    Returns:
        The four arrays by name, in their own dtypes.
    """
    return {
        "weights": weights[..., list(MIRROR)],
        "head_deg": (head_deg * _TURN).astype(head_deg.dtype),
        "head_cm": (head_cm * _PLACE).astype(head_cm.dtype),
        "gaze_deg": (gaze_deg[..., ::-1, :] * _TURN[:2]).astype(gaze_deg.dtype),
    }


def mirror_track(track: FaceTrack) -> FaceTrack:
    """The mirrored track."""
    return replace(
        track,
        channel_confidence=track.channel_confidence[..., list(MIRROR)],
        **mirror_values(track.weights, track.head_deg, track.head_cm, track.gaze_deg),
    )
