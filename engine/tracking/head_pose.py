# SPDX-License-Identifier: GPL-3.0-or-later
"""Metric head pose from landmarks: MediaPipe's face geometry, for many frames at once.

Source: MediaPipe's ``geometry_pipeline.cc`` and ``procrustes_solver.cc``. A virtual camera with a
vertical field of view of 63 degrees looks along -z; the canonical face (centimetres) is fitted to
the landmarks by a weighted orthogonal Procrustes problem (Umeyama 1991), after the scale that
turns the screen's depth into centimetres has been estimated in two passes.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.face_geometry import FaceGeometry
from ..core.similarity import fit_similarity

FIELD_OF_VIEW_DEG = 63.0
_TO_CAMERA = np.array([1.0, 1.0, -1.0])


def head_pose(
    geometry: FaceGeometry,
    landmarks: np.ndarray,
    width: int,
    height: int,
    field_of_view_deg: float = FIELD_OF_VIEW_DEG,
) -> np.ndarray:
    """Rigid transforms from the canonical face to the camera.

    Args:
        geometry: The canonical face.
        landmarks: float (T, 478, 3), image pixels.
        width, height: Size of the picture in pixels.
        field_of_view_deg: Vertical field of view of the camera. Distances depend on it.

    Returns:
        float32 (T, 4, 4), centimetres, camera frame of ``engine.core.types``.
    """
    used = np.flatnonzero(geometry.weights)
    weights, vertices = geometry.weights[used], geometry.vertices[used]
    points = np.asarray(landmarks, np.float64)[:, : len(geometry.vertices)]
    # The near plane lies at 1 cm: pixels become centimetres on it, depth in the same scale.
    pixel = 2 * math.tan(math.radians(field_of_view_deg) / 2) / height
    mean_depth = points[:, :, 2].mean(1) * pixel
    screen = (points[:, used] - [width / 2, height / 2, 0.0]) * [pixel, -pixel, pixel]

    def placed(scale: np.ndarray) -> np.ndarray:
        """The points in space (z towards the scene) if the face is ``scale`` times too small."""
        depth = (screen[:, :, 2] - mean_depth[:, None] + 1.0) / scale[:, None]
        return np.stack([screen[:, :, 0] * depth, screen[:, :, 1] * depth, depth], -1)

    first, _, _ = fit_similarity(vertices, screen * _TO_CAMERA, weights)
    second, _, _ = fit_similarity(vertices, placed(first) * _TO_CAMERA, weights)
    metric = placed(first * second) * _TO_CAMERA
    _, rotation, shift = fit_similarity(vertices, metric, weights)
    pose = np.zeros((len(points), 4, 4), np.float32)
    pose[:, :3, :3], pose[:, :3, 3], pose[:, 3, 3] = rotation, shift, 1.0
    return pose
