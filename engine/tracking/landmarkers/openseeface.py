# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSeeFace's 66 landmarks of the face in a region of a picture, made MediaPipe's 478.

Layout of ``lm_model0`` after tracker.py of github.com/emilianavt/OpenSeeFace (BSD-2): pictures RGB,
ImageNet's mean and deviation, 224 x 224; for each point a heatmap of 28 x 28 cells and, in each
cell, how far down and how far to the right of it the point is, squeezed by a sigmoid. The
numbers of a cell are counted over the 223 steps between the picture's first and last pixel.

The network reads no depth and no tongue, and its lids hardly close (``docs/engines.md``).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ...core.face_geometry import load_geometry
from ..base import TrackerOptions
from ..completion import MODEL, load_completion
from ..correspondence import OPENSEEFACE_66
from ..crop import crop, planes
from ..dense import Dense
from ..one_network import OnOneNetwork
from ..openseeface_offsets import IRISES_CM, OFFSETS_CM
from ..parts import RawFace
from ..regions import Region, matrix
from .openseeface_gaze import OpenSeeFaceGaze

SIZE = 224
POINTS = 66
_CELLS = 28
# The sigmoid's steepness: a quarter of the picture's side for each logit of 4.
_STEEP = 16.0
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]
SCALE = 1 / (255 * _DEVIATION)
OFFSET = -np.array([0.485, 0.456, 0.406], np.float32)[:, None, None] / _DEVIATION
# The network wants the face from the brows to the chin with a little margin; a region reaches to
# the hairline. Share of the region's side, and how far its middle lies down the face, chosen of
# twelve on eleven clips by how well lids, lips, chin and brows go with MediaPipe's.
_PART, _DOWN = 0.82, 0.09
# Mean certainty of the points at which a region is as likely a face as not, and how quickly that
# changes. Of 950 regions without a face one had 0.67 and 99 of 100 less than 0.6; of 800 faces the
# least certain, turned away with shut eyes, had 0.73 and half of them more than 0.86.
_EVEN, _SLOPE = 0.62, 0.03
# Points less certain than the first take no part, those more than the second their whole one.
_TRUST = 0.25, 0.5


def decode(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heatmaps to points.

    Args:
        maps: float32 (198, 28, 28), of one picture.

    Returns:
        Points float64 (66, 2), x and y in pixels of the network's picture, and how certain each
        is, float32 (66,), about 0..1.
    """
    heat, down, right = maps.reshape(3, POINTS, _CELLS * _CELLS)
    best = heat.argmax(1)
    row = np.arange(POINTS)
    span = SIZE - 1
    y = span * (best // _CELLS / (_CELLS - 1) + _logit(down[row, best]) / _STEEP)
    x = span * (best % _CELLS / (_CELLS - 1) + _logit(right[row, best]) / _STEEP)
    return np.stack([x, y], 1), heat[row, best]


def _logit(values: np.ndarray) -> np.ndarray:
    inside = np.clip(values.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.log(inside / (1 - inside))


def presence(certainty: float) -> float:
    """Probability of a face, from the mean certainty of the points."""
    return 1 / (1 + math.exp(-(certainty - _EVEN) / _SLOPE))


def part_of(region: Region) -> Region:
    """What the network looks at in a region of the tracker."""
    down = _DOWN * region.height
    return Region(
        region.x - math.sin(region.angle) * down,
        region.y + math.cos(region.angle) * down,
        region.width * _PART,
        region.height * _PART,
        region.angle,
    )


def without_tensorrt(options: TrackerOptions) -> tuple[TrackerOptions, list[str]]:
    """OpenSeeFace's files hold operators of onnxruntime's own that TensorRT does not know."""
    if options.device != "tensorrt":
        return options, []
    note = "OpenSeeFace's networks cannot run on TensorRT; CUDA was asked for instead."
    return replace(options, device="cuda"), [note]


class OpenSeeFaceLandmarker(OnOneNetwork):
    """See ``engine.tracking.parts.FaceLandmarker``.

    Args:
        options: How to track.
    """

    min_presence = 0.5
    new_presence = 0.9
    new_presence_in_square = 0.97

    def __init__(self, options: TrackerOptions) -> None:
        options, self._notes = without_tensorrt(options)
        self._model = options.open("openseeface_landmarks")
        self._gaze = OpenSeeFaceGaze(options)
        scheme = replace(OPENSEEFACE_66, offsets=OFFSETS_CM, irises=IRISES_CM)
        geometry = load_geometry(options.model_path("face_geometry"))
        completion = load_completion(options.model_path(MODEL), "openseeface", POINTS)
        self._dense = Dense(geometry, scheme, completion)

    @property
    def notes(self) -> list[str]:
        """Why it does not run on what was asked for, or does no longer."""
        return [*self._notes, *self._model.notes]

    def points(self, image: np.ndarray, region: Region) -> tuple[np.ndarray, np.ndarray]:
        """The network's own points: float64 (66, 2) image pixels, float32 (66,) certainty."""
        part = part_of(region)
        (maps,) = self._model.run(planes(crop(image, part, SIZE), SCALE, OFFSET))
        points, certain = decode(maps[0])
        to_image = matrix(part, SIZE)
        return points @ to_image[:, :2].T + to_image[:, 2], certain

    def irises(self, image: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Centres of the irises as the gaze network sees them; see ``OpenSeeFaceGaze.irises``."""
        return self._gaze.irises(image, points)

    def find(self, image: np.ndarray, region: Region) -> RawFace:
        """The face in a region of the picture."""
        points, certain = self.points(image, region)
        likely = presence(float(certain.mean()))
        # Nobody looks at the eyes of what is no face.
        irises = self.irises(image, points) if likely >= self.min_presence else None
        aspect = image.shape[1] / image.shape[0]
        trust = np.clip((certain - _TRUST[0]) / (_TRUST[1] - _TRUST[0]), 0, 1)
        return RawFace(self._dense(points, aspect, irises=irises, trust=trust), likely)
