# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSeeFace's 14 features of a face, from its 66 points.

The features are distances between points that OpenSeeFace's tracker sends beside the landmarks
(``formats/openseeface.py`` receives them). Each is measured here on the face turned to the front,
as a share of the distance between the eyes' middles, so that it depends on neither size nor pose.
What they tell is in the points already, and so in the 478 landmarks made of them: the engine does
not use them. They are for comparing with that program, and for whoever wants few numbers.
"""

from __future__ import annotations

import numpy as np

NAMES = (
    "eye_l",
    "eye_r",
    "eyebrow_steepness_l",
    "eyebrow_updown_l",
    "eyebrow_quirk_l",
    "eyebrow_steepness_r",
    "eyebrow_updown_r",
    "eyebrow_quirk_r",
    "mouth_corner_updown_l",
    "mouth_corner_inout_l",
    "mouth_corner_updown_r",
    "mouth_corner_inout_r",
    "mouth_open",
    "mouth_wide",
)
# Points of the left and the right side: lids (upper, lower), corners of the eye, brow from inside
# to outside, corner of the mouth.
_LEFT = ((43, 44), (47, 46), (42, 45), (22, 23, 24, 25, 26), 62)
_RIGHT = ((37, 38), (41, 40), (36, 39), (21, 20, 19, 18, 17), 58)
_UPPER_LIP, _INNER_UPPER, _INNER_LOWER = 50, (59, 60, 61), (63, 64, 65)
_BRIDGE = 27


def features(points: np.ndarray) -> np.ndarray:
    """The 14 features.

    Args:
        points: float (66, 2), the network's points turned to the front, in any unit, x to the
            actor's left and y up.

    Returns:
        float64 (14,), in the order of ``NAMES``, as shares of the distance between the eyes: lids'
        opening; a brow's rise from inside to outside, its height above the eye, and how far its
        middle stands out from its ends; a mouth corner's height below the middle of the upper lip
        and its distance from the middle of the face; the inner lips' gap; the mouth's width.
    """
    points = np.asarray(points, np.float64)
    eyes = [points[list(side[2])].mean(0) for side in (_LEFT, _RIGHT)]
    unit = max(float(np.linalg.norm(eyes[0] - eyes[1])), 1e-9)
    opened, brows, corners = [], [], []
    for (upper, lower, _, brow, corner), eye in zip((_LEFT, _RIGHT), eyes, strict=True):
        opened.append(float((points[list(upper)] - points[list(lower)])[:, 1].mean()))
        inner, outer = points[brow[0], 1], points[brow[-1], 1]
        height = points[list(brow), 1].mean() - eye[1]
        brows += [inner - outer, height, points[brow[2], 1] - (inner + outer) / 2]
        aside = abs(points[corner, 0] - points[_BRIDGE, 0])
        corners += [points[_UPPER_LIP, 1] - points[corner, 1], aside]
    gap = (points[list(_INNER_UPPER)] - points[list(_INNER_LOWER)])[:, 1].mean()
    width = float(np.linalg.norm(points[_LEFT[4]] - points[_RIGHT[4]]))
    return np.array([*opened, *brows, *corners, gap, width]) / unit


def relative(values: np.ndarray, usual: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Features as OpenSeeFace tells them: -1..1 about what is usual for this face.

    Args:
        values: float (T, 14) or (14,), as ``features`` gives them.
        usual: float (14,), their medians.
        reach: float (14,), how far each gets from its median.
    """
    return np.clip((values - usual) / np.maximum(reach, 1e-6), -1, 1)
