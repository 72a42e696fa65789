# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSeeFace's 66 landmarks of the face in a region of a picture, made MediaPipe's 478.

Layout of ``lm_model0`` after tracker.py of github.com/emilianavt/OpenSeeFace (BSD-2): pictures RGB,
ImageNet's mean and deviation, 224 x 224; for each point a heatmap of 28 x 28 cells and, in each
cell, how far down and how far to the right of it the point is, squeezed by a sigmoid. The
numbers of a cell are counted over the 223 steps between the picture's first and last pixel.

The network reads no depth and no tongue, and the points on its lids hardly close: what is inside it
tells the rest (``openseeface_looks``).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...core.face_geometry import load_geometry
from ...core.inference.onnx_session import open_model
from ..base import TrackerOptions
from ..correspondence import OPENSEEFACE_66
from ..crop import crop, planes
from ..dense import Dense
from ..exposed import Exposed
from ..one_network import OnOneNetwork
from ..openseeface_looks import FACE_TENSORS, MODEL, features, load_looks
from ..openseeface_offsets import IRISES_CM, OFFSETS_CM
from ..parts import RawFace
from ..regions import Region, matrix
from .openseeface_gaze import Eyes, OpenSeeFaceGaze

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


def trust(certain: np.ndarray) -> np.ndarray:
    """How far each point takes part, float32 (66,) 0..1, from how certain it is."""
    return np.clip((certain - _TRUST[0]) / (_TRUST[1] - _TRUST[0]), 0, 1)


class Seen(NamedTuple):
    """What the landmark network sees.

    Attributes:
        points: float64 (66, 2), image pixels.
        certain: float32 (66,), how certain each is, about 0..1.
        tensors: float32, ``FACE_TENSORS``, (1, ...) each.
    """

    points: np.ndarray
    certain: np.ndarray
    tensors: list[np.ndarray]


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
        self._file = Exposed(options.model_path("openseeface_landmarks"), FACE_TENSORS)
        self._model = open_model(self._file.path, options.device, options.gpu, options.streams)
        self._gaze = OpenSeeFaceGaze(options)
        scheme = replace(OPENSEEFACE_66, offsets=OFFSETS_CM, irises=IRISES_CM)
        geometry = load_geometry(options.model_path("face_geometry"))
        self._dense = Dense(geometry, scheme)
        self._looks = load_looks(options.model_path(MODEL))

    @property
    def notes(self) -> list[str]:
        """Why it does not run on what was asked for, or does no longer."""
        return [*self._notes, *self._model.notes]

    def look(self, image: np.ndarray, region: Region) -> Seen:
        """What the network sees in a region, face or not."""
        part = part_of(region)
        maps, *tensors = self._model.run(planes(crop(image, part, SIZE), SCALE, OFFSET))
        points, certain = decode(maps[0])
        to_image = matrix(part, SIZE)
        return Seen(points @ to_image[:, :2].T + to_image[:, 2], certain, tensors)

    def eyes(self, image: np.ndarray, points: np.ndarray) -> Eyes:
        """What the gaze network sees; see ``OpenSeeFaceGaze.look``."""
        return self._gaze.look(image, points)

    def find(self, image: np.ndarray, region: Region) -> RawFace:
        """The face in a region of the picture."""
        seen = self.look(image, region)
        aspect = image.shape[1] / image.shape[0]
        posed = self._dense.pose(seen.points, trust(seen.certain))
        likely = presence(float(seen.certain.mean()))
        if likely < self.min_presence:
            # Nobody looks at the eyes of what is no face.
            return RawFace(self._dense.drawn(posed, aspect), likely)
        eyes = self.eyes(image, seen.points)
        learned, looks = self._looks(posed.moves_cm, features(seen.tensors, eyes.tensors))
        landmarks = self._dense.drawn(posed, aspect, irises=eyes.irises, learned=learned)
        return RawFace(landmarks, likely, looks=looks)
