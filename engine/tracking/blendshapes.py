# SPDX-License-Identifier: GPL-3.0-or-later
"""Blend-shape scores from landmarks, in the project's order of names."""

from __future__ import annotations

import numpy as np

from ..core.arkit import COUNT, INDEX, MEDIAPIPE_NAMES, NAMES
from ..core.inference.onnx_session import OnnxModel

# Column of the network's output for every ARKit name that it knows.
_KNOWN = [i for i, name in enumerate(NAMES) if name in MEDIAPIPE_NAMES]
_COLUMNS = [MEDIAPIPE_NAMES.index(NAMES[i]) for i in _KNOWN]


def arkit_scores(network: np.ndarray, tongue: np.ndarray) -> np.ndarray:
    """MediaPipe's 52 scores (``_neutral`` first, no tongue) in ARKit order.

    Args:
        network: float32 (T, 52), the network's output.
        tongue: float (T,), the tongue score of the landmark network.

    Returns:
        float32 (T, 52).
    """
    scores = np.empty((len(network), COUNT), np.float32)
    scores[:, _KNOWN] = network[:, _COLUMNS]
    scores[:, INDEX["tongueOut"]] = tongue
    return scores


def blendshape_scores(
    model: OnnxModel, landmarks: np.ndarray, chosen: np.ndarray, tongue: np.ndarray
) -> np.ndarray:
    """Scores for T frames.

    Args:
        model: ``face_blendshapes``.
        landmarks: float (T, 478, 3), image pixels (the network divides the size out itself, but
            needs square pixels).
        chosen: int (146,), the landmarks that the network reads.
        tongue: float (T,), 0..1.

    Returns:
        float32 (T, 52), ARKit order.
    """
    points = np.ascontiguousarray(landmarks[:, chosen, :2], dtype=np.float32)
    (network,) = model.run(points)
    return arkit_scores(network, tongue)
