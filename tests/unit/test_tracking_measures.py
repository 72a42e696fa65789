# SPDX-License-Identifier: GPL-3.0-or-later
"""Smoothing, head pose and the order of the scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core import arkit
from engine.core.face_geometry import load_geometry
from engine.core.similarity import fit_similarity
from engine.models.catalog import model_path
from engine.tracking.blendshapes import arkit_scores
from engine.tracking.head_pose import head_pose
from engine.tracking.landmark_filter import LandmarkFilter


def _scalar_one_euro(values, times, scale):
    """The published filter, one number at a time."""

    def alpha(cutoff, rate):
        tau = 1 / (2 * math.pi * cutoff)
        return 1 / (1 + tau * rate)

    smooth, speed, out = values[0], 0.0, [values[0]]
    for i in range(1, len(values)):
        rate = 1 / (times[i] - times[i - 1])
        change = (values[i] - values[i - 1]) * rate * scale
        a = alpha(1.0, rate)
        speed = a * change + (1 - a) * speed
        a = alpha(0.05 + 80 * abs(speed), rate)
        smooth = a * values[i] + (1 - a) * smooth
        out.append(smooth)
    return out


def test_each_coordinate_is_filtered_like_a_number_on_its_own():
    rng = np.random.default_rng(1)
    # The corners keep the face's size at 200 pixels, which scales the speed.
    tracks = np.cumsum(rng.normal(0, 0.3, (30, 3, 3)), 0) + 100
    tracks[:, 0, :2], tracks[:, 1, :2] = (0, 0), (200, 200)
    times = np.cumsum(rng.uniform(0.02, 0.06, 30))
    one_euro = LandmarkFilter()
    smooth = np.stack([one_euro(points, t) for points, t in zip(tracks, times, strict=True)])
    for axis in range(3):
        expected = _scalar_one_euro(tracks[:, 2, axis], times, 1 / 200)
        np.testing.assert_allclose(smooth[:, 2, axis], expected, rtol=1e-12)


def test_after_a_gap_the_filter_knows_nothing():
    one_euro = LandmarkFilter()
    points = np.random.default_rng(0).uniform(0, 100, (5, 3))
    one_euro(points, 0.0)
    one_euro.reset()
    np.testing.assert_array_equal(one_euro(points + 50, 1.0), points + 50)


def test_a_frame_that_is_not_later_passes_unfiltered():
    one_euro = LandmarkFilter()
    points = np.random.default_rng(0).uniform(0, 100, (5, 3))
    one_euro(points, 1.0)
    np.testing.assert_array_equal(one_euro(points + 5, 1.0), points + 5)


@pytest.fixture(scope="module")
def geometry():
    return load_geometry(model_path("face_geometry"))


def _rotation(pitch, yaw, roll):
    x, y, z = np.radians((pitch, yaw, roll))
    rx = np.array([[1, 0, 0], [0, math.cos(x), -math.sin(x)], [0, math.sin(x), math.cos(x)]])
    ry = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    rz = np.array([[math.cos(z), -math.sin(z), 0], [math.sin(z), math.cos(z), 0], [0, 0, 1]])
    return rz @ ry @ rx


def _photograph(geometry, rotation, shift, width, height):
    """Landmarks of the canonical face as the networks give them: depth on the screen's scale."""
    points = geometry.vertices @ rotation.T + shift
    focal = height / 2 / math.tan(math.radians(63) / 2)
    distance = -points[:, 2]
    middle = distance.mean()
    landmarks = np.zeros((478, 3))
    landmarks[:468, 0] = width / 2 + focal * points[:, 0] / distance
    landmarks[:468, 1] = height / 2 - focal * points[:, 1] / distance
    landmarks[:468, 2] = focal * (distance - middle) / middle
    return landmarks


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1080, 1920)])
def test_the_pose_of_the_canonical_face_is_recovered(geometry, width, height):
    angles = [(0, 0, 0), (10, -20, 5), (-15, 35, -30), (0, 0, 80)]
    shifts = np.array([[0, 0, -40.0], [3, -5, -60.0], [-10, 2, -80.0], [1, 1, -50.0]])
    rotations = np.stack([_rotation(*a) for a in angles])
    pictures = [
        _photograph(geometry, r, s, width, height) for r, s in zip(rotations, shifts, strict=True)
    ]
    poses = head_pose(geometry, np.stack(pictures), width, height).astype(float)
    # |A - B| = 2 sqrt(2) sin(angle / 2) for rotations; a cosine would drown in rounding.
    gap = np.linalg.norm(poses[:, :3, :3] - rotations, axis=(1, 2))
    degrees = np.degrees(2 * np.arcsin(gap / math.sqrt(8)))
    assert degrees.max() < 0.01
    np.testing.assert_allclose(poses[:, :3, 3], shifts, atol=0.02)
    np.testing.assert_array_equal(poses[:, 3], [[0, 0, 0, 1]] * 4)


def test_a_mirrored_face_has_the_mirrored_pose(geometry):
    turned = _photograph(geometry, _rotation(5, 20, 10), np.array([4, 0, -50.0]), 640, 480)
    other = _photograph(geometry, _rotation(5, -20, -10), np.array([-4, 0, -50.0]), 640, 480)
    one, two = head_pose(geometry, np.stack([turned, other]), 640, 480)
    flip = np.diag([-1, 1, 1, 1])
    np.testing.assert_allclose(flip @ one @ flip, two, atol=2e-3)


def test_the_best_fit_is_never_a_reflection():
    source = np.random.default_rng(2).normal(size=(9, 3)) * [1, 1, 1e-3]
    _, rotation, _ = fit_similarity(source, source[None] * [1, 1, -1], np.ones(9))
    assert np.linalg.det(rotation[0]) == pytest.approx(1)


def test_scores_are_put_under_their_own_names():
    network = np.arange(52, dtype=np.float32)[None] / 100
    scores = arkit_scores(network, np.array([0.9]))[0]
    assert scores[arkit.INDEX["tongueOut"]] == pytest.approx(0.9)
    for column, name in enumerate(arkit.MEDIAPIPE_NAMES[1:], 1):
        assert scores[arkit.INDEX[name]] == pytest.approx(column / 100), name
