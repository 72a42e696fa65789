# SPDX-License-Identifier: GPL-3.0-or-later
"""The canonical face and the tables that belong to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import model_unreadable


@dataclass(frozen=True)
class FaceGeometry:
    """MediaPipe's canonical face.

    Attributes:
        vertices: float64 (468, 3), centimetres; x to the actor's left, y up, z out of the face.
        weights: float64 (468,), weight of each vertex in the rigid fit; most are zero.
        blendshape_landmarks: int64 (146,), the landmarks that the blend-shape network reads.
    """

    vertices: np.ndarray
    weights: np.ndarray
    blendshape_landmarks: np.ndarray


def load_geometry(path: Path) -> FaceGeometry:
    """Reads ``face_geometry.json``.

    Raises:
        FacewrightError: ``model-corrupt``.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        vertices = np.array(table["vertices"], np.float64).reshape(468, 3)
        weights = np.zeros(len(vertices))
        weights[table["procrustes_landmarks"]] = table["procrustes_weights"]
        chosen = np.array(table["blendshape_landmarks"], np.int64).reshape(146)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise model_unreadable(path) from error
    return FaceGeometry(vertices, weights, chosen)
