# SPDX-License-Identifier: GPL-3.0-or-later
"""A mouth that the sound moved while there was no face in the picture.

Such frames are not valid, so every filter leaves them alone and the gap policy fills them: with the
head, the eyes and the brows as the person wants it, and over that with the mouth as it was told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.types import FaceTrack
from .columns import WEIGHTS, WIDTH, confidences, from_matrix, to_matrix
from .gain import scale_columns


@dataclass(frozen=True)
class Told:
    """Values in frames without a face.

    Attributes:
        time_s: float64 (K,), times of those frames, increasing.
        weights: float32 (K, 52), NaN where nothing was told.
    """

    time_s: np.ndarray
    weights: np.ndarray


def told_without_face(track: FaceTrack) -> Told:
    """What a track that was read says of frames without a face."""
    rows = ~track.valid & np.isfinite(track.weights).any(1) & np.isfinite(track.time_s)
    order = np.unique(track.time_s[rows], return_index=True)[1]
    return Told(track.time_s[rows][order], track.weights[rows][order])


def put_back(filled: FaceTrack, gaps: np.ndarray, told: Told, factors: np.ndarray) -> FaceTrack:
    """The told values in place of what the gap policy made up.

    Args:
        filled: The track after the gap policy.
        gaps: bool (T,), its frames that had no face.
        told: From ``told_without_face``.
        factors: float (WIDTH,), the gain of every column.
    """
    if not len(told.time_s):
        return filled
    place = np.clip(np.searchsorted(told.time_s, filled.time_s), 0, len(told.time_s) - 1)
    rows = np.flatnonzero(gaps & filled.valid & (told.time_s[place] == filled.time_s))
    if not len(rows):
        return filled
    matrix = to_matrix(filled)
    values = np.full((len(rows), WIDTH), np.nan)
    values[:, WEIGHTS] = told.weights[place[rows]]
    values = scale_columns(values, factors)
    matrix[rows] = np.where(np.isfinite(values), values, matrix[rows])
    return from_matrix(filled.time_s, filled.valid, confidences(filled), matrix)
