# SPDX-License-Identifier: GPL-3.0-or-later
"""Crossfades at the edges of a span, and cuts through Bezier segments."""

from __future__ import annotations

import numpy as np
import pytest

from engine.filters.crossfade import crossfade, span_share
from engine.retarget.bezier import split_segment
from engine.retarget.rotations import meet_edges


def test_the_share_is_a_smoothstep_at_both_ends():
    share = span_share(np.arange(10, 21), 10, 20, 4)
    # 3x² - 2x³ at quarters.
    rise = [0, 0.15625, 0.5, 0.84375]
    np.testing.assert_array_equal(share, [*rise, 1, 1, 1, *rise[::-1]])


def test_without_ease_the_edges_alone_stay_old():
    np.testing.assert_array_equal(span_share(np.arange(10, 15), 10, 14, 0), [0, 1, 1, 1, 0])


def test_an_ease_longer_than_half_the_span_is_half_the_span():
    share = span_share(np.arange(10, 15), 10, 14, 100)
    np.testing.assert_array_equal(share, [0, 0.5, 1, 0.5, 0])


def test_one_frame_is_all_edge():
    np.testing.assert_array_equal(span_share(np.array([7.0]), 7, 7, 4), [0])


def test_both_ends_of_a_crossfade_are_exact():
    old, new = np.array([[0.1], [0.1], [0.1]]), np.array([[0.7], [0.7], [0.7]])
    mixed = crossfade(old, new, np.array([0, 0.5, 1]))
    assert mixed[0, 0] == 0.1
    assert mixed[1, 0] == pytest.approx(0.4)
    assert mixed[2, 0] == 0.7


def _bezier(points, t):
    a, b, c, d = (np.asarray(p, float)[:, None] for p in points)
    return ((1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t * t * (1 - t) * c + t**3 * d).T


def _value_at(points, x):
    """Value of a segment at a frame, by looking it up on a fine curve."""
    curve = _bezier(points, np.linspace(0, 1, 200_001))
    return np.interp(x, curve[:, 0], curve[:, 1])


def test_a_cut_segment_keeps_its_shape():
    whole = np.array([(1, 0.1), (12, 0.9), (25, -0.4), (40, 0.4)])
    cut = split_segment(whole, 11)
    assert cut[3, 0] == pytest.approx(11, abs=1e-12)
    np.testing.assert_array_equal(cut[[0, 6]], whole[[0, 3]])
    left, right = np.arange(2, 11), np.arange(12, 40)
    np.testing.assert_allclose(_value_at(cut[:4], left), _value_at(whole, left), atol=1e-8)
    np.testing.assert_allclose(_value_at(cut[3:], right), _value_at(whole, right), atol=1e-8)


def test_handles_that_reach_too_far_are_shortened_as_blender_does():
    # 30 + 30 frames of handles on 20 frames: each counts a third of itself.
    cut = split_segment(np.array([(0, 0), (30, 3), (-10, 3), (20, 0)]), 10)
    tamed = np.array([(0, 0), (10, 1), (10, 1), (20, 0)])
    assert cut[3] == pytest.approx([10, _value_at(tamed, 10)], abs=1e-9)


def test_a_quaternion_takes_the_sign_of_what_it_meets():
    q = np.tile([0.8, 0.6, 0, 0], (4, 1))
    met = meet_edges(q, -q[0], -q[0], "rotation_quaternion")
    np.testing.assert_array_equal(met, -q)
    # Both ends want another sign: the change is in the middle.
    met = meet_edges(q, q[0], -q[0], "rotation_quaternion")
    np.testing.assert_array_equal(met[:, 0], [0.8, 0.8, -0.8, -0.8])


def test_euler_angles_take_the_nearest_turn():
    angles = np.tile([0.1, -0.2, 3.0], (4, 1))
    turn = 2 * np.pi
    met = meet_edges(angles, np.array([turn, 0, -3.0]), np.array([turn, 0, -3.0]), "rotation_euler")
    np.testing.assert_allclose(met[0], [0.1 + turn, -0.2, 3.0 - turn])
    np.testing.assert_array_equal(met[0], met[3])


def test_an_axis_turns_to_the_side_of_what_it_meets_and_the_angle_with_it():
    values = np.tile([0.5, 0, 1.0, 0], (4, 1))
    old = np.array([0.3, 0, -1.0, 0])
    met = meet_edges(values, old, old, "rotation_axis_angle")
    np.testing.assert_allclose(met, np.tile([-0.5, 0, -1.0, 0], (4, 1)))
    np.testing.assert_array_equal(values[0], [0.5, 0, 1.0, 0])
