# SPDX-License-Identifier: GPL-3.0-or-later
"""478 landmarks of the face in a region of a picture."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..core.onnx_session import OnnxModel
from ..core.types import LANDMARKS
from .crop import crop, planes
from .regions import Region, matrix

SIZE = 256
MIN_PRESENCE = 0.5


class RawFace(NamedTuple):
    """What the landmark network says about one region.

    Attributes:
        landmarks: float32 (478, 3), image pixels; z in about the same scale as x (``to_image``).
        presence: Probability that the region shows a face.
        tongue: Probability that the tongue is out; only meaningful with a face.
        maps: float32 (10240,), feature maps of the network (``appearance``).
    """

    landmarks: np.ndarray
    presence: float
    tongue: float
    maps: np.ndarray


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


def find_landmarks(model: OnnxModel, image: np.ndarray, region: Region) -> RawFace:
    """Runs the landmark network.

    Args:
        model: ``face_landmarks``.
        image: uint8 (height, width, 3), RGB.
        region: Where the face is thought to be.
    """
    values, logit, tongue, maps = model.run(planes(crop(image, region, SIZE), 1 / 255, 0.0))
    return RawFace(
        to_image(values.reshape(LANDMARKS, 3), region, image.shape[1] / image.shape[0]),
        1 / (1 + math.exp(-min(max(float(logit[0, 0]), -100.0), 100.0))),
        float(tongue[0, 0]),
        maps[0],
    )
