# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in the picture to look: rotated rectangles and their maps, after MediaPipe's rules.

Sources: MediaPipe's ``detections_to_rects_calculator``, ``rect_transformation_calculator`` and
``image_to_tensor_utils`` with the options of the face landmarker graphs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

MARGIN = 1.5
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263


class Region(NamedTuple):
    """A rotated rectangle in image pixels.

    Attributes:
        x, y: Centre.
        width, height: Sides before rotation.
        angle: Radians, positive turns the x axis towards y (clockwise on the screen).
    """

    x: float
    y: float
    width: float
    height: float
    angle: float


def matrix(region: Region, size: int) -> np.ndarray:
    """Map from a crop of ``size`` pixels to the picture, float64 (2, 3).

    The crop's corners (0, 0) and (size, size) fall on the region's corners. MediaPipe shifts by
    no half pixel on either side, and the networks' results are only its own if we do not.
    """
    cos, sin = math.cos(region.angle), math.sin(region.angle)
    a, b = region.width / size * cos, -region.height / size * sin
    c, d = region.width / size * sin, region.height / size * cos
    half = size / 2
    return np.array(
        [[a, b, region.x - (a + b) * half], [c, d, region.y - (c + d) * half]], np.float64
    )


def square(x: float, y: float, side: float) -> Region:
    """An upright square."""
    return Region(x, y, side, side, 0.0)


def letterbox(image: np.ndarray) -> Region:
    """The square around the whole picture."""
    height, width = image.shape[:2]
    return square(width / 2, height / 2, max(width, height))


def from_detection(box: np.ndarray, keypoints: np.ndarray) -> Region:
    """The region of a detected face.

    Args:
        box: float (4,), x0, y0, x1, y1 in image pixels.
        keypoints: float (2 or more, 2), image pixels; the first two are the right and the left eye.
    """
    dx, dy = keypoints[1] - keypoints[0]
    return Region(
        float(box[0] + box[2]) / 2,
        float(box[1] + box[3]) / 2,
        float(box[2] - box[0]) * MARGIN,
        float(box[3] - box[1]) * MARGIN,
        math.atan2(dy, dx),
    )


def from_landmarks(landmarks: np.ndarray) -> Region:
    """The region for the next frame: a square around the landmarks, upright with the eyes.

    Args:
        landmarks: float (478, 3) or (478, 2), image pixels, before smoothing.
    """
    points = landmarks[:, :2]
    x0, y0 = points.min(0).tolist()
    x1, y1 = points.max(0).tolist()
    dx, dy = (points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]).tolist()
    side = max(x1 - x0, y1 - y0) * MARGIN
    return Region((x0 + x1) / 2, (y0 + y1) / 2, side, side, math.atan2(dy, dx))


def difference(a: Region, b: Region, size: int = 256) -> float:
    """How far the corners of two regions lie apart at most, in pixels of a crop of ``size``."""
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]], np.float64)
    gap = corners @ (matrix(a, size) - matrix(b, size)).T
    return float(np.hypot(gap[:, 0], gap[:, 1]).max()) * size / max(a.width, a.height)
