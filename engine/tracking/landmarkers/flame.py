# SPDX-License-Identifier: GPL-3.0-or-later
"""DECA and EMOCA: parameters of a FLAME head, of which landmarks and ARKit's weights are made.

Layout after yfeng95/DECA, ``decalib/deca.py``, ``utils/config.py`` and ``datasets/datasets.py``: a
crop of 224 pixels, RGB 0..1, a square of 1.375 times the mean side of the box around iBUG's 68
points; 236 numbers: shape 100, texture 50, expression 50, the head's and the jaw's turn (rotation
vectors, 3 and 3), camera 3 (scale s, shift), light 27. A vertex (x, y, z) is seen at s (x + tx) and
-s (y + ty), where the crop reaches from -1 to 1.

EMOCA (radekd91/emoca, ``gdl/models/DECA.py``, class ``ExpDECA``) keeps DECA's network and takes the
expression from a second one: 50 numbers, or 53 with the jaw's turn, or 56 with the head's before
it.

Neither says whether there is a face; detectors are asked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...core.face_geometry import load_geometry
from ...core.types import LANDMARKS
from ..base import TrackerOptions
from ..completion import MODEL as COMPLETION
from ..completion import completion_for
from ..correspondence import IBUG_VERTICES, Correspondence
from ..crop import crop, planes
from ..dense import Dense
from ..detectors.blazeface import BlazeFace
from ..flame.arkit_fit import ArkitFit
from ..flame.model import EXPRESSIONS, JAW, ROOT, SHAPES, read_flame
from ..parts import FaceDetector, RawFace
from ..regions import Region, matrix
from .face_square import FaceSquare
from .layouts import check_layout
from .presence import DetectedPresence

DECA_MODEL, EMOCA_MODEL = "deca_encoder", "emoca_encoder"
FLAME_MODEL, FLAME_LANDMARKS = "flame_model", "flame_landmarks"
SIZE = 224
_TEXTURES, _LIGHTS = 50, 27
PARAMETERS = SHAPES + _TEXTURES + EXPRESSIONS + 6 + 3 + _LIGHTS
# Side of the square by the mean side of the points' box: 1.1 for points, 1.25 around that.
_MARGIN = 1.1 * 1.25
# Points further from the crop's middle than this, by its half side, are none.
_FAR = 4.0


class FlameCode(NamedTuple):
    """What the networks say of a face.

    Attributes:
        shape: float (100,).
        expression: float (50,).
        head: float (3,), rotation vector, radians.
        jaw: float (3,), the same.
        camera: float (3,), scale and shift.
    """

    shape: np.ndarray
    expression: np.ndarray
    head: np.ndarray
    jaw: np.ndarray
    camera: np.ndarray


def split_code(deca: np.ndarray, emoca: np.ndarray | None = None) -> FlameCode:
    """The numbers by their meaning.

    Args:
        deca: float (236,).
        emoca: float (50,), (53,) or (56,); None for DECA alone.
    """
    ends = np.cumsum([SHAPES, _TEXTURES, EXPRESSIONS, 3, 3, 3])
    shape, _, expression, head, jaw, camera, _ = np.split(deca.astype(np.float64), ends)
    if emoca is not None:
        expression, pose = np.split(emoca.astype(np.float64), [EXPRESSIONS])
        if len(pose) == 6:
            head = pose[:3]
        if len(pose):
            jaw = pose[-3:]
    return FlameCode(shape, expression, head, jaw, camera)


class FlameLandmarker:
    """See ``engine.tracking.parts.FaceLandmarker``.

    Args:
        options: How to track.
        detector: Finds faces, and says with BlazeFace whether one is still there.
        emoca: Take the expression from EMOCA's network.

    Raises:
        FacewrightError: What keeps the files from being opened; ``model-layout``.
    """

    min_presence = 0.5
    new_presence = 0.7
    new_presence_in_square = 0.8

    def __init__(
        self, options: TrackerOptions, detector: FaceDetector, *, emoca: bool = False
    ) -> None:
        model, landmarks = options.model_path(FLAME_MODEL), options.model_path(FLAME_LANDMARKS)
        wanted = {DECA_MODEL: (PARAMETERS,)}
        if emoca:
            wanted[EMOCA_MODEL] = (EXPRESSIONS, EXPRESSIONS + 3, EXPRESSIONS + 6)
        # All that may be missing is asked for before anything large is read.
        for model_id in wanted:
            options.model_path(model_id)
        self._flame = read_flame(model, landmarks)
        self._models = [options.open(model_id) for model_id in wanted]
        for opened, (model_id, counts) in zip(self._models, wanted.items(), strict=True):
            check_layout(opened, model_id, SIZE, counts)
        geometry = load_geometry(options.model_path("face_geometry"))
        ibug = self._flame.ibug
        scheme = Correspondence("FLAME", tuple(range(len(ibug))), ibug)
        # What was learned holds for all 68: without the edge of the face a jaw hardly opens.
        whole = len(ibug) == len(IBUG_VERTICES)
        learned = completion_for(options.model_path(COMPLETION), scheme) if whole else None
        self._dense = Dense(geometry, scheme, learned)
        self._square = FaceSquare(geometry, learned, mean=_MARGIN)
        self._fit = ArkitFit(ibug)
        self._presence = DetectedPresence(BlazeFace(options), detector)

    @property
    def provider(self) -> str:
        """What the first network runs on."""
        return self._models[0].provider

    @property
    def notes(self) -> list[str]:
        """Why they do not run on what was asked for, or do no longer; each sentence once."""
        return list(dict.fromkeys(note for model in self._models for note in model.notes))

    @property
    def batch(self) -> int:
        """Pictures that they like to be asked for at once."""
        return min(model.batch for model in self._models)

    def code(self, image: np.ndarray, place: Region) -> FlameCode:
        """What the networks say of a square of the picture."""
        fed = planes(crop(image, place, SIZE, zero_border=True), 1 / 255, 0.0)
        return split_code(*(model.run(fed)[0].ravel() for model in self._models))

    def points(self, code: FlameCode) -> np.ndarray:
        """float64 (L, 2): the landmarks, pixels of the network's picture."""
        placed = self._flame.landmarks(
            code.shape, code.expression, {ROOT: code.head, JAW: code.jaw}
        )
        scale, *shift = code.camera
        seen = scale * (placed[:, :2] + shift) * [1.0, -1.0]
        return (seen + 1) * (SIZE / 2)

    def scores(self, code: FlameCode) -> np.ndarray:
        """float32 (52,): see ``engine.tracking.flame.arkit_fit``."""
        rest = self._flame.landmarks(code.shape, np.zeros(EXPRESSIONS))
        return self._fit(rest, self._flame.landmarks(code.shape, code.expression, {JAW: code.jaw}))

    def find(self, image: np.ndarray, region: Region) -> RawFace:
        """The face in a region of the picture."""
        presence = self._presence(image, region)
        if presence < self.min_presence:
            return RawFace(np.zeros((LANDMARKS, 3), np.float32), presence)
        place = self._square(region)
        code = self.code(image, place)
        points = self.points(code) if all(np.isfinite(part).all() for part in code) else None
        if points is None or not np.abs(points / (SIZE / 2) - 1).max() < _FAR:
            return RawFace(np.zeros((LANDMARKS, 3), np.float32), 0.0)
        to_image = matrix(place, SIZE)
        points = points @ to_image[:, :2].T + to_image[:, 2]
        landmarks = self._dense(points, image.shape[1] / image.shape[0])
        return RawFace(landmarks, presence, scores=self.scores(code))
