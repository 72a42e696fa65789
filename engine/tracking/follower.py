# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows one face from picture to picture, and finds it again when it is lost.

While the face is tracked the detector rests: the landmarks of one frame say where to look in the
next (MediaPipe's rule, from landmarks before smoothing). A lost face is looked for with the
detector in the whole picture and, in turn, in smaller squares of it, because the detector
was made for faces that fill a good part of its 128 pixels. Whatever it finds must convince the
landmark network before it counts.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .parts import FaceDetector, FaceLandmarker, RawFace
from .regions import Region, from_detection, from_landmarks, letterbox, square

# How many squares of the picture are searched in the frame that lost the face, and in each frame
# after it, where they take turns. All of them would cost as much as tracking several frames; the
# frames that this loses are won back by tracking backwards.
SQUARES_AT_LOSS = 4
SQUARES_PER_FRAME = 1
# A face this near to where it was last seen, in place and size, is not new.
SAME_PLACE = 0.4
# Faces offered to the landmark network in one picture.
MAX_CANDIDATES = 6
# Pictures at least this high are also searched in squares of half their height.
SMALL_FACE_HEIGHT = 480


class Place(NamedTuple):
    """A follower's whole memory.

    Attributes:
        region: Where to look in the next frame; None while the face is lost.
        last: Where the face was last seen; None if it never was.
    """

    region: Region | None = None
    last: Region | None = None


@dataclass
class Networks:
    """The two parts that look at pictures, and what all followers learn together.

    Attributes:
        detector: Finds faces.
        landmarker: Reads one.
        face: Which face to take up: 0 is the largest, 1 the next.
        faces_seen: The highest number of faces seen in one picture.
    """

    detector: FaceDetector
    landmarker: FaceLandmarker
    face: int = 0
    faces_seen: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def saw(self, count: int) -> None:
        """Counts faces."""
        with self._lock:
            self.faces_seen = max(self.faces_seen, count)


def search_squares(width: int, height: int, last: Region | None) -> list[Region]:
    """Where to look besides the whole picture, the likeliest first.

    Args:
        width, height: Size of the picture in pixels.
        last: Where the face was last seen.
    """
    squares = []
    if last is not None:
        squares.append(square(last.x, last.y, 2 * max(last.width, last.height)))
    short = min(width, height)
    sides = [short] if short < SMALL_FACE_HEIGHT else [short, short / 2]
    for side in sides:
        # Half overlapping, so that a face cut by one square is whole in the next.
        columns = np.linspace(side / 2, width - side / 2, math.ceil(2 * (width / side - 1)) + 1)
        rows = np.linspace(side / 2, height - side / 2, math.ceil(2 * (height / side - 1)) + 1)
        centres = [(float(x), float(y)) for y in rows for x in columns]
        centres.sort(key=lambda c: math.hypot(c[0] - width / 2, c[1] - height / 2))
        squares += [square(x, y, side) for x, y in centres]
    return squares


def _remoteness(here: Region, last: Region) -> float:
    """How unlike a face's place and size are to where it was last seen, in face sizes."""
    distance = math.hypot(here.x - last.x, here.y - last.y) / last.width
    return distance + abs(math.log(here.width / last.width))


class Follower:
    """One chain of frames.

    Args:
        networks: Shared by all followers.
        place: Where to go on from.
    """

    def __init__(self, networks: Networks, place: Place | None = None) -> None:
        self._networks = networks
        self._fresh = place is None
        self.place = place or Place()

    def step(self, image: np.ndarray, index: int) -> RawFace | None:
        """The face in the next frame, or None.

        Args:
            image: uint8 (height, width, 3), RGB.
            index: Number of the frame; decides which square of the picture has its turn.
        """
        region, last = self.place
        face = None
        if region is not None:
            face = self._accepted(image, region)
        if face is None:
            face = self._find(image, last, self._squares(image, index))
        self._fresh = False
        if face is None:
            self.place = Place(None, last)
        else:
            region = from_landmarks(face.landmarks)
            self.place = Place(region, region)
        return face

    def step_known(self, image: np.ndarray) -> RawFace | None:
        """The face in the next frame where the region says, without ever searching."""
        region, last = self.place
        face = self._accepted(image, region) if region is not None else None
        region = None if face is None else from_landmarks(face.landmarks)
        self.place = Place(region, region or last)
        return face

    def take_up(self, image: np.ndarray) -> None:
        """Takes the face up in the middle of a clip: detector first, else the last region."""
        last = self.place.last
        face = self._find(image, last, [])
        if face is None and last is not None:
            face = self._accepted(image, last)
        self._fresh = False
        region = None if face is None else from_landmarks(face.landmarks)
        self.place = Place(region, region or last)

    def _accepted(
        self, image: np.ndarray, region: Region, presence: float | None = None
    ) -> RawFace | None:
        """The face in a region, if the landmarker believes in it."""
        if not (2 < region.width < 8 * max(image.shape) and region.height > 2):
            return None
        landmarker = self._networks.landmarker
        face = landmarker.find(image, region)
        enough = landmarker.min_presence if presence is None else presence
        return face if face.presence >= enough else None

    def _squares(self, image: np.ndarray, index: int) -> list[Region]:
        """The parts of the picture to search in this frame, besides the whole."""
        height, width = image.shape[:2]
        squares = search_squares(width, height, self.place.last)
        if self._everybody:
            return squares
        if self.place.region is not None:
            return squares[:SQUARES_AT_LOSS]
        first = index * SQUARES_PER_FRAME
        return [squares[(first + turn) % len(squares)] for turn in range(SQUARES_PER_FRAME)]

    @property
    def _everybody(self) -> bool:
        """At the very start all faces are looked for once, so that the choice is a choice."""
        return self._fresh and self.place.last is None

    def _find(
        self, image: np.ndarray, last: Region | None, squares: list[Region]
    ) -> RawFace | None:
        landmarker = self._networks.landmarker
        faces = self._faces(image, letterbox(image), [], landmarker.new_presence)
        chosen = self._choose(faces, last)
        for region in squares:
            if chosen is not None and not self._everybody:
                break
            faces = self._faces(image, region, faces, landmarker.new_presence_in_square)
            chosen = self._choose(faces, last)
        return chosen

    def _faces(
        self, image: np.ndarray, region: Region, known: list[RawFace], presence: float
    ) -> list[RawFace]:
        """The known faces and those found in a square of the picture."""
        faces, last = list(known), self.place.last
        found = self._networks.detector.detect(image, region)
        for detection in found[:MAX_CANDIDATES]:
            centre = (detection.box[:2] + detection.box[2:]) / 2
            if any(_inside(centre, face) for face in faces):
                continue
            place = from_detection(detection.box, detection.keypoints)
            returning = last is not None and _remoteness(place, last) < SAME_PLACE
            face = self._accepted(image, place, None if returning else presence)
            if face is not None:
                faces.append(face)
        self._networks.saw(len(faces))
        return faces

    def _choose(self, faces: list[RawFace], last: Region | None) -> RawFace | None:
        if not faces:
            return None
        if last is not None:
            return min(faces, key=lambda face: _remoteness(from_landmarks(face.landmarks), last))
        faces = sorted(faces, key=lambda face: -from_landmarks(face.landmarks).width)
        return faces[self._networks.face] if self._networks.face < len(faces) else None


def _inside(point: np.ndarray, face: RawFace) -> bool:
    low, high = face.landmarks[:, :2].min(0), face.landmarks[:, :2].max(0)
    return bool((point > low).all() and (point < high).all())
