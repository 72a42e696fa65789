# SPDX-License-Identifier: GPL-3.0-or-later
"""The two parts of an engine: one finds faces in a picture, one reads a face that was found.

Any detector goes with any landmarker. What they give has the same form, so that following a face,
working in blocks, tracking backwards and solving are the same for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from .regions import Region


@dataclass(frozen=True)
class Detection:
    """A face found in a picture.

    Attributes:
        box: float64 (4,), x0, y0, x1, y1 in image pixels: from the brows to the chin and from cheek
            to cheek, as BlazeFace draws it. Others bring theirs to it.
        keypoints: float64 (2 or more, 2), image pixels: right eye, left eye, then what the detector
            has besides; sides are the actor's.
        score: 0..1.
    """

    box: np.ndarray
    keypoints: np.ndarray
    score: float


class RawFace(NamedTuple):
    """What a landmarker says about one region.

    Attributes:
        landmarks: float32 (478, 3), MediaPipe topology, image pixels; z in about the same scale as
            x, smaller is nearer.
        presence: Probability that the region shows a face.
        tongue: Probability that the tongue is out; only meaningful with a face; NaN where the
            landmarker cannot tell.
        maps: float32 (10240,), feature maps for ``appearance``; None where there are none.
        scores: float32 (52,), the engine's own weights in ARKit order; NaN where it has no opinion
            and the blend-shape network is asked; None where it has none at all.
        rotation: float (3, 3), the engine's own rotation of the canonical face in the camera's
            frame (``core.types``); None where it comes from the landmarks.
        looks: float32 (256,), the appearance itself, of engines that tell it without ``maps``.
    """

    landmarks: np.ndarray
    presence: float
    tongue: float = float("nan")
    maps: np.ndarray | None = None
    scores: np.ndarray | None = None
    rotation: np.ndarray | None = None
    looks: np.ndarray | None = None


class FaceDetector(Protocol):
    """Finds faces.

    Attributes:
        name: Its key in ``detectors.catalog.DETECTORS``.
        provider: What its network runs on.
        notes: Sentences about anything that is not as asked.
    """

    name: str
    provider: str
    notes: list[str]

    def detect(self, image: np.ndarray, region: Region) -> list[Detection]:
        """Faces inside a square of the picture, the most certain first.

        Args:
            image: uint8 (height, width, 3), RGB.
            region: The square to look at; may reach beyond the picture.
        """
        ...


class FaceLandmarker(Protocol):
    """Reads one face.

    Attributes:
        provider: What its networks run on.
        notes: Sentences about anything that is not as asked.
        min_presence: Below this a face that is followed is lost.
        new_presence: What a face must have that is new in the whole picture.
        new_presence_in_square: The same for one found in a part of the picture.

    A landmarker whose network works in batches has ``batch`` besides: how many threads it likes to
    be asked by at once.
    """

    provider: str
    notes: list[str]
    min_presence: float
    new_presence: float
    new_presence_in_square: float

    def find(self, image: np.ndarray, region: Region) -> RawFace:
        """The face in a region of the picture. May be called from several threads.

        Args:
            image: uint8 (height, width, 3), RGB.
            region: Where the face is thought to be: the square around its landmarks, 1.5 times as
                large, upright with the eyes (``regions.from_landmarks``).
        """
        ...
