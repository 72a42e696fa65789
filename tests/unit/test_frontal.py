# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks turned to the front, and heads put back into space."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core.axes import euler_deg, rotation_from_euler_deg
from engine.core.face_geometry import load_geometry
from engine.models.catalog import model_path
from engine.solve.frontal import placed, rotation_from_vector, turn_to_front

WIDTH, HEIGHT = 640, 360


@pytest.fixture(scope="module")
def geometry():
    return load_geometry(model_path("face_geometry"))


def seen(geometry, angles, centre, scale=8.0, aspect=1.0):
    """Landmarks of the canonical face as a tracker would give them, without perspective."""
    points = np.zeros((478, 3))
    points[: len(geometry.vertices)] = geometry.vertices
    points = points @ rotation_from_euler_deg(angles).T * scale
    landmarks = points * [1, -1, -1] + [*centre, 0.0]
    eyes = landmarks[263, :2] - landmarks[33, :2]
    roll = math.atan2(eyes[1], eyes[0])
    landmarks[:, 2] *= math.hypot(math.cos(roll), math.sin(roll) * aspect)
    return landmarks[None].astype(np.float32)


@pytest.mark.parametrize("angles", [(0, 0, 0), (20, -35, 15), (-10, 40, -30)])
def test_a_turned_face_is_the_same_face_from_the_front(geometry, angles):
    aspect = WIDTH / HEIGHT
    landmarks = seen(geometry, angles, (300, 150), aspect=aspect)
    frontal = turn_to_front(landmarks, geometry, aspect)
    np.testing.assert_allclose(frontal.points[0, :468], geometry.vertices, atol=1e-3)
    np.testing.assert_allclose(euler_deg(frontal.rotation)[0], angles, atol=1e-2)
    assert frontal.scale[0] == pytest.approx(8.0, rel=1e-4)
    np.testing.assert_allclose(frontal.origin[0], (300, 150), atol=1e-2)


def test_a_head_at_the_edge_of_the_picture_is_turned_by_the_ray_to_it(geometry):
    landmarks = seen(geometry, (0, 0, 0), (WIDTH / 2 + 180, HEIGHT / 2))
    frontal = turn_to_front(landmarks, geometry, WIDTH / HEIGHT)
    rotation, position = placed(frontal, frontal.rotation, WIDTH, HEIGHT, 90.0)
    # With 90 degrees the focal length is half the height: the ray lies 45 degrees to the right,
    # and a face that seems to look down its ray is turned back to the image's left by most of it
    # (the fit has a part of the ray in it: atan 0.75 remains).
    np.testing.assert_allclose(euler_deg(rotation)[0], (0, -36.87, 0), atol=1e-2)
    np.testing.assert_allclose(position[0], (22.5, 0, -22.5), atol=0.01)


def test_distance_follows_the_field_of_view(geometry):
    frontal = turn_to_front(
        seen(geometry, (0, 0, 0), (WIDTH / 2, HEIGHT / 2)), geometry, WIDTH / HEIGHT
    )
    for angle in (30.0, 60.0):
        _, position = placed(frontal, frontal.rotation, WIDTH, HEIGHT, angle)
        focal = HEIGHT / 2 / math.tan(math.radians(angle / 2))
        assert position[0, 2] == pytest.approx(-focal / 8.0, rel=1e-4)


def test_rotation_vectors_are_axis_times_angle():
    vectors = np.array([[0, 0, 0], [math.pi / 2, 0, 0], [0, 0, -math.pi / 6]])
    expected = rotation_from_euler_deg(np.array([[0, 0, 0], [90, 0, 0], [0, 0, -30]]))
    np.testing.assert_allclose(rotation_from_vector(vectors), expected, atol=1e-12)
