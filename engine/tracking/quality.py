# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a face several times, from slightly different crops and mirrored, for work without haste.

What a network misses in one crop it sees in another: its errors depend on how the pixels fall, the
face does not. Each look's landmarks come back to the picture, and their mean is nearer to the truth
and trembles less than any of them. Which looks are taken was measured; see ``docs/quality.md``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .crop import mirrored
from .left_right import mirrored_face, mirrored_region
from .parts import FaceLandmarker, RawFace
from .regions import Region


class Look(NamedTuple):
    """One way to look at a region.

    Attributes:
        mirrored: In the picture that a mirror shows.
        scale: Factor of the region's sides.
        turn: Degrees added to its angle.
    """

    mirrored: bool = False
    scale: float = 1.0
    turn: float = 0.0


# Besides the plain one, which comes first and decides whether there is a face at all.
LOOKS = (
    Look(mirrored=True),
    Look(turn=8.0),
    Look(turn=-8.0),
    Look(mirrored=True, turn=8.0),
    Look(mirrored=True, turn=-8.0),
)
# A turned crop blurs what ``maps`` and ``looks`` tell of strong expressions, but calms it.
_PLAIN_MAPS = 2


class QualityLandmarker:
    """A landmarker that asks another one several times; see ``engine.tracking.parts``.

    Args:
        inner: Reads the face.
        pairs: ``left_right.left_right``.
        looks: How, besides as it is asked.
    """

    def __init__(
        self, inner: FaceLandmarker, pairs: np.ndarray, looks: Sequence[Look] = LOOKS
    ) -> None:
        self._inner, self._pairs, self._looks = inner, pairs, tuple(looks)
        self.min_presence = inner.min_presence
        self.new_presence = inner.new_presence
        self.new_presence_in_square = inner.new_presence_in_square

    @property
    def provider(self) -> str:
        """What the network runs on."""
        return self._inner.provider

    @property
    def notes(self) -> list[str]:
        """What the other one has to say."""
        return self._inner.notes

    @property
    def batch(self) -> int:
        """Threads that the other one likes to be asked by."""
        return getattr(self._inner, "batch", 1)

    def find(self, image: np.ndarray, region: Region) -> RawFace:
        """The face in a region of the picture: the mean of what the looks show.

        Where the plain look sees no face, nobody looks again.
        """
        plain = self._inner.find(image, region)
        if plain.presence < self.min_presence:
            return plain
        mirror = None
        faces = [plain]
        for look in self._looks:
            where = region._replace(
                width=region.width * look.scale,
                height=region.height * look.scale,
                angle=region.angle + math.radians(look.turn),
            )
            if not look.mirrored:
                faces.append(self._inner.find(image, where))
                continue
            if mirror is None:
                mirror = mirrored(image)
            width = image.shape[1]
            face = self._inner.find(mirror, mirrored_region(where, width))
            faces.append(mirrored_face(face, width, self._pairs))
        return merged(faces)


def merged(faces: Sequence[RawFace]) -> RawFace:
    """The mean of what was seen of one face in one picture.

    Args:
        faces: The plain look first.

    Returns:
        Means; ``maps`` and ``looks`` of those faces that have them, the plain one's counting twice.
    """
    scores = [face.scores for face in faces if face.scores is not None]
    maps = [face.maps for face in faces if face.maps is not None]
    looks = [face.looks for face in faces if face.looks is not None]
    turned = [face.rotation for face in faces if face.rotation is not None]
    return RawFace(
        _mean([face.landmarks for face in faces]),
        float(np.mean([face.presence for face in faces])),
        float(np.mean([face.tongue for face in faces])),
        _most_plain(maps),
        _mean(scores) if scores else None,
        mean_rotation(turned) if turned else None,
        _most_plain(looks),
    )


def _most_plain(arrays: Sequence[np.ndarray]) -> np.ndarray | None:
    """The mean in which the first counts more; None of nothing."""
    return _mean([arrays[0]] * (_PLAIN_MAPS - 1) + [*arrays]) if arrays else None


def _mean(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.mean(arrays, axis=0, dtype=np.float64).astype(np.float32)


def mean_rotation(rotations: Sequence[np.ndarray]) -> np.ndarray:
    """The rotation nearest to all of some (3, 3), by the sum of squares of their entries."""
    left, _, right = np.linalg.svd(np.mean(rotations, axis=0))
    sign = np.sign(np.linalg.det(left @ right))
    return left @ np.diag([1.0, 1.0, sign]) @ right
