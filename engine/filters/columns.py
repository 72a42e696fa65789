# SPDX-License-Identifier: GPL-3.0-or-later
"""A face track as one matrix: what every filter in this folder works on.

Columns: 52 weights (ARKit order), then head rotation (3), head position (3), gaze (4).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.arkit import COUNT, REGION_INDICES, REGIONS
from ..core.curve_math import runs
from ..core.types import FaceTrack

WEIGHTS = slice(0, COUNT)
HEAD_DEG = slice(COUNT, COUNT + 3)
HEAD_CM = slice(COUNT + 3, COUNT + 6)
GAZE_DEG = slice(COUNT + 6, COUNT + 10)
WIDTH = COUNT + 10

# What a setting by part of the face can name.
PARTS: tuple[str, ...] = (*REGIONS, "head")


def part_columns(values: Mapping[str, float], otherwise: float) -> np.ndarray:
    """A value by part of the face, spread over the columns.

    Args:
        values: By part, one of ``PARTS``. "gaze" covers the eyeLook weights and the gaze angles,
            "head" the angles and the position.
        otherwise: The value of a part left out.

    Returns:
        float64 (WIDTH,).

    Raises:
        ValueError: A part is unknown.
    """
    unknown = set(values) - set(PARTS)
    if unknown:
        raise ValueError(f"unknown parts of the face: {sorted(unknown)}; known: {PARTS}")
    columns = np.full(WIDTH, float(otherwise))
    for part, value in values.items():
        if part == "head":
            columns[HEAD_DEG] = columns[HEAD_CM] = value
        else:
            columns[list(REGION_INDICES[part])] = value
        if part == "gaze":
            columns[GAZE_DEG] = value
    return columns


def to_matrix(track: FaceTrack) -> np.ndarray:
    """Every value of a track as float64 (T, WIDTH).

    Head angles are unwrapped inside each stretch of valid frames, so that a head that passes
    180 degrees is a straight line for the filters and not a jump of 360.
    """
    matrix = np.empty((len(track), WIDTH))
    matrix[:, WEIGHTS] = track.weights
    matrix[:, HEAD_DEG] = track.head_deg
    matrix[:, HEAD_CM] = track.head_cm
    matrix[:, GAZE_DEG] = track.gaze_deg.reshape(-1, 4)
    if len(track) > 1:  # live rows come one by one, many a second
        for first, stop in runs(track.valid):
            part = slice(first, stop), HEAD_DEG
            matrix[part] = np.unwrap(matrix[part], period=360, axis=0)
    return matrix


def from_matrix(
    time_s: np.ndarray,
    valid: np.ndarray,
    confidence: tuple[np.ndarray, np.ndarray],
    matrix: np.ndarray,
) -> FaceTrack:
    """The inverse of ``to_matrix``; rows that are not valid become NaN.

    ``confidence`` is that of the face and that of each channel (``confidences``).
    """
    values = matrix.astype(np.float32)
    values[~valid] = np.nan
    face, channels = confidence
    return FaceTrack(
        np.asarray(time_s, np.float64),
        np.asarray(valid, bool),
        np.asarray(face, np.float32),
        np.where(np.asarray(valid, bool)[:, None], channels, np.nan).astype(np.float32),
        values[:, WEIGHTS],
        values[:, HEAD_DEG],
        values[:, HEAD_CM],
        values[:, GAZE_DEG].reshape(-1, 2, 2),
    )


def confidences(track: FaceTrack) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of the face (T,) and of its channels (T, 52), 0 where there is no face."""
    return track.confidence, np.nan_to_num(track.channel_confidence)


def frame_interval(time_s: np.ndarray) -> float:
    """The usual time between two frames in seconds; 1/30 where there is only one frame."""
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1 / 30
