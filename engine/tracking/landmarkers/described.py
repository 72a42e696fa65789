# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a face with any ONNX model that a ``Description`` describes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...core.arkit import COUNT, INDEX
from ...core.axes import rotation_from_euler_deg
from ...core.errors import FacewrightError
from ...core.face_geometry import FaceGeometry, load_geometry
from ...core.inference.onnx_session import OnnxModel, open_model
from ...core.inference.provider_faults import gist
from ...core.types import LANDMARKS
from ..base import TrackerOptions
from ..completion import MODEL as FACE_COMPLETION
from ..completion import completion_for
from ..correspondence import IBUG_68, INSIGHTFACE_106, OPENSEEFACE_66
from ..crop import crop, planes
from ..dense import Dense
from ..depth import with_depth, with_irises_of
from ..detectors.blazeface import BlazeFace
from ..one_network import OnOneNetwork
from ..parts import FaceDetector, RawFace
from ..regions import MARGIN, Region
from .description import (
    ANGLES,
    LANDMARK_COUNTS,
    LOOKS,
    PRESENCE,
    ROTATION,
    TONGUE,
    WEIGHTS,
    Description,
    Output,
)
from .heatmaps import places_in
from .mediapipe import SIZE, to_image
from .model_facts import check_input, choose_outputs, facts, shape_text
from .presence import DetectedPresence

_SCHEMES = {
    "landmarks106": INSIGHTFACE_106,
    "landmarks68": IBUG_68,
    "landmarks66": OPENSEEFACE_66,
}
# InsightFace's 106 have two points in each eye's iris, right and left; their middle is taken
# (deepinsight/insightface, issue 2408: nobody says how they differ).
_PUPILS = {"landmarks106": ((34, 38), (88, 92))}

# Landmarks further away than this, in sides of the crop, are none.
_FAR = 4.0


