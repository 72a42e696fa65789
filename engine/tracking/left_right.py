# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of MediaPipe's landmarks mirror each other; a face brought back from a mirrored picture.

The canonical face is its own mirror image to the last digit, so its vertices tell the pairs. The
irises are not in it: each is a centre and four points, outwards from the nose, up, towards it and
down in the right one, in mirrored order in the left one.
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import MIRROR
from ..core.face_geometry import FaceGeometry
from .parts import RawFace
from .regions import Region

_IRISES = (473, 476, 475, 474, 477, 468, 471, 470, 469, 472)
_ARKIT = list(MIRROR)
_X = np.array([-1.0, 1.0, 1.0])


def left_right(geometry: FaceGeometry) -> np.ndarray:
    """int64 (478,): the landmark on the other side of the face, itself on the middle line."""
    vertices = geometry.vertices
    apart = np.linalg.norm(vertices[:, None] - vertices * _X, axis=2)
    return np.concatenate([apart.argmin(1), _IRISES])


def mirrored_region(region: Region, width: int) -> Region:
    """The same part of the face in the picture that a mirror shows; ``width`` in pixels."""
    return region._replace(x=width - region.x, angle=-region.angle)


def mirrored_face(face: RawFace, width: int, pairs: np.ndarray) -> RawFace:
    """A face of a mirrored picture as it is in the picture; mirroring it again gives it back.

    Args:
        face: What was seen.
        width: Of the picture in pixels.
        pairs: ``left_right``.

    Returns:
        The face without ``maps`` and ``looks``, which have sides of their own.
    """
    landmarks = face.landmarks[pairs]
    landmarks[:, 0] = width - landmarks[:, 0]
    turned = None if face.rotation is None else face.rotation * np.outer(_X, _X)
    return face._replace(
        landmarks=landmarks,
        maps=None,
        looks=None,
        scores=None if face.scores is None else face.scores[_ARKIT],
        rotation=turned,
    )
