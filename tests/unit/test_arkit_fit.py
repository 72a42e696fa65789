# SPDX-License-Identifier: GPL-3.0-or-later
"""ARKit's weights from landmarks: known weights of the shipped head come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from engine.core.arkit import INDEX, NAMES
from engine.core.axes import rotation_from_euler_deg
from engine.core.bounded_squares import solve_bounded
from engine.core.errors import FacewrightError
from engine.tracking.flame.arkit_fit import OPPOSITES, UNTOLD, ArkitFit, load_basis
from tests.ict_landmarks import FILE as ICT_FILE
from tests.ict_landmarks import read_ict
from tools import arkit_landmarks

BASIS = load_basis()
FIT = ArkitFit(BASIS.ibug)
TOLD = [name for name in NAMES if name not in UNTOLD]
# Shapes that the points show little of, or that others can nearly replace: the weight that comes
# back for one alone at 1 (docs/morphable_engines.md).
WEAK = {"mouthDimple": 0.7, "mouthShrugLower": 0.75, "mouthStretch": 0.85, "noseSneer": 0.8}


def moved(weights):
    return BASIS.points + np.einsum("s,spc->pc", weights, BASIS.moves)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_the_solver_finds_the_bounded_minimum(count, seed):
    rng = np.random.default_rng(seed)
    rows, wanted = rng.standard_normal((15, count)), 3 * rng.standard_normal(15)
    low = rng.uniform(-1, 0, count)
    high = low + rng.uniform(0, 2, count)
    matrix = rows.T @ rows + 1e-3 * np.eye(count)
    found = solve_bounded(matrix, rows.T @ wanted, low, high)
    whole = np.concatenate([rows, np.sqrt(1e-3) * np.eye(count)])
    wide = np.maximum(high, low + 1e-12)
    expected = lsq_linear(whole, np.r_[wanted, np.zeros(count)], (low, wide), tol=1e-12).x
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found >= low).all() and (found <= high).all()


def test_what_the_points_do_not_tell_stays_open():
    found = FIT(BASIS.points, BASIS.points)
    assert {name for name, value in zip(NAMES, found, strict=True) if np.isnan(value)} == set(
        UNTOLD
    )
    told = np.array([found[INDEX[name]] for name in TOLD])
    assert (told == 0).all()
    for name in ("eyeBlinkLeft", "eyeLookUpRight", "tongueOut"):
        assert name in UNTOLD


@pytest.mark.parametrize("name", TOLD)
def test_each_shape_alone_comes_back(name):
    weights = np.zeros(52)
    weights[INDEX[name]] = 1
    found = FIT(BASIS.points, moved(weights))
    least = next((value for part, value in WEAK.items() if name.startswith(part)), 0.88)
    assert found[INDEX[name]] > least
    found[INDEX[name]] = 0
    assert np.nanmax(found) < 0.11


@pytest.mark.parametrize(("noise", "mean", "most"), [(0.0, 0.016, 0.1), (0.3, 0.025, 0.12)])
def test_faces_of_five_shapes_come_back(noise, mean, most):
    """Noise in millimetres at every point; mean and 95th percentile of the weights' errors."""
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(80):
        weights = np.zeros(52)
        for name in rng.choice(TOLD, 5, replace=False):
            weights[INDEX[name]] = rng.uniform(0.1, 1)
        for one, other in OPPOSITES:
            if weights[INDEX[one]]:
                weights[INDEX[other]] = 0
        seen = moved(weights) + noise * rng.standard_normal(BASIS.points.shape)
        found = FIT(BASIS.points, seen)
        errors.append([abs(found[INDEX[name]] - weights[INDEX[name]]) for name in TOLD])
        assert all(min(found[INDEX[a]], found[INDEX[b]]) == 0 for a, b in OPPOSITES)
    assert np.mean(errors) < mean and np.quantile(errors, 0.95) < most


# Where ICT-FaceKit's shape moves the points as other shapes of the shipped head do.
OTHERWISE = ("mouthFunnel", "mouthDimple", "mouthShrugLower", "mouthPress", "noseSneer")


@pytest.mark.skipif(not ICT_FILE.is_file(), reason="ICT-FaceKit is not there")
def test_shapes_of_another_head_are_known_again():
    rest, moves = read_ict()
    fit = ArkitFit(tuple(range(68)))
    known = set()
    for name in TOLD:
        found = np.nan_to_num(fit(rest, rest + moves[name]))
        if found.argmax() == INDEX[name] or found[INDEX[name]] == found.max():
            known.add(name)
    assert known == {name for name in TOLD if not name.startswith(OTHERWISE)}
    assert np.nan_to_num(fit(rest, rest)).max() == 0


def test_unit_size_and_order_of_the_points_do_not_matter():
    weights = np.zeros(52)
    weights[[INDEX["jawOpen"], INDEX["mouthSmileLeft"]]] = 0.6, 0.4
    order = np.random.default_rng(2).permutation(len(BASIS.ibug))
    fit = ArkitFit(tuple(BASIS.ibug[i] for i in order))
    found = fit(BASIS.points[order] * 0.0013 + 4, moved(weights)[order] * 0.0013 + 4)
    np.testing.assert_allclose(found, FIT(BASIS.points, moved(weights)), atol=1e-5)


def test_without_the_edge_of_the_face():
    inner = [row for row, point in enumerate(BASIS.ibug) if point > 16]
    fit = ArkitFit(tuple(range(17, 68)))
    weights = np.zeros(52)
    weights[INDEX["jawOpen"]] = 0.5
    found = fit(BASIS.points[inner], moved(weights)[inner])
    assert abs(found[INDEX["jawOpen"]] - 0.5) < 0.03


def test_both_sides_are_alike():
    for one, other in (("mouthSmileLeft", "mouthSmileRight"), ("browDownLeft", "browDownRight")):
        size = [np.linalg.norm(BASIS.moves[INDEX[name]]) for name in (one, other)]
        assert size[0] == pytest.approx(size[1], rel=0.02)
    # x points to the actor's left, y up, z out of the face.
    points = dict(zip(BASIS.ibug, BASIS.points, strict=True))
    assert points[45][0] > 20 and points[36][0] < -20
    assert points[27][1] > points[8][1] + 50 and points[30][2] > points[36][2] + 10
    assert BASIS.moves[INDEX["jawOpen"], BASIS.ibug.index(8), 1] < -20


def test_a_turned_head_is_not_an_expression_of_the_caller():
    """The fit itself takes what it is given: the head must be held still."""
    turned = BASIS.points @ rotation_from_euler_deg(np.array([10.0, 0.0, 0.0])).T
    assert np.nanmax(FIT(BASIS.points, turned)) > 0.05


def test_a_damaged_table_is_told(tmp_path):
    (tmp_path / "t.json").write_text('{"ibug": [1]}')
    with pytest.raises(FacewrightError) as caught:
        load_basis(tmp_path / "t.json")
    assert caught.value.code == "model-corrupt"


def test_the_table_is_what_its_tool_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(arkit_landmarks, "OUT", tmp_path / "arkit_landmarks.json")
    arkit_landmarks.main()
    made = load_basis(tmp_path / "arkit_landmarks.json")
    np.testing.assert_allclose(made.points, BASIS.points, atol=0.01)
    np.testing.assert_allclose(made.moves, BASIS.moves, atol=0.02)
