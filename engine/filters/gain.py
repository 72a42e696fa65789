# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes parts of the face move more or less than they were measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.types import FaceTrack
from .columns import WEIGHTS, confidences, from_matrix, part_columns, to_matrix


def apply_gain(track: FaceTrack, gain: Mapping[str, float]) -> FaceTrack:
    """Scales every movement about neutral, which is 0: centre the head before.

    Args:
        track: The track, times increasing.
        gain: Factor, 0 or more, by part of the face (``columns.PARTS``): 1 as measured, 0 not at
            all, 2 twice as far. A part left out stays as it is. "gaze" scales the eyeLook weights
            and the gaze angles, "head" the angles and the position.

    Returns:
        The scaled track. Weights stay within 0..1; one that was outside goes no further out.

    Raises:
        ValueError: A part is unknown, or a factor negative or no number.
    """
    factors = gain_columns(gain)
    if (factors == 1).all():
        return track
    matrix = scale_columns(to_matrix(track), factors)
    return from_matrix(track.time_s, track.valid, confidences(track), matrix)


def gain_columns(gain: Mapping[str, float]) -> np.ndarray:
    """float64 (WIDTH,): the factor of every column.

    Raises:
        ValueError: See ``apply_gain``.
    """
    wrong = {part: factor for part, factor in gain.items() if not 0 <= factor < np.inf}
    if wrong:
        raise ValueError(f"a gain must be 0 or more: {wrong}")
    return part_columns(gain, 1.0)


def scale_columns(matrix: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Columns (..., WIDTH) times their factors (WIDTH,), weights kept within 0..1."""
    scaled = matrix * factors
    weights, before = scaled[..., WEIGHTS], matrix[..., WEIGHTS]
    np.minimum(weights, np.maximum(before, 1), out=weights)
    np.maximum(weights, np.minimum(before, 0), out=weights)
    return scaled
