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
# A blink's ways: a lid closes in a tenth of a second and opens in two (Kwon et al. 2013).
_CLOSING_S, _OPENING_S = 0.13, 0.22
# Pictures this close together miss no blink; twice as far apart they may.
_SEES_ALL_S = 0.017
# How far a blink must stand out to be one at all, and twice as far to be certain.
_STANDS_OUT, _LEAST_PEAK = 0.25, 0.3
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


def complete_blinks(time_s: np.ndarray, weights: np.ndarray, confidence: np.ndarray) -> None:
    """Bring blinks that fell between two pictures to their end, in place.

    A lid is shut for less than a picture takes. What rises and falls again at once was a blink,
    and the more it stands out the surer; slow lids stay as they are.

    Args:
        time_s: float64 (n,), increasing.
        weights: float (n, 52), one stretch of frames with a face.
        confidence: float (n, 52), 0..1.
    """
    if len(time_s) < 3:
        return
    # At a high rate nothing falls between two pictures: a half blink was one.
    missed = np.clip((float(np.median(np.diff(time_s))) - _SEES_ALL_S) / _SEES_ALL_S, 0, 1)
    for side in ("Left", "Right"):
        channel = INDEX[f"eyeBlink{side}"]
        lid = weights[:, channel]
        inner = (lid[1:-1] >= lid[:-2]) & (lid[1:-1] > lid[2:]) & (lid[1:-1] > _LEAST_PEAK)
        for peak in np.flatnonzero(inner) + 1:
            first = np.searchsorted(time_s, time_s[peak] - _CLOSING_S)
            last = np.searchsorted(time_s, time_s[peak] + _OPENING_S, side="right") - 1
            first += int(lid[first : peak + 1].argmin())
            last = peak + int(lid[peak : last + 1].argmin())
            stands_out = lid[peak] - max(lid[first], lid[last])
            certain = np.clip((stands_out - _STANDS_OUT) / _STANDS_OUT, 0, 1)
            certain *= missed * min(2 * confidence[peak, channel], 1.0)
            full = lid[peak] + certain * (1 - lid[peak])
            if full > lid[peak]:
                span = slice(first, last + 1)
                base = np.interp(time_s[span], time_s[[first, last]], lid[[first, last]])
                raised = base + (lid[span] - base) * (full - base) / (lid[peak] - base)
                lid[span] = np.maximum(lid[span], np.minimum(raised, full))
