# SPDX-License-Identifier: GPL-3.0-or-later
"""3DDFA_V2: 62 parameters of a morphable face, of which 68 landmarks are made.

Layout after cleardusk/3DDFA_V2, ``TDDFA_ONNX.py`` and ``utils/tddfa_util.py`` (MIT): a crop of 120
pixels, BGR, (value - 127.5) / 128. The 62 numbers times a standard deviation plus a mean are a 3 x
4 camera (12), 40 amounts of shape and 10 of expression. Points are

    camera's matrix · (mean + shapes · amounts + expressions · amounts) + camera's shift

in pixels of the crop, counted from 1 and with y up. Where there is none of the detector's boxes,
the authors' crop is a square around the 68 points with the diagonal of their longer side's square
as its side (``utils/functions.py``); theirs is never turned, here it is upright with the eyes.

The network draws a face into any picture. It says nothing of presence; see ``sanity``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.errors import FacewrightError
from ...core.face_geometry import load_geometry
from ...core.restricted_pickle import as_array, read_tables
from ...core.types import LANDMARKS
from ..base import TrackerOptions
from ..completion import MODEL as COMPLETION
from ..completion import completion_for
from ..correspondence import IBUG_68
from ..crop import crop, planes
from ..dense import Dense
from ..detectors.blazeface import BlazeFace
from ..one_network import OnOneNetwork
from ..parts import FaceDetector, RawFace
from ..regions import Region, matrix
from .face_square import FaceSquare
from .layouts import check_layout
from .presence import DetectedPresence

MODEL, BASIS = "three_ddfa", "three_ddfa_basis"
SIZE = 120
CAMERA, SHAPES, EXPRESSIONS = 12, 40, 10
PARAMETERS = CAMERA + SHAPES + EXPRESSIONS
POINTS = 68
# Least and greatest of the singular values of the camera's matrix, whose ratio is 1 for a real
# camera: below the first a face is none, above the second it is one.
_SKEWED, _STRAIGHT = 0.5, 0.8
# The points' box by the crop's side: what is far from that of the training is no face.
_SIDES = 0.3, 1.3


@dataclass(frozen=True)
class Basis:
    """The morphable face at its 68 points, and how parameters are scaled.

    Attributes:
        mean: float64 (204,), x, y, z of each point in turn.
        shapes: float64 (204, 40).
        expressions: float64 (204, 10).
        middle, spread: float64 (62,), mean and deviation of the parameters.
    """

    mean: np.ndarray
    shapes: np.ndarray
    expressions: np.ndarray
    middle: np.ndarray
    spread: np.ndarray


def read_basis(path: Path) -> Basis:
    """Reads what ``tools/convert_three_ddfa.py`` wrote.

    Raises:
        FacewrightError: ``model-corrupt``, ``model-layout``.
    """
    tables = read_tables(path)
    sizes = {
        "u_base": (3 * POINTS,),
        "w_shp_base": (3 * POINTS, SHAPES),
        "w_exp_base": (3 * POINTS, EXPRESSIONS),
        "mean": (PARAMETERS,),
        "std": (PARAMETERS,),
    }
    found = []
    for name, size in sizes.items():
        array = as_array(tables.get(name))
        if array is None or array.shape != size:
            raise FacewrightError(
                f"{path} is not what tools/convert_three_ddfa.py writes: {name} is missing or has "
                "another size.",
                "docs/morphable_engines.md in Facewright's source says how it is made.",
                "model-layout",
            )
        found.append(array.astype(np.float64))
    return Basis(*found)


def decode(output: np.ndarray, basis: Basis) -> tuple[np.ndarray, np.ndarray]:
    """The network's numbers to points.

    Args:
        output: float (62,).
        basis: The morphable face.

    Returns:
        Points float64 (68, 3), pixels of the crop, y down, z towards the camera; and the camera's
        matrix float64 (3, 3).
    """
    parameters = output.astype(np.float64).ravel() * basis.spread + basis.middle
    camera = parameters[:CAMERA].reshape(3, 4)
    shape, expression = parameters[CAMERA : CAMERA + SHAPES], parameters[CAMERA + SHAPES :]
    # Numbers that are none go through, and ``sanity`` finds them.
    with np.errstate(invalid="ignore", over="ignore"):
        face = basis.mean + basis.shapes @ shape + basis.expressions @ expression
        points = face.reshape(POINTS, 3) @ camera[:, :3].T + camera[:, 3]
    points[:, 0] -= 1
    points[:, 1] = SIZE - points[:, 1]
    return points, camera[:, :3]


def sanity(points: np.ndarray, camera: np.ndarray) -> float:
    """Whether parameters are those of a face, 0..1.

    The least of: how nearly the camera turns and scales alone, the share of points inside the crop,
    and 1 or 0 for a size that is possible. A wall mostly passes: the network gives the mean face
    where it sees none. So this only takes away from what a detector says.
    """
    if not (np.isfinite(points).all() and np.isfinite(camera).all()):
        return 0.0
    sizes = np.linalg.svd(camera, compute_uv=False)
    ratio = sizes[-1] / max(sizes[0], 1e-12)
    inside = ((points[:, :2] > 0) & (points[:, :2] < SIZE)).all(1).mean()
    side = float(np.ptp(points[:, :2], axis=0).max()) / SIZE
    possible = float(_SIDES[0] < side < _SIDES[1] and np.linalg.det(camera) > 0)
    straight = float(np.clip((ratio - _SKEWED) / (_STRAIGHT - _SKEWED), 0.0, 1.0))
    return min(straight, float(inside), possible)


class ThreeDdfaLandmarker(OnOneNetwork):
    """See ``engine.tracking.parts.FaceLandmarker``.

    Args:
        options: How to track.
        detector: Finds faces, and says with BlazeFace whether one is still there.

    Raises:
        FacewrightError: What keeps the files from being opened; ``model-layout``.
    """

    min_presence = 0.5
    new_presence = 0.7
    new_presence_in_square = 0.8

    def __init__(self, options: TrackerOptions, detector: FaceDetector) -> None:
        self._basis = read_basis(options.model_path(BASIS))
        self._model = options.open(MODEL)
        check_layout(self._model, MODEL, SIZE, (PARAMETERS,))
        geometry = load_geometry(options.model_path("face_geometry"))
        learned = completion_for(options.model_path(COMPLETION), IBUG_68)
        self._square = FaceSquare(geometry, learned, longer=math.sqrt(2))
        self._dense = Dense(geometry, IBUG_68, learned)
        self._presence = DetectedPresence(BlazeFace(options), detector)

    def points(self, image: np.ndarray, region: Region) -> tuple[np.ndarray, float]:
        """The 68 points, float64 (68, 2) image pixels, and their sanity."""
        place = self._square(region)
        picture = crop(image, place, SIZE, zero_border=True)[:, :, ::-1]
        output = self._model.run(planes(picture, 1 / 128, -127.5 / 128))[0]
        points, camera = decode(output, self._basis)
        to_image = matrix(place, SIZE)
        return points[:, :2] @ to_image[:, :2].T + to_image[:, 2], sanity(points, camera)

    def find(self, image: np.ndarray, region: Region) -> RawFace:
        """The face in a region of the picture."""
        points, sane = self.points(image, region)
        presence = min(sane, self._presence(image, region)) if sane > 0 else 0.0
        if not presence:
            return RawFace(np.zeros((LANDMARKS, 3), np.float32), 0.0)
        return RawFace(self._dense(points, image.shape[1] / image.shape[0]), presence)
