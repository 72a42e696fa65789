# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a slower detector where the usual one sees nobody, for work without haste.

RetinaFace finds faces that are too small for BlazeFace, which in turn sees more in the dark
(``docs/quality.md``). It is a model that a person adds; without it the usual detector is alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...core.engines import SECOND_DETECTOR
from ...core.errors import FacewrightError
from ..base import TrackerOptions
from ..parts import Detection, FaceDetector
from ..regions import Region
from .catalog import create_detector

# What keeps a model that nobody asked for from being used, and is no fault.
_NOT_THERE = frozenset({"model-missing", "model-not-there", "licence-not-accepted"})
# What keeps it from being known whether it may be used: told, and it is not asked.
_NOT_KNOWN = frozenset({"acceptance-corrupt", "acceptance-unreadable"})


class SecondOpinion:
    """See ``engine.tracking.parts.FaceDetector``.

    Args:
        first: Asked always.
        second: Asked where the first sees nobody.
    """

    def __init__(self, first: FaceDetector, second: FaceDetector) -> None:
        self._first, self._second = first, second
        self.name = first.name

    @property
    def provider(self) -> str:
        """What the first runs on."""
        return self._first.provider

    @property
    def notes(self) -> list[str]:
        """What both have to say."""
        return [*self._first.notes, *self._second.notes]

    def detect(self, image: np.ndarray, region: Region) -> list[Detection]:
        """Faces inside a square of the picture, the most certain first."""
        return self._first.detect(image, region) or self._second.detect(image, region)


class _Absent:
    """Stands for a second detector that cannot be asked, and says why."""

    def __init__(self, error: FacewrightError) -> None:
        self.notes = [str(error)]

    def detect(self, _image: np.ndarray, _region: Region) -> list[Detection]:
        return []


def with_second_opinion(first: FaceDetector, options: TrackerOptions) -> FaceDetector:
    """The detector with the second one behind it, where that one's model is there.

    Raises:
        FacewrightError: The model is there and cannot be used.
    """
    if first.name == SECOND_DETECTOR:
        return first
    try:
        second = create_detector(replace(options, detector=SECOND_DETECTOR))
    except FacewrightError as error:
        if error.code in _NOT_THERE:
            return first
        if error.code not in _NOT_KNOWN:
            raise
        second = _Absent(error)
    return SecondOpinion(first, second)
