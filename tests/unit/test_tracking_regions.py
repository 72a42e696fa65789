# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions, their maps, and what is cut out with them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.tracking.crop import crop, planes
from engine.tracking.follower import search_squares
from engine.tracking.landmarkers.mediapipe import to_image
from engine.tracking.regions import (
    LEFT_EYE_OUTER,
    RIGHT_EYE_OUTER,
    Region,
    difference,
    from_detection,
    from_landmarks,
    matrix,
)


def test_the_crops_corners_fall_on_the_regions_corners():
    transform = matrix(Region(50, 40, 20, 10, math.pi / 2), 256)
    corners = np.array([[0, 0, 1], [256, 0, 1], [256, 256, 1], [128, 128, 1]]) @ transform.T
    # Turned by a right angle, the region's width runs down the picture.
    np.testing.assert_allclose(corners, [[55, 30], [55, 50], [45, 50], [50, 40]], atol=1e-9)


def test_a_landmark_survives_the_way_into_the_crop_and_back():
    region = Region(123.5, 77.25, 90, 90, 0.4)
    transform = matrix(region, 256)
    there = np.array([150.0, 60.0])
    inside = np.linalg.solve(transform[:, :2], there - transform[:, 2])
    values = np.zeros((478, 3), np.float32)
    values[7] = (*inside, 25.6)
    back = to_image(values, region, 1.0)[7]
    np.testing.assert_allclose(back, [150, 60, 9], atol=1e-3)


def test_depth_is_stretched_as_googles_in_a_wide_picture_with_a_tilted_head():
    values = np.zeros((478, 3), np.float32)
    values[7, 2] = 25.6
    level, tilted = (Region(100, 80, 90, 90, math.radians(a)) for a in (0, 35))
    assert to_image(values, level, 16 / 9)[7, 2] == pytest.approx(9)
    # hypot(cos 35, 16/9 sin 35) = 1.3079
    assert to_image(values, tilted, 16 / 9)[7, 2] == pytest.approx(9 * 1.3079, rel=1e-3)


def test_the_region_of_a_detection_is_upright_with_the_eyes():
    keypoints = np.zeros((6, 2))
    keypoints[0], keypoints[1] = (10, 10), (20, 20)
    region = from_detection(np.array([0, 10, 40, 30]), keypoints)
    assert region == pytest.approx((20, 20, 60, 30, math.pi / 4))


def test_the_next_region_is_a_square_around_the_landmarks():
    landmarks = np.zeros((478, 3))
    landmarks[:, :2] = (50, 60)
    landmarks[RIGHT_EYE_OUTER, :2], landmarks[LEFT_EYE_OUTER, :2] = (40, 60), (60, 60)
    landmarks[10, 1], landmarks[152, 1] = 20, 100
    assert from_landmarks(landmarks) == pytest.approx((50, 60, 120, 120, 0))


def test_mirrored_landmarks_give_the_mirrored_region():
    rng = np.random.default_rng(3)
    landmarks = rng.uniform(20, 80, (478, 3))
    landmarks[RIGHT_EYE_OUTER, :2], landmarks[LEFT_EYE_OUTER, :2] = (40, 50), (60, 58)
    mirrored = landmarks * [-1, 1, 1] + [100, 0, 0]
    mirrored[[RIGHT_EYE_OUTER, LEFT_EYE_OUTER]] = mirrored[[LEFT_EYE_OUTER, RIGHT_EYE_OUTER]]
    one, other = from_landmarks(landmarks), from_landmarks(mirrored)
    assert other == pytest.approx((100 - one.x, one.y, one.width, one.height, -one.angle))


def test_the_difference_of_regions_counts_crop_pixels():
    one = Region(100, 100, 512, 512, 0.3)
    assert difference(one, one) == 0
    assert difference(one, one._replace(x=104)) == pytest.approx(2)
    assert difference(one, one._replace(angle=0.31)) > 1


def test_outside_the_picture_the_crop_is_black_or_the_edge():
    image = np.full((20, 20, 3), 200, np.uint8)
    region = Region(10, 10, 40, 40, 0)
    assert crop(image, region, 16)[0, 0, 0] == 200
    assert crop(image, region, 16, zero_border=True)[0, 0, 0] == 0
    assert crop(image, region, 16, zero_border=True)[8, 8, 0] == 200


def test_a_crop_of_the_pictures_own_size_is_the_picture():
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(crop(image, Region(16, 16, 32, 32, 0), 32), image)


def test_planes_are_scaled_and_channels_come_first():
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[1, 2] = (255, 51, 0)
    out = planes(picture, 2 / 255, -1)
    assert out.shape == (1, 3, 4, 4)
    np.testing.assert_allclose(out[0, :, 1, 2], [1, -0.6, -1], atol=1e-6)


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (1920, 1080), (300, 300)])
def test_every_point_of_the_picture_is_searched(size):
    width, height = size
    squares = search_squares(width, height, None)
    for x, y in ((1, 1), (width - 1, height - 1), (width / 3, height / 2)):
        assert any(abs(x - s.x) <= s.width / 2 and abs(y - s.y) <= s.height / 2 for s in squares)
    assert len(squares) < 40


def test_a_lost_face_is_looked_for_where_it_was_first():
    last = Region(500, 100, 80, 80, 0.2)
    assert search_squares(640, 360, last)[0] == (500, 100, 160, 160, 0)
