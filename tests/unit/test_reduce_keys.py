# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer keys, never more error than allowed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.filters.reduce_keys import reduce_keys


@pytest.mark.parametrize("tolerance", [0.001, 0.01, 0.1])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_error_bound_holds_everywhere(tolerance, seed):
    rng = np.random.default_rng(seed)
    frames = np.cumsum(rng.uniform(0.3, 1.5, 2000))
    values = np.cumsum(rng.normal(0, 0.02, 2000))
    kept = reduce_keys(frames, values, tolerance)
    rebuilt = np.interp(frames, frames[kept], values[kept])
    assert np.abs(rebuilt - values).max() <= tolerance + 1e-12
    assert values[kept].max() == values.max()
    assert values[kept].min() == values.min()
    assert (kept[0], kept[-1]) == (0, 1999)
    assert (np.diff(kept) > 0).all()


def test_straight_lines_need_their_corners_alone():
    frames = np.arange(101.0)
    values = np.minimum(frames, 100 - frames)
    np.testing.assert_array_equal(reduce_keys(frames, values, 1e-9), [0, 50, 100])


def test_a_constant_needs_its_ends_alone():
    np.testing.assert_array_equal(reduce_keys(np.arange(50.0), np.full(50, 0.3), 0.0), [0, 49])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_so_few_keys_stay(count):
    assert len(reduce_keys(np.arange(count), np.zeros(count), 1.0)) == count
