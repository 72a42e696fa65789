# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses as points: few, rising, and near to the curve that they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.retarget.mapping import Row
from engine.retarget.response import preset, simplify, without_line

CURVES = {
    "EASE": lambda x: x * x * (3 - 2 * x),
    "STRONG": lambda x: 1 - (1 - x) ** 2,
    "SOFT": lambda x: x * x,
}


@pytest.mark.parametrize("name", CURVES)
def test_presets_have_few_points_near_to_their_formula(name):
    x = np.linspace(0, 1, 501)
    points = preset(name)
    assert len(points) <= 10 and points[0] == (0, 0) and points[-1] == (1, 1)
    assert Row(curve=points).respond(x) == pytest.approx(CURVES[name](x), abs=0.012)


def test_a_linear_response_has_no_points_and_others_are_unknown():
    assert preset("LINEAR") == ()
    with pytest.raises(KeyError):
        preset("WILD")


@given(
    st.lists(st.floats(-2, 2), min_size=2, max_size=60),
    st.sampled_from([0.0, 0.01, 0.3]),
)
def test_what_is_left_out_is_near_the_line(ys, tolerance):
    points = [(i / len(ys), y) for i, y in enumerate(ys)]
    kept = simplify(points, tolerance)
    x = np.array([x for x, _ in points])
    off = np.abs(np.interp(x, *zip(*kept, strict=True)) - ys)
    assert off.max() <= tolerance + 1e-3  # points are rounded
    assert [x for x, _ in kept] == sorted({x for x, _ in kept})
    assert len(kept) >= 2


def test_a_straight_line_needs_its_ends_alone():
    line = simplify([(i / 10, i / 10) for i in range(11)])
    assert line == ((0, 0), (1, 1))
    assert without_line(line) == ()
    assert without_line(((0, 0), (1, 0.5))) == ((0, 0), (1, 0.5))
