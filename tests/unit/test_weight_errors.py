# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of the accuracy benchmark, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.support.weight_errors import (
    blink_peak,
    blink_spans,
    compare_axes,
    compare_blinks,
    compare_weights,
)


def column(*values: float) -> np.ndarray:
    return np.array(values, float)[:, None]


def test_correlation_ignores_scale_and_offset():
    result = compare_weights(column(0, 0, 1, 0), column(0.2, 0.2, 0.6, 0.2), ["jawOpen"])
    assert result.correlation == {"jawOpen": pytest.approx(1.0)}
    assert result.worst() == []


def test_correlation_by_hand():
    # Deviations: truth (-.5, -.5, .5, .5), solved (-.5, .5, .5, -.5): they cancel.
    result = compare_weights(column(0, 0, 1, 1), column(0, 1, 1, 0), ["jawOpen"])
    assert result.correlation["jawOpen"] == pytest.approx(0.0, abs=1e-12)


def test_a_flat_curve_follows_nothing():
    result = compare_weights(column(0, 0, 1, 0), column(0.4, 0.4, 0.4, 0.4), ["jawOpen"])
    assert result.correlation == {"jawOpen": 0.0}


def test_shapes_that_do_not_move_take_no_part():
    truth = np.hstack([column(0, 1, 0, 0), column(0, 0.05, 0, 0)])
    result = compare_weights(truth, truth, ["jawOpen", "cheekPuff"])
    assert list(result.correlation) == ["jawOpen"]
    assert result.mean_correlation == pytest.approx(1.0)


def test_the_worst_shape_comes_first():
    truth = np.hstack([column(0, 0, 1, 1)] * 3)
    solved = np.hstack([column(0, 1, 1, 0), column(0, 0, 1, 1), column(1, 1, 0, 0)])
    result = compare_weights(truth, solved, ["jawOpen", "jawLeft", "cheekPuff"])
    assert result.worst() == ["cheekPuff", "jawOpen"]
    assert result.mean_correlation == pytest.approx(0.0)


def test_errors_where_active_and_at_rest():
    truth = column(0, 0.02, 0.04, 0.5, 1.0)
    solved = column(0.1, 0.3, 0.9, 0.4, 0.7)
    result = compare_weights(truth, solved, ["jawOpen"])
    assert result.active == pytest.approx((0.1 + 0.3) / 2)
    assert result.false_activation == pytest.approx((0.1 + 0.3) / 2)


def test_a_frame_without_a_face_counts_as_no_movement():
    result = compare_weights(column(0, 0, 1, 0.5), column(0, 0, np.nan, 0.5), ["jawOpen"])
    assert result.active == pytest.approx(0.5)


def test_jitter_is_measured_only_where_the_truth_stands_still():
    # Second differences: 1, -2, 1 | 8.9 where the truth moves.
    truth = column(0, 0, 0, 0, 0, 1)
    solved = column(0, 0, 1, 0, 0, 9.9)
    result = compare_weights(truth, solved, ["jawOpen"])
    assert result.jitter == pytest.approx(np.std([1, -2, 1]))


def test_a_straight_slope_is_no_jitter():
    result = compare_weights(column(0, 0, 0, 0), column(0.1, 0.2, 0.3, 0.4), ["jawOpen"])
    assert result.jitter == pytest.approx(0, abs=1e-12)


def test_angles_with_and_without_a_constant():
    truth = np.zeros((3, 3))
    solved = np.array([[2.0, 0, -1], [2.0, 0, 1], [5.0, 0, 0]])
    result = compare_axes(truth, solved)
    assert result.mean == pytest.approx([3, 0, 2 / 3])
    assert result.shape == pytest.approx([1, 0, 2 / 3])


def test_angles_skip_frames_without_a_face():
    solved = np.array([[1.0, 1, 1], [np.nan] * 3])
    assert compare_axes(np.zeros((2, 3)), solved).mean == pytest.approx([1, 1, 1])
    assert np.isnan(compare_axes(np.zeros((2, 3)), solved * np.nan).mean).all()


def test_blinks_touching_the_ends_are_spans():
    assert blink_spans(np.array([0.9, 0.2, 0.5, 0.6, 0.7, np.nan, 1.0])) == [(0, 1), (3, 5), (6, 7)]


def test_blinks_two_frames_late_are_found_three_are_not():
    # True blink: frames 10 to 12. It ends before frame 13.
    assert vars(compare_blinks([(10, 13)], [(14, 16)])) == {"true": 1, "found": 1, "false": 0}
    assert vars(compare_blinks([(10, 13)], [(15, 17)])) == {"true": 1, "found": 0, "false": 1}


def test_an_unclear_stretch_is_neither_demanded_nor_wrong():
    blinks = compare_blinks([(10, 13)], [(40, 60)], unclear=[(45, 50)])
    assert vars(blinks) == {"true": 1, "found": 0, "false": 0}


def test_the_peak_of_a_blink_may_come_two_frames_late():
    closed = np.array([0, 0, 0.1, 0.2, 0.6, 0.9, 0])
    assert blink_peak([(1, 2), (3, 4)], closed) == pytest.approx((0.2 + 0.9) / 2)
