# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a face that is followed is still there, for networks that do not say it.

A network of landmarks draws a face into any picture. Where it cannot tell a face from a wall,
detectors are asked about the place in every frame, in a picture just large enough: the quick one
that ships, and the one that finds the faces only where the quick one sees none.
"""

from __future__ import annotations

import math

import numpy as np

from ..parts import FaceDetector
from ..regions import Region

# Side of the square that is searched, by the region's: the face fills a little less than half.
AROUND = 1.5
# Side of the detector's picture, where it can be chosen.
SIZE = 160
# What the quick one must be sure of, so that the other is not asked.
SURE = 0.5
# A face counts whose centre lies this near to the region's, by the region's side.
NEAR = 0.25


class DetectedPresence:
    """Asks detectors.

    Args:
        quick: Asked in every frame.
        detector: Finds the faces; one that can work in smaller pictures does (``sized``).
    """

    def __init__(self, quick: FaceDetector, detector: FaceDetector) -> None:
        sized = getattr(detector, "sized", None)
        self._detectors = [quick]
        if detector.name != quick.name:
            self._detectors.append(sized(SIZE) if sized else detector)

    def __call__(self, image: np.ndarray, region: Region) -> float:
        """The score of the face in a region, 0 where there is none.

        Args:
            image: uint8 (height, width, 3), RGB.
            region: Where the landmarker looked.
        """
        side = max(region.width, region.height)
        place = Region(region.x, region.y, AROUND * side, AROUND * side, region.angle)
        best = 0.0
        for detector in self._detectors:
            for found in detector.detect(image, place):
                if _distance(found.box, region) < NEAR * side:
                    best = max(best, found.score)
            if best >= SURE:
                break
        return best


def _distance(box: np.ndarray, region: Region) -> float:
    x, y = (box[:2] + box[2:]) / 2
    return math.hypot(x - region.x, y - region.y)
