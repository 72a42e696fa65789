# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faces in a picture: BlazeFace short range, decoded after MediaPipe's rules."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from ..core.onnx_session import OnnxModel
from .crop import crop, planes
from .regions import Region, matrix, square

SIZE = 128
MIN_SCORE = 0.5
OVERLAP = 0.5
# (stride, anchors per cell) of the two feature maps.
_MAPS = ((8, 2), (16, 6))


@dataclass(frozen=True)
class Detection:
    """A face found in a picture.

    Attributes:
        box: float64 (4,), x0, y0, x1, y1 in image pixels.
        keypoints: float64 (6, 2), image pixels: right eye, left eye, nose tip, mouth, right
            ear, left ear; sides are the actor's.
        score: 0..1.
    """

    box: np.ndarray
    keypoints: np.ndarray
    score: float


@functools.cache
def anchors() -> np.ndarray:
    """Centres of the 896 anchors, float32 (896, 2), as fractions of the input's side."""
    centres = []
    for stride, count in _MAPS:
        cells = SIZE // stride
        axis = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
        centres.append(np.repeat(grid, count, 0))
    return np.concatenate(centres).astype(np.float32)


def decode(boxes: np.ndarray, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Raw network output to points and scores.

    Args:
        boxes: float32 (896, 16): centre x, y, width, height, then six keypoints x, y; pixels of
            the input relative to the anchor.
        logits: float32 (896,).

    Returns:
        Points float32 (896, 8, 2) as fractions of the input's side (box corners, then
        keypoints) and scores float32 (896,), 0..1.
    """
    values = boxes.reshape(-1, 8, 2) / SIZE
    centre = values[:, 0] + anchors()
    half = values[:, 1] / 2
    keypoints = values[:, 2:] + anchors()[:, None]
    points = np.concatenate([(centre - half)[:, None], (centre + half)[:, None], keypoints], 1)
    scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
    return points, scores


def _overlaps(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of one box (2, 2) with others (n, 2, 2)."""
    low = np.maximum(one[0], others[:, 0])
    high = np.minimum(one[1], others[:, 1])
    common = np.clip(high - low, 0, None).prod(1)
    areas = (others[:, 1] - others[:, 0]).prod(1)
    return common / ((one[1] - one[0]).prod() + areas - common)


def merge(points: np.ndarray, scores: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Weighted non-maximum suppression: overlapping boxes become their mean by score.

    Args:
        points: float (n, 8, 2), as from ``decode``.
        scores: float (n,).

    Returns:
        (points (8, 2), highest score) for every face, the most certain first.
    """
    keep = np.flatnonzero(scores >= MIN_SCORE)
    keep = keep[np.argsort(-scores[keep], kind="stable")]
    faces = []
    while len(keep):
        together = _overlaps(points[keep[0], :2], points[keep, :2]) > OVERLAP
        together[0] = True
        group = keep[together]
        weights = scores[group] / scores[group].sum()
        faces.append((np.tensordot(weights, points[group], 1), float(scores[group[0]])))
        keep = keep[~together]
    return faces


def letterbox(image: np.ndarray) -> Region:
    """The square around the whole picture."""
    height, width = image.shape[:2]
    return square(width / 2, height / 2, max(width, height))


def detect(model: OnnxModel, image: np.ndarray, region: Region) -> list[Detection]:
    """Faces inside a square of the picture, the most certain first.

    Args:
        model: ``face_detector``.
        image: uint8 (height, width, 3), RGB.
        region: The square to look at.
    """
    picture = crop(image, region, SIZE, zero_border=True)
    boxes, logits = model.run(planes(picture, 2 / 255, -1.0))
    to_image = matrix(region, SIZE)
    found = []
    for points, score in merge(*decode(boxes[0], logits[0])):
        pixels = points * SIZE @ to_image[:, :2].T + to_image[:, 2]
        found.append(Detection(pixels[:2].ravel(), pixels[2:], score))
    return found
