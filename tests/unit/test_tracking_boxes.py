# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlap, suppression and the extent that all detectors share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.catalog import model_path
from engine.sources.media import VideoSource
from engine.tracking.base import TrackerOptions
from engine.tracking.detectors.boxes import (
    from_five_points,
    from_wider_box,
    overlaps,
    suppress,
)

_EDGE = st.floats(-100, 100, allow_nan=False)
_BOX = st.tuples(_EDGE, _EDGE, _EDGE, _EDGE)


def test_overlap_is_the_share_of_the_union():
    one = np.array([0.0, 0, 2, 2])
    others = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [2, 0, 4, 2], [5, 5, 6, 6], [1, 1, 1, 1]])
    np.testing.assert_allclose(overlaps(one, others), [1, 1 / 3, 0, 0, 0])
    np.testing.assert_array_equal(overlaps(np.zeros(4), np.zeros((2, 4))), [0, 0])


@given(st.lists(st.tuples(_BOX, st.floats(0, 1)), max_size=12), st.floats(0, 0.95))
def test_what_is_kept_does_not_overlap_and_what_is_dropped_does(rows, limit):
    boxes = np.array([box for box, _ in rows], float).reshape(-1, 4)
    scores = np.array([score for _, score in rows], float)
    kept = suppress(boxes, scores, limit)
    assert len(set(kept)) == len(kept)
    assert (np.diff(scores[kept]) <= 0).all()
    for place, i in enumerate(kept):
        assert (overlaps(boxes[i], boxes[kept[:place]]) <= limit).all()
    for i in set(range(len(boxes))) - set(kept):
        better = kept[scores[kept] >= scores[i]]
        assert (overlaps(boxes[i], boxes[better]) > limit).any()


def test_a_frontal_face_has_a_square_around_it():
    points = np.array([[80, 100], [120, 100], [100, 125], [85, 145], [115, 145]], float)
    found = from_five_points(points, 0.7)
    side = 1.59 * np.hypot(40, 45)
    np.testing.assert_allclose(found.box[2:] - found.box[:2], side)
    assert found.box[0] + side / 2 == pytest.approx(100)
    assert 110 < found.box[1] + side / 2 < 130
    assert found.score == 0.7


def test_turned_points_turn_the_centre_with_them():
    points = np.array([[80, 100], [120, 100], [104, 125], [85, 145], [115, 145]], float)
    angle = 0.6
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright, turned = from_five_points(points, 1.0), from_five_points(points @ turn.T, 1.0)

    def centre(found):
        return (found.box[:2] + found.box[2:]) / 2

    np.testing.assert_allclose(centre(turned), turn @ centre(upright))
    np.testing.assert_allclose(np.ptp(turned.box[::2]), np.ptp(upright.box[::2]))


def test_a_box_from_hairline_to_chin_gives_level_eyes():
    found = from_wider_box(np.array([10, 20, 110, 170]), 0.9)
    np.testing.assert_allclose(found.box[2:] - found.box[:2], 0.77 * 150)
    np.testing.assert_allclose((found.box[0] + found.box[2]) / 2, 60)
    right, left = found.keypoints
    assert right[1] == left[1]
    assert right[0] < 60 < left[0]


def test_the_extent_is_blazefaces(clip):
    """On a real face, from the points that BlazeFace and the landmarks give."""
    from engine.tracking.detectors.blazeface import BlazeFace
    from engine.tracking.landmarkers.mediapipe import MediapipeLandmarker
    from engine.tracking.regions import from_detection, letterbox

    with VideoSource(clip("single_face.mp4")) as source:
        image = next(iter(source.frames())).image
    options = TrackerOptions(model_path)
    (seen,) = BlazeFace(options).detect(image, letterbox(image))
    region = from_detection(seen.box, seen.keypoints)
    marks = MediapipeLandmarker(options).find(image, region).landmarks[:, :2]
    # Irises, tip of the nose, corners of the mouth.
    found = from_five_points(marks[[468, 473, 4, 61, 291]], 1.0)
    side = seen.box[2] - seen.box[0]
    np.testing.assert_allclose(found.box, seen.box, atol=0.12 * side)
