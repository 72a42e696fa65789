# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faces in a picture: BlazeFace short range, decoded after MediaPipe's rules."""

from __future__ import annotations

import functools

import numpy as np

from ...core.inference.onnx_session import open_model
from ..base import TrackerOptions
from ..crop import crop, planes
from ..parts import Detection
from ..regions import Region, matrix
from .boxes import overlaps

SIZE = 128
MIN_SCORE = 0.5
OVERLAP = 0.5
# (stride, anchors per cell) of the two feature maps.
_MAPS = ((8, 2), (16, 6))


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
    boxes = points[:, :2].reshape(-1, 4)
    faces = []
    while len(keep):
        together = overlaps(boxes[keep[0]], boxes[keep]) > OVERLAP
        together[0] = True
        group = keep[together]
        weights = scores[group] / scores[group].sum()
        faces.append((np.tensordot(weights, points[group], 1), float(scores[group[0]])))
        keep = keep[~together]
    return faces


class BlazeFace:
    """See ``engine.tracking.parts.FaceDetector``.

    Args:
        options: How to track.
    """

    name = "blazeface"

    def __init__(self, options: TrackerOptions) -> None:
        # 0.7 ms on the processor, and hardly ever asked: a card would not be faster.
        self._model = open_model(options.model_path("face_detector"), "cpu")
        self.provider = self._model.provider
        self.notes: list[str] = []

    def detect(self, image: np.ndarray, region: Region) -> list[Detection]:
        """Faces inside a square of the picture, the most certain first."""
        picture = crop(image, region, SIZE, zero_border=True)
        boxes, logits = self._model.run(planes(picture, 2 / 255, -1.0))
        to_image = matrix(region, SIZE)
        found = []
        for points, score in merge(*decode(boxes[0], logits[0])):
            pixels = points * SIZE @ to_image[:, :2].T + to_image[:, 2]
            found.append(Detection(pixels[:2].ravel(), pixels[2:], score))
        return found
