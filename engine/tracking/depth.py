# SPDX-License-Identifier: GPL-3.0-or-later
"""What landmarks in MediaPipe's topology may lack: their depth, and the irises."""

from __future__ import annotations

import numpy as np

from ..core.face_geometry import FaceGeometry
from ..core.similarity import fit_similarity
from .dense import EYES, LEFT_IRIS, RIGHT_IRIS, depth_stretch, fit_pose, with_irises

_FLIP = np.array([1.0, -1.0, -1.0])


def with_depth(landmarks: np.ndarray, geometry: FaceGeometry, aspect: float) -> np.ndarray:
    """Landmarks with the depth of the canonical face in the pose that fits them.

    Args:
        landmarks: float (468 or 478, 2 or 3), image pixels.
        geometry: The canonical face.
        aspect: Width of the picture / its height.

    Returns:
        float32 (468 or 478, 3), as ``parts.RawFace.landmarks``.
    """
    vertices = with_irises(geometry.vertices)[: len(landmarks)]
    used = np.flatnonzero(geometry.weights)
    seen = np.asarray(landmarks, np.float64)[:, :2]
    scale, rotation, _ = fit_pose(vertices[used], seen[used] * _FLIP[:2], geometry.weights[used])
    depth = -scale * (vertices @ rotation[2]) * depth_stretch(seen, aspect)
    return np.concatenate([seen, depth[:, None]], 1).astype(np.float32)


def with_irises_of(landmarks: np.ndarray, geometry: FaceGeometry) -> np.ndarray:
    """The 478 of a face's 468 landmarks: irises that look ahead out of the middle of the eyes.

    Args:
        landmarks: float (468, 3), image pixels.
        geometry: The canonical face.
    """
    vertices = with_irises(geometry.vertices)
    target = np.asarray(landmarks, np.float64) * _FLIP
    scale, rotation, shift = fit_similarity(geometry.vertices, target[None], geometry.weights)
    posed = scale[0] * vertices @ rotation[0].T + shift[0]
    rings = [
        posed[first : first + 5] + target[list(eye)].mean(0) - posed[list(eye)].mean(0)
        for first, eye in zip((RIGHT_IRIS, LEFT_IRIS), EYES, strict=True)
    ]
    return (np.concatenate([target, *rings]) * _FLIP).astype(np.float32)
