# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenSeeFace's networks see besides their points: lids that shut, lips that press.

The points on its lids hardly move when an eye shuts, but the feature maps inside its networks do
change. A linear map, learned by ``tools/fit_openseeface.py`` from faces that MediaPipe's network
looked at too, tells from them and from the points' movements where MediaPipe would see its 478
landmarks, and the appearance (``appearance``) that the solver knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..core.errors import model_unreadable
from ..core.types import APPEARANCE
from .completion import VALUES

MODEL = "openseeface_looks"
# Tensors inside ``lm_model0_opt``: (n, 24, 14, 14), an early stage of its encoder; and inside
# ``mnv3_gaze32_split_opt``: (n, 24, 4, 4), (n, 48, 2, 2), (n, 576, 1, 1), from early to last.
FACE_TENSORS = ("428",)
EYE_TENSORS = ("304", "477", "591")
# How many numbers of each are used: the first is halved in both directions; two eyes.
COUNTS = (24 * 49, 2 * 24 * 16, 2 * 48 * 4, 2 * 576)
FEATURES = sum(COUNTS)
# Of the points' movements.
MOVES = 2 * 66


@dataclass(frozen=True)
class Looks:
    """The learned map, of low rank.

    Attributes:
        left: float32 (1434 + 256, r).
        right: float32 (r, MOVES + FEATURES): on the points' movements, then on the features.
        offset: float32 (1434 + 256,).
    """

    left: np.ndarray
    right: np.ndarray
    offset: np.ndarray

    def __call__(self, moves: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is seen of one face.

        Args:
            moves: float (66, 2), movements of the points in the face's own plane, cm
                (``dense.Posed.moves_cm``).
            seen: float32 (FEATURES,), see ``features``.

        Returns:
            What is to be added to each value of the landmarks (canonical frame, cm), float32
            (1434,), and the appearance, float32 (256,).
        """
        given = np.concatenate([moves.ravel(), seen]).astype(np.float32)
        told = self.left @ (self.right @ given) + self.offset
        return told[:VALUES], told[VALUES:]


def features(face: list[np.ndarray], eyes: list[np.ndarray]) -> np.ndarray:
    """Everything seen of one face in one row, float32 (FEATURES,).

    Args:
        face: The landmark network's ``FACE_TENSORS``, of one picture.
        eyes: The gaze network's ``EYE_TENSORS``, of the right and the left eye.
    """
    halved = face[0].reshape(24, 7, 2, 7, 2).mean((2, 4))
    return np.concatenate([tensor.ravel() for tensor in (halved, *eyes)])


def load_looks(path: Path) -> Looks:
    """Reads ``openseeface_looks.npz``: ``left``, ``right`` and ``offset`` of ``Looks``, float16.

    Raises:
        FacewrightError: ``model-corrupt``.
    """
    try:
        with np.load(path) as file:
            left, right, offset = (
                file[part].astype(np.float32) for part in ("left", "right", "offset")
            )
        shapes = left.shape, right.shape, offset.shape
        outputs, rank = VALUES + APPEARANCE, left.shape[-1]
        if shapes != ((outputs, rank), (rank, MOVES + FEATURES), (outputs,)):
            raise ValueError(shapes)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise model_unreadable(path) from error
    return Looks(left, right, offset)
