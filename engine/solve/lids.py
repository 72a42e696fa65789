# SPDX-License-Identifier: GPL-3.0-or-later
"""Lids and lips, measured: what must be shut when it is shut.

The network weighs everything it sees and may take a closed eye for a look down. How far lids and
lips stand apart is plain in the landmarks, so it has the last word where it is certain.
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import INDEX

# Upper and lower lid at three places, and the corners, of the left and the right eye.
_LEFT_EYE = (((386, 374), (385, 380), (387, 373)), (362, 263))
_RIGHT_EYE = (((159, 145), (158, 153), (160, 144)), (133, 33))
_INNER_LIPS, _EYE_CORNERS = (13, 14), (33, 263)
# Lid openings, as shares of the opening at rest, at which a blink begins to be certain, and over
# which it becomes complete. A look down at its strongest leaves 0.46.
_LIDS_MEET, _LIDS_RANGE = 0.5, 0.35
# Yaw in radians at which both eyes count alike, because the far one is seen edge on.
_TURNED = 0.35


def lip_gap(points: np.ndarray) -> np.ndarray:
    """float (T,): gap between the lips as a share of the distance between the eyes' corners.

    Args:
        points: float (T, 478, 3), turned to the front.
    """
    return _distance(points, *_INNER_LIPS) / _distance(points, *_EYE_CORNERS)


def close_lids(weights: np.ndarray, points: np.ndarray, rest: np.ndarray, yaw: np.ndarray) -> None:
    """Raise eyeBlink to what the lids show, in place; shut eyes are not wide.

    Args:
        weights: float (T, 52).
        points: float (T, 478, 3), turned to the front.
        rest: float (478, 3), the same face at rest.
        yaw: float (T,), of the head, radians.
    """
    share = np.stack(
        [_opening(points, eye) / _opening(rest[None], eye) for eye in (_LEFT_EYE, _RIGHT_EYE)], 1
    )
    turned = np.clip(np.abs(yaw) / _TURNED, 0, 1)[:, None]
    share = share + turned * (share.mean(1, keepdims=True) - share)
    shut = np.clip((_LIDS_MEET - share) / _LIDS_RANGE, 0, 1)
    for eye, side in enumerate(("Left", "Right")):
        blink, wide = INDEX[f"eyeBlink{side}"], INDEX[f"eyeWide{side}"]
        weights[:, blink] = np.maximum(weights[:, blink], shut[:, eye])
        weights[:, wide] *= 1 - np.clip(weights[:, blink], 0, 1)


def _opening(points: np.ndarray, eye) -> np.ndarray:
    """float (T,): mean distance of the lids over the width of the eye."""
    pairs, corners = eye
    gap = sum(_distance(points, *pair) for pair in pairs) / len(pairs)
    return np.maximum(gap / np.maximum(_distance(points, *corners), 1e-6), 1e-3)


def _distance(points: np.ndarray, a: int, b: int) -> np.ndarray:
    """Across the face: depth is what landmarks know least."""
    return np.linalg.norm(points[:, a, :2] - points[:, b, :2], axis=1)
