# SPDX-License-Identifier: GPL-3.0-or-later
"""The detector's arithmetic, on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.tracking.detectors.blazeface import anchors, decode, merge
from engine.tracking.regions import letterbox


def test_anchors_cover_both_feature_maps():
    grid = anchors()
    assert grid.shape == (896, 2)
    # 16 x 16 cells with two anchors each, then 8 x 8 with six; x runs fastest.
    np.testing.assert_allclose(
        grid[[0, 1, 2, 511]] * 16, [[0.5] * 2, [0.5] * 2, [1.5, 0.5], [15.5] * 2]
    )
    np.testing.assert_allclose(
        grid[[512, 517, 518, 895]] * 8, [[0.5] * 2, [0.5] * 2, [1.5, 0.5], [7.5] * 2]
    )


def test_a_box_is_decoded_relative_to_its_anchor():
    boxes = np.zeros((896, 16), np.float32)
    boxes[512, :6] = (12.8, 0, 64, 32, 6.4, -6.4)
    logits = np.full(896, -1000, np.float32)
    logits[512] = 0
    points, scores = decode(boxes, logits)
    centre = np.array([1 / 16 + 0.1, 1 / 16])
    np.testing.assert_allclose(points[512, 0], centre - [0.25, 0.125], atol=1e-6)
    np.testing.assert_allclose(points[512, 1], centre + [0.25, 0.125], atol=1e-6)
    np.testing.assert_allclose(points[512, 2], [1 / 16 + 0.05, 1 / 16 - 0.05], atol=1e-6)
    assert scores[512] == 0.5
    assert scores[0] < 1e-30


def _box(x0, y0, x1, y1):
    points = np.zeros((8, 2))
    points[0], points[1] = (x0, y0), (x1, y1)
    return points


def test_overlapping_boxes_become_their_mean_by_score():
    points = np.stack([_box(0, 0, 1, 1), _box(0.1, 0, 1.1, 1), _box(3, 3, 4, 4), _box(5, 5, 6, 6)])
    faces = merge(points, np.array([0.6, 0.9, 0.7, 0.4]))
    assert [score for _, score in faces] == [0.9, 0.7]
    assert faces[0][0][0, 0] == pytest.approx(0.1 * 0.9 / 1.5)
    np.testing.assert_allclose(faces[1][0], points[2])


def test_boxes_that_share_less_than_half_stay_apart():
    faces = merge(np.stack([_box(0, 0, 1, 1), _box(0.4, 0, 1.4, 1)]), np.array([0.9, 0.8]))
    assert len(faces) == 2


@pytest.mark.parametrize("size", [(640, 360), (360, 640)])
def test_the_letterbox_is_the_square_around_the_picture(size):
    width, height = size
    region = letterbox(np.zeros((height, width, 3), np.uint8))
    assert region == (width / 2, height / 2, 640, 640, 0)
