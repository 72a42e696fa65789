# SPDX-License-Identifier: GPL-3.0-or-later
"""The data that travels between the stages.

Frames of reference:
    image:  pixels, x to the right, y down, the centre of the first pixel at (0.5, 0.5).
    camera: centimetres, x to the right of the image, y up, the camera looks along -z
            (OpenGL, as MediaPipe's face geometry).
Sides are the actor's. "No face" is ``valid == False`` with NaN in every value, never the last
value again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from .arkit import COUNT

LANDMARKS = 478
# Length of the appearance vector that the default tracker sees in every frame.
APPEARANCE = 256


@dataclass(frozen=True)
class VideoFrame:
    """One decoded picture.

    Attributes:
        index: Number of the frame in its source, from 0.
        time_s: Presentation time in seconds from the first frame.
        image: uint8 (height, width, 3), RGB, upright, square pixels.
    """

    index: int
    time_s: float
    image: np.ndarray


class _Columns:
    """What the columnar containers share: equal lengths, slices, concatenation."""

    def __post_init__(self) -> None:
        length = len(self.time_s)
        for field in fields(self):
            column = getattr(self, field.name)
            shape = (length, *self.SHAPES[field.name])
            if column.shape != shape:
                raise ValueError(
                    f"{type(self).__name__}.{field.name}: shape {column.shape}, not {shape}"
                )

    def __len__(self) -> int:
        return len(self.time_s)

    def __getitem__(self, rows):
        """The same columns over some rows (a slice, a mask or an index array)."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence):
        """One container from several, in the order given."""
        return cls(
            *(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(cls))
        )


@dataclass(frozen=True)
class Observations(_Columns):
    """What a tracker saw in T consecutive frames: measurements, before any solving.

    Attributes:
        index: int64 (T,), frame numbers in the source.
        time_s: float64 (T,), presentation times.
        valid: bool (T,), whether the face was seen.
        presence: float32 (T,), the tracker's confidence that this is a face, 0..1; 0 where no
            face was found.
        landmarks: float32 (T, 478, 3), MediaPipe topology, image pixels as measured (before
            smoothing); z in about the same scale as x, smaller is nearer to the camera (see
            ``tracking.landmarkers.mediapipe.to_image`` for its stretch in tilted heads).
        scores: float32 (T, 52), the network's own blend-shape scores in ARKit order, 0..1;
            ``tongueOut`` from the landmark network where the tracker has it, else 0.
        head: float32 (T, 4, 4), rigid transform from the canonical face (centimetres) to the
            camera frame.
        appearance: float32 (T, 256), what the landmark network saw besides the landmarks, cheeks
            and wrinkles for example (``tracking.appearance``); NaN from engines without it.
    """

    index: np.ndarray
    time_s: np.ndarray
    valid: np.ndarray
    presence: np.ndarray
    landmarks: np.ndarray
    scores: np.ndarray
    head: np.ndarray
    appearance: np.ndarray

    SHAPES = {
        "index": (),
        "time_s": (),
        "valid": (),
        "presence": (),
        "landmarks": (LANDMARKS, 3),
        "scores": (COUNT,),
        "head": (4, 4),
        "appearance": (APPEARANCE,),
    }

    @classmethod
    def empty(cls, index: np.ndarray, time_s: np.ndarray) -> Observations:
        """Rows in which no face was seen."""
        count = len(index)
        return cls(
            np.asarray(index, np.int64),
            np.asarray(time_s, np.float64),
            np.zeros(count, bool),
            np.zeros(count, np.float32),
            np.full((count, LANDMARKS, 3), np.nan, np.float32),
            np.full((count, COUNT), np.nan, np.float32),
            np.full((count, 4, 4), np.nan, np.float32),
            np.full((count, APPEARANCE), np.nan, np.float32),
        )


@dataclass(frozen=True)
class FaceTrack(_Columns):
    """Solved face values over time: the currency of everything after tracking.

    Attributes:
        time_s: float64 (T,), seconds from the start of the take, increasing.
        valid: bool (T,), False where there was no face.
        confidence: float32 (T,), 0..1, of the face as a whole.
        channel_confidence: float32 (T, 52), 0..1, of each weight: 1 where it is as good as
            measured, 0 where it is a guess (hidden, turned away, covered); NaN where not valid.
        weights: float32 (T, 52), ARKit order, 0..1 at rest-to-full; NaN where not valid, but for
            jaw, mouth and tongue where the sound told what they do (``speech.stand_in``).
        head_deg: float32 (T, 3), pitch, yaw, roll in degrees: Euler XYZ about the camera's x
            (to the image's right), y (up), z (towards the camera). Positive pitch looks down,
            positive yaw turns to the image's right, positive roll tilts the head's top to the
            image's left. Zero faces the camera.
        head_cm: float32 (T, 3), position of the canonical face's origin in the camera frame.
        gaze_deg: float32 (T, 2, 2), per eye (left, right): pitch and yaw relative to the head
            in the same sense as ``head_deg``.
    """

    time_s: np.ndarray
    valid: np.ndarray
    confidence: np.ndarray
    channel_confidence: np.ndarray
    weights: np.ndarray
    head_deg: np.ndarray
    head_cm: np.ndarray
    gaze_deg: np.ndarray

    SHAPES = {
        "time_s": (),
        "valid": (),
        "confidence": (),
        "channel_confidence": (COUNT,),
        "weights": (COUNT,),
        "head_deg": (3,),
        "head_cm": (3,),
        "gaze_deg": (2, 2),
    }

    @classmethod
    def of_weights(cls, time_s: np.ndarray, weights: np.ndarray) -> FaceTrack:
        """A face of which the weights are known, and are sure: head and gaze rest.

        Args:
            time_s: float64 (T,), seconds, increasing.
            weights: float32 (T, 52), ARKit order.

        Returns:
            The track; what rests takes no room, so that it cannot be written to.
        """
        count = len(time_s)

        def alike(value: float, *shape: int) -> np.ndarray:
            return np.broadcast_to(np.float32(value), (count, *shape))

        return cls(
            time_s,
            np.ones(count, bool),
            alike(1.0),
            alike(1.0, COUNT),
            weights,
            alike(0.0, 3),
            alike(0.0, 3),
            alike(0.0, 2, 2),
        )
