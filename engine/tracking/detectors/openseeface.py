# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faces with OpenSeeFace's own small detector.

Layout of ``mnv3_detection`` after tracker.py of github.com/emilianavt/OpenSeeFace (BSD-2): pictures
RGB, ImageNet's mean and deviation, 224 x 224. One map of 56 x 56 cells says how likely the middle
of a face is there, one how large the face is; a third output is the first one's neighbourhood
maximum, which leaves one cell for each face. It gives no keypoints: the eyes are put where they
are in a face that stands upright.
"""

from __future__ import annotations

import numpy as np

from ..base import TrackerOptions
from ..crop import crop, planes
from ..landmarkers.openseeface import OFFSET, SCALE, without_tensorrt
from ..parts import Detection
from ..regions import Region, matrix
from .boxes import suppress

SIZE = 224
_CELLS = 56
# Pixels of the network's picture in a cell, and in a radius of 1.
_CELL, _RADIUS = SIZE / _CELLS, SIZE / 2
MIN_SCORE = 0.6
_OVERLAP = 0.4
# From its square, around brows and chin, to BlazeFace's: share of the side, and how much lower the
# middle lies; where the eyes are in the result. Medians over 81 frames of eleven clips where both
# saw the same face; the side is within 10 % in nine of ten.
_SIDE, _DOWN = 0.94, 0.16
_EYES = np.array([[0.285, 0.257], [0.715, 0.257]])


def decode(maps: np.ndarray, highest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maps to squares.

    Args:
        maps: float32 (2, 56, 56), score and radius.
        highest: float32 (56, 56), the highest score in each cell's neighbourhood.

    Returns:
        float64 (n, 4), x0, y0, x1, y1 in pixels of the network's picture, and scores (n,), the
        most certain first.
    """
    score, radius = maps
    rows, columns = np.nonzero((score >= MIN_SCORE) & (score >= highest))
    scores = score[rows, columns].astype(np.float64)
    half = radius[rows, columns, None].astype(np.float64) * _RADIUS
    centres = np.stack([columns, rows], 1) * _CELL
    order = np.argsort(-scores, kind="stable")
    return np.concatenate([centres - half, centres + half], 1)[order], scores[order]


class OpenSeeFaceDetector:
    """See ``engine.tracking.parts.FaceDetector``.

    Args:
        options: How to track.
    """

    name = "openseeface"

    def __init__(self, options: TrackerOptions) -> None:
        options, self._notes = without_tensorrt(options)
        self._model = options.open("openseeface_detection", insist=False)

    @property
    def provider(self) -> str:
        """What the network runs on."""
        return self._model.provider

    @property
    def notes(self) -> list[str]:
        """Why it does not run on what was asked for."""
        return [*self._notes, *self._model.notes]

    def detect(self, image: np.ndarray, region: Region) -> list[Detection]:
        """Faces inside a square of the picture, the most certain first."""
        picture = crop(image, region, SIZE, zero_border=True)
        maps, highest = self._model.run(planes(picture, SCALE, OFFSET))
        squares, scores = decode(maps[0], highest[0, 0])
        to_image = matrix(region, SIZE)
        found = []
        for i in suppress(squares, scores, _OVERLAP):
            corners = squares[i].reshape(2, 2) @ to_image[:, :2].T + to_image[:, 2]
            side = float(corners[1, 0] - corners[0, 0])
            centre = corners.mean(0) + [0, _DOWN * side]
            box = np.concatenate([centre - _SIDE * side / 2, centre + _SIDE * side / 2])
            found.append(Detection(box, box[:2] + side * _SIDE * _EYES, float(scores[i])))
        return found