class DescribedLandmarker(OnOneNetwork):
    """See ``engine.tracking.parts.FaceLandmarker``.

    Args:
        description: What the model takes and gives.
        model: Opened.
        geometry: The canonical face.
        presence: Says of a place how surely a face is there; asked where the model does not say.
        where: Says in errors where an output was described.
        completion: The file of what few points tell of the rest of a face; None for nothing.

    Raises:
        FacewrightError: ``model-layout`` where the model is not as described.
    """

    # As a presence of MediaPipe's is meant: half is the border, new ones must be surer.
    min_presence = 0.5
    new_presence = 0.7
    new_presence_in_square = 0.8

    def __init__(
        self,
        description: Description,
        model: OnnxModel,
        geometry: FaceGeometry,
        presence: Callable[[np.ndarray, Region], float],
        where: Callable[[Output], str] = lambda output: "",
        completion: Path | None = None,
    ) -> None:
        self._description, self._model, self._geometry = description, model, geometry
        self._where = where
        self._numbers = choose_outputs(description, model, where)
        has = [
            output.meaning
            for output, number in zip(description.outputs, self._numbers, strict=True)
            if number is not None
        ]
        self._presence = None if PRESENCE in has else presence
        scheme = _SCHEMES.get(description.landmarks.meaning)
        learned = completion_for(completion, scheme) if scheme and completion else None
        self._dense = Dense(geometry, scheme, learned) if scheme else None
        picture = description.picture
        std = np.array(picture.std, np.float32)[:, None, None]
        mean = np.array(picture.mean, np.float32)[:, None, None]
        self._scale, self._offset = np.float32(picture.scale) / std, -mean / std

    def find(self, image: np.ndarray, region: Region) -> RawFace:
        """The face in a region of the picture."""
        place = self.place(region)
        outputs = self._run(self._fed(image, place))
        given = {
            output.meaning: (output, outputs[number])
            for output, number in zip(self._description.outputs, self._numbers, strict=True)
            if number is not None
        }
        points = self._points(given)
        if not np.abs(points).max() < _FAR * self._description.picture.size:
            # Nowhere near the crop, or not even numbers: no face.
            return RawFace(np.zeros((LANDMARKS, 3), np.float32), 0.0)
        marks = self._landmarks(points, place, image.shape[1] / image.shape[0])
        presence = self._chance(given, PRESENCE)
        if self._presence is not None:
            presence = self._presence(image, region)
        maps = given.get(LOOKS)
        return RawFace(
            marks,
            presence,
            self._chance(given, TONGUE),
            None if maps is None else self._numbers_of(*maps).astype(np.float32),
            self._scores(given),
            self._rotation(given, place.angle),
        )

    def place(self, region: Region) -> Region:
        """The crop that the network wants, from the usual region of a face."""
        picture = self._description.picture
        angle = region.angle if picture.rotated else 0.0
        grow = picture.margin / MARGIN
        face = max(region.width, region.height) / MARGIN
        right, down = picture.shift[0] * face, picture.shift[1] * face
        return Region(
            region.x + right * math.cos(angle) - down * math.sin(angle),
            region.y + right * math.sin(angle) + down * math.cos(angle),
            region.width * grow,
            region.height * grow,
            angle,
        )

    def _fed(self, image: np.ndarray, place: Region) -> np.ndarray:
        picture = self._description.picture
        cut = crop(image, place, picture.size, zero_border=picture.black)
        if picture.colour == "BGR":
            cut = cut[:, :, ::-1]
        fed = planes(cut, self._scale, self._offset)
        return np.ascontiguousarray(fed.transpose(0, 2, 3, 1)) if picture.channels_last else fed

    def _run(self, fed: np.ndarray) -> list[np.ndarray]:
        try:
            return self._model.run(fed)
        except Exception as error:
            # A size that the file leaves free may still not go through its layers.
            if not type(error).__module__.startswith("onnxruntime"):
                raise
            raise FacewrightError(
                f"{self._where(self._description.landmarks)}the model {self._description.name} "
                f"fails on a picture {shape_text(fed.shape)}: {gist(error)}.",
                facts(self._model),
                "model-layout",
            ) from error

    def _points(self, given: dict) -> np.ndarray:
        """float64 (n, 2 or 3), the network's landmarks in pixels of the crop."""
        output, array = given[self._description.landmarks.meaning]
        size = self._description.picture.size
        count = LANDMARK_COUNTS[output.meaning]
        if output.units == "heatmaps":
            return places_in(self._heatmaps(output, array, count)) * size
        points = self._numbers_of(output, array).reshape(count, len(output.axes))
        points = points.astype(np.float64)
        if output.units == "-1..1":
            points[:, :2] += 1
            points *= size / 2
        elif output.units == "0..1":
            points *= size
        return points

    def _landmarks(self, points: np.ndarray, place: Region, aspect: float) -> np.ndarray:
        """float32 (478, 3), image pixels."""
        flat = points.shape[1] == 2
        if flat:
            points = np.concatenate([points, np.zeros((len(points), 1))], 1)
        points = points * (SIZE / self._description.picture.size)
        marks = to_image(points.astype(np.float32), place, aspect)
        if self._dense:
            pupils = _PUPILS.get(self._description.landmarks.meaning, ())
            irises = np.array([marks[list(pair), :2].mean(0) for pair in pupils])
            return self._dense(marks, aspect, irises=irises if pupils else None)
        if flat:
            marks = with_depth(marks, self._geometry, aspect)
        return with_irises_of(marks, self._geometry) if len(marks) == 468 else marks

    def _heatmaps(self, output: Output, array: np.ndarray, count: int) -> np.ndarray:
        if array.ndim == 4 and array.shape[1] >= count:
            return array[0, :count]
        raise self._unlike(output, array, f"{count} planes or more, (1, {count}, rows, columns)")

    def _numbers_of(self, output: Output, array: np.ndarray) -> np.ndarray:
        if array.size != output.count:
            raise self._unlike(output, array, f"{output.count} numbers")
        return array.reshape(-1)

    def _unlike(self, output: Output, array: np.ndarray, wanted: str) -> FacewrightError:
        return FacewrightError(
            f"{self._where(output)}{output.meaning} are {wanted}, but the model "
            f"{self._description.name} gave {shape_text(array.shape)}.",
            "Correct the description, or choose another output.",
            "model-layout",
        )

    def _chance(self, given: dict, meaning: str) -> float:
        if meaning not in given:
            return float("nan")
        output, array = given[meaning]
        value = float(self._numbers_of(output, array)[0])
        return float(_logistic(value)) if output.units == "logit" else value

    def _rotation(self, given: dict, angle: float) -> np.ndarray | None:
        """float64 (3, 3): the head in the picture, from the head in the crop; None if untold."""
        if ROTATION not in given:
            return None
        output, array = given[ROTATION]
        values = self._numbers_of(output, array).astype(np.float64)
        if not np.isfinite(values).all():
            return None  # the landmarks tell the head then
        if output.units == "matrix":
            # The nearest rotation: networks give matrices that are nearly one.
            u, _, vt = np.linalg.svd(values.reshape(3, 3))
            turned = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
        else:
            by_name = dict(zip(output.angles, values * output.signs, strict=True))
            turned = rotation_from_euler_deg(np.array([by_name[name] for name in ANGLES]))
        # The crop's x axis is turned towards the picture's y, which points down.
        return rotation_from_euler_deg(np.array([0.0, 0.0, -math.degrees(angle)])) @ turned

    def _scores(self, given: dict) -> np.ndarray | None:
        if WEIGHTS not in given:
            return None
        output, array = given[WEIGHTS]
        values = self._numbers_of(output, array).astype(np.float32)
        if output.units == "logit":
            values = _logistic(values)
        scores = np.full(COUNT, np.nan, np.float32)
        for name, value in zip(output.weights, values, strict=True):
            if name in INDEX:
                scores[INDEX[name]] = min(max(float(value), 0.0), 1.0)
        return scores


def open_described(
    description: Description,
    path: Path,
    detector: FaceDetector,
    options: TrackerOptions,
    about_input: str = "",
    about_output: Callable[[Output], str] | None = None,
) -> DescribedLandmarker:
    """Opens a model that was described.

    Args:
        description: What it takes and gives.
        path: Its file.
        detector: Finds faces; where the model does not say whether one is still there, this does
            and BlazeFace.
        options: How to track.
        about_input: How errors about the input begin; the file's name without it.
        about_output: The same of an output.

    Raises:
        FacewrightError: ``model-layout`` where the model is not as described; what keeps it from
            being opened.
    """
    model = open_model(path, options.device, options.gpu, options.streams)
    check_input(description, model, about_input or f"{path}: ")
    return DescribedLandmarker(
        description,
        model,
        load_geometry(options.model_path("face_geometry")),
        DetectedPresence(BlazeFace(options), detector),
        about_output or (lambda output: f"{path}: "),
        options.model_path(FACE_COMPLETION),
    )


def _logistic(value):
    return 1 / (1 + np.exp(-np.clip(value, -80.0, 80.0)))
