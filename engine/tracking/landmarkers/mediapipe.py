# SPDX-License-Identifier: GPL-3.0-or-later
"""MediaPipe's 478 landmarks of the face in a region of a picture."""

from __future__ import annotations

import math

import numpy as np

from ...core.types import LANDMARKS
from ..base import TrackerOptions
from ..crop import crop, planes
from ..one_network import OnOneNetwork
from ..parts import RawFace
from ..regions import Region, matrix

SIZE = 256


def to_image(values: np.ndarray, region: Region, aspect: float) -> np.ndarray:
    """Landmarks in pixels of the crop to image pixels.

    The depth is scaled as MediaPipe does it, by the length of the crop's x axis in coordinates
    normalised by width and by height. In a picture that is not square this stretches depth when
    the head tilts (by 1.17 at 35 degrees in 16:9); head poses are Google's only with it.

    Args:
        values: float32 (478, 3), x and y from the crop's corner, z in the same scale.
        region: Where the crop was taken.
        aspect: Width of the picture / its height.

    Returns:
        float32 (478, 3).
    """
    transform = matrix(region, SIZE)
    out = np.empty((len(values), 3), np.float32)
    out[:, :2] = values[:, :2] @ transform[:, :2].T + transform[:, 2]
    stretch = math.hypot(math.cos(region.angle), math.sin(region.angle) * aspect)
    out[:, 2] = values[:, 2] * (region.width / SIZE * stretch)
    return out


class MediapipeLandmarker(OnOneNetwork):
    """See ``engine.tracking.parts.FaceLandmarker``.

    Args:
        options: How to track.
    """

    min_presence = 0.5
    # Faces that are followed may sink to ``min_presence`` behind a hand, but real new ones have
    # 0.99 and more. Lettering and clouds reach 0.85 in the whole picture and 0.95 in a square of
    # it, where the detector sees faces everywhere.
    new_presence = 0.9
    new_presence_in_square = 0.99

    def __init__(self, options: TrackerOptions) -> None:
        self._model = options.open("face_landmarks")

    def find(self, image: np.ndarray, region: Region) -> RawFace:
        """The face in a region of the picture."""
        values, logit, tongue, maps = self._model.run(
            planes(crop(image, region, SIZE), 1 / 255, 0.0)
        )
        return RawFace(
            to_image(values.reshape(LANDMARKS, 3), region, image.shape[1] / image.shape[0]),
            1 / (1 + math.exp(-min(max(float(logit[0, 0]), -100.0), 100.0))),
            float(tongue[0, 0]),
            maps[0],
        )
