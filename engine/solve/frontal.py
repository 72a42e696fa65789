# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks turned to the front: camera, distance, position and head rotation taken out.

What is left moves with the expression and differs from person to person. The face is fitted as
seen along the ray to it, so nothing here depends on the camera's field of view; that is needed
only to say where the head is in space (``placed``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..core.face_geometry import FaceGeometry
from ..core.similarity import fit_similarity

_RIGHT_EYE_OUTER, _LEFT_EYE_OUTER = 33, 263
# In perspective the near side of a face off the axis looks larger, which the fit takes for a part
# of the rotation by the ray: about a quarter, measured on rendered heads.
_RAY_SHARE = 0.75
_FLIP = np.array([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class Frontal:
    """T faces turned to the front.

    Attributes:
        points: float32 (T, 478, 3), the landmarks in the frame of the canonical face, cm (as if
            every face had its size): x to the actor's left, y up, z out of the face.
        rotation: float64 (T, 3, 3), canonical face to the frame of the ray that sees it.
        scale: float64 (T,), pixels a centimetre.
        origin: float64 (T, 2), where the canonical face's origin is seen, image pixels.
    """

    points: np.ndarray
    rotation: np.ndarray
    scale: np.ndarray
    origin: np.ndarray


def turn_to_front(landmarks: np.ndarray, geometry: FaceGeometry, aspect: float) -> Frontal:
    """Fit the canonical face to landmarks and turn them back.

    Args:
        landmarks: float32 (T, 478, 3), image pixels, as ``Observations.landmarks``; finite.
        geometry: The canonical face.
        aspect: Width of the picture / its height, to undo MediaPipe's stretch of the depth in
            tilted heads (``tracking.landmarkers.mediapipe.to_image``).
    """
    points = np.asarray(landmarks, np.float64).copy()
    eyes = points[:, _LEFT_EYE_OUTER, :2] - points[:, _RIGHT_EYE_OUTER, :2]
    length = np.maximum(np.hypot(eyes[:, 0], eyes[:, 1]), 1e-9)
    stretch = np.hypot(eyes[:, 0] / length, eyes[:, 1] / length * aspect)
    points[:, :, 2] /= stretch[:, None]
    points *= _FLIP
    used = np.flatnonzero(geometry.weights)
    scale, rotation, shift = fit_similarity(
        geometry.vertices[used], points[:, used], geometry.weights[used]
    )
    frontal = (points - shift[:, None]) @ rotation / scale[:, None, None]
    return Frontal(frontal.astype(np.float32), rotation, scale, shift[:, :2] * _FLIP[:2])


def placed(
    frontal: Frontal, rotation: np.ndarray, width: int, height: int, field_of_view_deg: float
) -> tuple[np.ndarray, np.ndarray]:
    """Head poses in the camera's frame.

    Args:
        frontal: T fitted faces.
        rotation: float64 (T, 3, 3), head to the frame of its ray.
        width, height: Size of the picture in pixels.
        field_of_view_deg: Vertical field of view of the camera.

    Returns:
        Rotations float64 (T, 3, 3) and positions float64 (T, 3) in cm, camera frame of
        ``engine.core.types``.
    """
    focal = height / (2 * math.tan(math.radians(field_of_view_deg) / 2))
    offset = (frontal.origin - [width / 2, height / 2]) * [1.0, -1.0] / focal
    ray = np.concatenate([offset, -np.ones((len(offset), 1))], 1)
    depth = focal / frontal.scale
    turned = _towards(ray * [_RAY_SHARE, _RAY_SHARE, 1.0])
    return turned @ rotation, ray * depth[:, None]


def rotation_from_vector(vectors: np.ndarray) -> np.ndarray:
    """Rotation vectors in radians (T, 3) to matrices, float64 (T, 3, 3): Rodrigues' formula."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    cross = _cross(vectors)
    # sin(x)/x and (1 - cos x)/x^2, safe at zero.
    first = np.sinc(angle / np.pi)
    second = np.sinc(angle / (2 * np.pi)) ** 2 / 2
    return np.eye(3) + first * cross + second * (cross @ cross)


def _cross(vectors: np.ndarray) -> np.ndarray:
    """The matrices (T, 3, 3) that multiply like a cross product with each vector (T, 3)."""
    out = np.zeros((len(vectors), 3, 3))
    out[:, [2, 0, 1], [1, 2, 0]] = vectors
    out[:, [1, 2, 0], [2, 0, 1]] = -vectors
    return out


def _towards(ray: np.ndarray) -> np.ndarray:
    """float64 (T, 3, 3): the smallest rotations that take -z to the direction of each ray."""
    to = ray / np.linalg.norm(ray, axis=1, keepdims=True)
    # Rodrigues' formula with the axis -z x to and the cosine -z . to.
    cross = _cross(np.cross([0.0, 0.0, -1.0], to))
    cosine = -to[:, 2]
    return np.eye(3) + cross + cross @ cross / (1 + cosine)[:, None, None]
