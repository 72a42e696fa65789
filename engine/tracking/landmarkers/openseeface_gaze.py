# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the irises are, by OpenSeeFace's gaze network, and what it sees of the eyes besides.

Layout of ``mnv3_gaze32_split`` after tracker.py of github.com/emilianavt/OpenSeeFace (BSD-2): both
eyes as one batch, 32 x 32, columns before rows, the left eye mirrored; a heatmap of 8 x 8 cells and
how far the pupil is from each cell. Its second output, meant for blinks, tells nothing: over four
clips it went with the lids' opening by -0.3 to 0.6, one way in one eye and the other in the other.
Its inner feature maps do: by 0.92 to 0.98 in real clips (``openseeface_looks``).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...core.inference.onnx_session import open_model
from ..base import TrackerOptions
from ..crop import crop, planes
from ..exposed import Exposed
from ..openseeface_looks import EYE_TENSORS
from ..regions import Region, matrix

SIZE = 32
_CELLS = 8
_STEEP = 8.0
# The picture of an eye, by the distance between its corners.
_WIDTH, _HEIGHT = 1.4, 1.2
# Corners among the 66 points: outer and inner of the right eye, inner and outer of the left, so
# that both pairs run to the image's right.
_CORNERS = ((36, 39), (42, 45))
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]
_SCALE = 1 / (255 * _DEVIATION)
_OFFSET = -np.array([0.485, 0.456, 0.406], np.float32)[:, None, None] / _DEVIATION
# Less certain pupils are not told: the eye is shut, or hair hides it.
_MIN_CERTAIN = 0.4


def decode(maps: np.ndarray) -> tuple[np.ndarray, float]:
    """A heatmap to the pupil.

    Args:
        maps: float32 (3, 8, 8), of one eye; columns before rows.

    Returns:
        float64 (2,), x and y in pixels of the network's picture, and how certain, about 0..1.
    """
    heat, right, down = maps.reshape(3, _CELLS * _CELLS).astype(np.float64)
    best = int(heat.argmax())
    inside = np.clip([right[best], down[best]], 1e-7, 1 - 1e-7)
    cell = np.array([best // _CELLS, best % _CELLS]) / _CELLS
    return SIZE * (cell + np.log(inside / (1 - inside)) / _STEEP), float(heat[best])


def eye_region(corners: np.ndarray) -> Region:
    """What the network looks at.

    Args:
        corners: float (2, 2), of one eye, the image's left one first where the head is upright.
    """
    (x, y), (dx, dy) = corners.mean(0), corners[1] - corners[0]
    length = max(math.hypot(dx, dy), 1.0)
    return Region(float(x), float(y), length * _WIDTH, length * _HEIGHT, math.atan2(dy, dx))


class Eyes(NamedTuple):
    """What is seen of both eyes.

    Attributes:
        irises: float64 (2, 2), centres of the right and the left one, image pixels; NaN for one
            that is not seen.
        tensors: float32, ``EYE_TENSORS`` of the right and the left eye, (2, ...) each.
    """

    irises: np.ndarray
    tensors: list[np.ndarray]


class OpenSeeFaceGaze:
    """The gaze network.

    Args:
        options: How to track.
    """

    def __init__(self, options: TrackerOptions) -> None:
        self._file = Exposed(options.model_path("openseeface_gaze"), EYE_TENSORS)
        # 0.3 ms on the processor, more than that on a card.
        self._model = open_model(self._file.path, "cpu")

    def look(self, image: np.ndarray, points: np.ndarray) -> Eyes:
        """Both eyes of a face.

        Args:
            image: uint8 (height, width, 3), RGB.
            points: float (66, 2), image pixels.
        """
        regions = [eye_region(points[list(corners)]) for corners in _CORNERS]
        right, left = (crop(image, region, SIZE) for region in regions)
        fed = [planes(eye, _SCALE, _OFFSET) for eye in (right, left[:, ::-1])]
        fed = np.ascontiguousarray(np.concatenate(fed).transpose(0, 1, 3, 2))
        maps, _, *tensors = self._model.run(fed)
        found = np.full((2, 2), np.nan)
        for eye, region in enumerate(regions):
            pupil, certain = decode(maps[eye])
            if certain < _MIN_CERTAIN:
                continue
            if eye:
                pupil[0] = SIZE - pupil[0]
            to_image = matrix(region, SIZE)
            found[eye] = to_image[:, :2] @ pupil + to_image[:, 2]
        return Eyes(found, tensors)
