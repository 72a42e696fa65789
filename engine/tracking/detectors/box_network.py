# SPDX-License-Identifier: GPL-3.0-or-later
"""What detectors that learned from WIDER FACE have in common: a large picture in, many boxes out.

A detector of this kind is a class that says how its picture is prepared and how its outputs are
read; cutting, suppressing and bringing boxes back to the picture are the same for all.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np

from ...core.errors import FacewrightError
from ...core.inference.onnx_session import open_model
from ..base import TrackerOptions
from ..crop import crop, planes
from ..one_network import OnOneNetwork
from ..parts import Detection
from ..regions import Region, matrix
from .boxes import from_five_points, from_wider_box, suppress

# Pixels; below it no face has enough of them.
SMALLEST = 64


class Found(NamedTuple):
    """What a network's outputs say, in pixels of its picture.

    Attributes:
        boxes: float (n, 4), x0, y0, x1, y1.
        scores: float (n,), 0..1.
        keypoints: float (n, 5, 2): right eye, left eye, nose tip, right and left corner of the
            mouth, sides are the actor's; None where the network gives none.
    """

    boxes: np.ndarray
    scores: np.ndarray
    keypoints: np.ndarray | None

    def at_least(self, score: float) -> Found:
        """Those that are certain enough."""
        keep = self.scores >= score
        keypoints = None if self.keypoints is None else self.keypoints[keep]
        return Found(self.boxes[keep], self.scores[keep], keypoints)


def joined(parts: list[Found]) -> Found:
    """The findings of several feature maps as one."""
    keypoints = None
    if parts[0].keypoints is not None:
        keypoints = np.concatenate([part.keypoints for part in parts])
    return Found(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        keypoints,
    )


def logistic(values: np.ndarray) -> np.ndarray:
    """float -> 0..1."""
    return 1 / (1 + np.exp(-np.clip(values, -80, 80)))


def as_scores(values: np.ndarray) -> np.ndarray:
    """Scores whether or not the network's last sigmoid is in the file: 0..1 stays as it is."""
    if len(values) and (values.min() < 0 or values.max() > 1):
        return logistic(values)
    return values


class BoxNetwork(OnOneNetwork):
    """See ``engine.tracking.parts.FaceDetector``.

    Args:
        options: How to track.

    Attributes:
        size: Side of the picture where the model leaves it free.
        multiple: What a free side must be a multiple of.
        colours: Order of the colour planes.
        scale, offset: The network's picture is ``pixel * scale + offset``; numbers, or float
            (3, 1, 1) in the order of the planes.
        min_score: Boxes below it are nothing.
        overlap: Boxes that share more than this are one face.

    Raises:
        FacewrightError: ``model-layout`` where the file is another kind of network.
    """

    name = ""
    model_id = ""
    size = 640
    multiple = 32
    colours = "RGB"
    scale: float | np.ndarray = 1.0
    offset: float | np.ndarray = 0.0
    min_score = 0.5
    overlap = 0.4

    def __init__(self, options: TrackerOptions) -> None:
        self.path = options.model_path(self.model_id)
        self._model = open_model(self.path, options.device, options.gpu)
        shape = self._model.session.get_inputs()[0].shape
        if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            raise self.wrong(f"its input is {shape}, not pictures of three colour planes")
        # Exports differ: any of these may be fixed or a name.
        self._batch, _, height, width = (n if isinstance(n, int) and n > 0 else 0 for n in shape)
        self._fixed = (height, width)
        if any(0 < side < SMALLEST for side in self._fixed):
            raise self.wrong(
                f"its input is fixed to {width} x {height} pixels, which is too small to find "
                "faces; height and width have to be free in the file "
                "(tools/free_input_size.py in Facewright's source frees them)"
            )

    def sized(self, size: int) -> BoxNetwork:
        """The same detector with smaller pictures, where the model leaves their size free.

        Args:
            size: Side in pixels; brought to the next multiple that the network can take.
        """
        other = copy.copy(self)
        other.size = max(-(-size // self.multiple), 2) * self.multiple
        return other

    def detect(self, image: np.ndarray, region: Region) -> list[Detection]:
        """Faces inside a square of the picture, the most certain first."""
        height, width = (side or self.size for side in self._fixed)
        side = min(height, width)
        picture = crop(image, region, side, zero_border=True)
        if height != width:
            canvas = np.zeros((height, width, 3), np.uint8)
            canvas[:side, :side] = picture
            picture = canvas
        if self.colours == "BGR":
            picture = picture[:, :, ::-1]
        fed = planes(picture, self.scale, self.offset)
        if self._batch > 1:
            fed = np.concatenate([fed, np.zeros((self._batch - 1, *fed.shape[1:]), fed.dtype)])
        found = self.decode(self._model.run(fed), height, width).at_least(self.min_score)
        to_image = matrix(region, side)
        keep = suppress(found.boxes, found.scores, self.overlap)
        return [self._detection(found, i, to_image) for i in keep]

    def decode(self, outputs: list[np.ndarray], height: int, width: int) -> Found:
        """Reads the network's outputs; the first picture of the batch counts.

        Args:
            outputs: In the order of the file.
            height, width: Size of the network's picture in pixels.

        Raises:
            FacewrightError: ``model-layout`` for outputs of other shapes.
        """
        raise NotImplementedError

    def wrong(self, why: str) -> FacewrightError:
        """The error for a file that is another kind of network."""
        return FacewrightError(
            f"The model file {self.path} is not a network of the detector {self.name!r}: {why}.",
            "Choose the file that belongs to this detector, or another detector.",
            "model-layout",
        )

    def _detection(self, found: Found, i: int, to_image: np.ndarray) -> Detection:
        score = min(float(found.scores[i]), 1.0)
        if found.keypoints is not None:
            points = found.keypoints[i] @ to_image[:, :2].T + to_image[:, 2]
            return from_five_points(points, score)
        corners = found.boxes[i].reshape(2, 2) @ to_image[:, :2].T + to_image[:, 2]
        return from_wider_box(corners.ravel(), score)


def shapes(outputs: list[np.ndarray]) -> str:
    """The shapes of outputs in words, for errors."""
    return ", ".join(str(tuple(output.shape)) for output in outputs)
