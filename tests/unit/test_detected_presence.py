# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a face is there, asked of detectors."""

from __future__ import annotations

import numpy as np
import pytest

from engine.tracking.landmarkers.presence import AROUND, NEAR, SIZE, DetectedPresence
from engine.tracking.parts import Detection
from engine.tracking.regions import Region

IMAGE = np.zeros((100, 100, 3), np.uint8)
REGION = Region(60, 40, 30, 30, 0.4)


class Detector:
    """Sees faces at some distances to the right of the region's middle."""

    provider, notes = "", []

    def __init__(self, name, *faces):
        self.name, self.faces, self.asked = name, faces, []

    def detect(self, image, region):
        self.asked.append(region)
        boxes = [np.array([57 + x, 37, 63 + x, 43.0]) for x, _ in self.faces]
        keypoints = np.zeros((2, 2))
        return [
            Detection(box, keypoints, score)
            for box, (_, score) in zip(boxes, self.faces, strict=True)
        ]


class SizedDetector(Detector):
    def sized(self, size):
        self.size = size
        return self


def test_the_quick_one_is_enough_where_it_is_sure():
    quick, other = Detector("quick", (0, 0.6), (1, 0.55)), SizedDetector("other", (0, 0.9))
    assert DetectedPresence(quick, other)(IMAGE, REGION) == 0.6
    assert quick.asked == [(60, 40, 30 * AROUND, 30 * AROUND, 0.4)]
    assert not other.asked


@pytest.mark.parametrize("faces", [(), ((0, 0.4),), ((NEAR * 30 + 1, 0.9),)])
def test_the_other_one_is_asked_where_it_is_not(faces):
    quick, other = Detector("quick", *faces), SizedDetector("other", (2, 0.7))
    assert DetectedPresence(quick, other)(IMAGE, REGION) == 0.7
    assert other.size == SIZE


def test_nobody_sees_a_face():
    quick, other = Detector("quick"), Detector("other", (NEAR * 30 + 1, 1.0))
    assert DetectedPresence(quick, other)(IMAGE, REGION) == 0.0


def test_one_detector_is_asked_once():
    one = Detector("quick")
    assert DetectedPresence(one, one)(IMAGE, REGION) == 0.0
    assert len(one.asked) == 1
