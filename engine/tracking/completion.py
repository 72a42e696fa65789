# SPDX-License-Identifier: GPL-3.0-or-later
"""What MediaPipe's network makes of faces that show certain points: learned, for ``dense.Dense``.

The canonical face, posed and bent, knows nothing of cheeks that rise with a smile or of how deep
MediaPipe sees a brow. ``tools/fit_dense.py`` shows its network faces and keeps the linear map from
the movements of the few points to those of all 478 landmarks in depth, height and width.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..core.errors import model_unreadable
from ..core.types import LANDMARKS
from .correspondence import IBUG_VERTICES, LINES, SAME_CORNER, Correspondence

MODEL = "face_completion"
# Values of the landmarks: x, y and z of each, in turn.
VALUES = 3 * LANDMARKS


@dataclass(frozen=True)
class Completion:
    """A learned map.

    Attributes:
        matrix: float64 (1434, 2 N): what a movement of the points in the face's own plane (x and y
            of each in turn, cm from their places on the posed canonical face) adds to each value
            of the landmarks (canonical frame, cm), besides what ``dense`` makes of it anyway.
        offset: float64 (1434,), what is added to any face.
    """

    matrix: np.ndarray
    offset: np.ndarray


def load_completion(path: Path) -> Completion:
    """Reads ``face_completion.npz``, the map from iBUG's 68 points.

    Args:
        path: The file: ``ibug_left`` float16 (1434, r) and ``ibug_right`` float16 (r, 136), whose
            product is the matrix, and ``ibug_offset`` float16 (1434,).

    Raises:
        FacewrightError: ``model-corrupt``.
    """
    try:
        with np.load(path) as file:
            left, right, offset = (
                file[f"ibug_{part}"].astype(np.float64) for part in ("left", "right", "offset")
            )
        if offset.shape != (VALUES,) or (left @ right).shape != (VALUES, 2 * len(IBUG_VERTICES)):
            raise ValueError(f"{left.shape} {right.shape} {offset.shape}")
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise model_unreadable(path) from error
    return Completion(left @ right, offset)


def completion_for(path: Path, points: Correspondence) -> Completion:
    """The map that was learned from MediaPipe's own landmarks, for a network of any kind.

    Args:
        path: ``face_completion.npz``.
        points: What the network's points stand for; all of iBUG's 68, or without those corners of
            the mouth that it has in the same place.

    Raises:
        FacewrightError: ``model-corrupt``.
    """
    whole = load_completion(path)
    of_point = np.zeros((68, len(points.ibug)))
    for point in range(68):
        here = point if point in points.ibug else SAME_CORNER[point]
        of_point[point, points.ibug.index(here)] = 1
    by_point = whole.matrix.reshape(VALUES, 68, 2)
    matrix = np.einsum("vpk,pn->vnk", by_point, of_point).reshape(VALUES, -1)
    offset = whole.offset.copy()
    # A lid whose middle is seen lies along its points; what was learned of lids without is wrong.
    for line, on_it, _ in LINES:
        if any(point >= len(IBUG_VERTICES) for point in on_it if point in points.ibug):
            rows = [3 * vertex + axis for vertex in line for axis in (0, 1)]
            matrix[rows], offset[rows] = 0, 0
    return Completion(matrix, offset)
