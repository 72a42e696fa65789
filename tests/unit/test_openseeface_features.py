# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSeeFace's 14 features, on the canonical face."""

from __future__ import annotations

import numpy as np

from engine.core.face_geometry import load_geometry
from engine.models.catalog import model_path
from engine.tracking.correspondence import IBUG_VERTICES, OPENSEEFACE_66
from engine.tracking.openseeface_features import NAMES, features, relative

FACE = load_geometry(model_path("face_geometry")).vertices
POINTS = np.stack([FACE[list(IBUG_VERTICES[i]), :2].mean(0) for i in OPENSEEFACE_66.ibug])


def test_both_sides_of_an_even_face_are_alike_at_any_size():
    values = dict(zip(NAMES, features(POINTS), strict=True))
    for name in NAMES:
        if name.endswith("_l"):
            assert abs(values[name] - values[name[:-1] + "r"]) < 0.01, name
    np.testing.assert_allclose(features(POINTS * 7 + 100), features(POINTS), atol=1e-9)


def test_each_movement_moves_its_feature():
    rest = features(POINTS)

    def moved(points, x=0.0, y=0.0):
        changed = POINTS.copy()
        changed[list(points)] += (x, y)
        return dict(zip(NAMES, features(changed) - rest, strict=True))

    assert moved((43, 44), y=-0.4)["eye_l"] < -0.04
    assert moved((43, 44), y=-0.4)["eye_r"] == 0
    assert moved((17, 18, 19, 20, 21), y=0.5)["eyebrow_updown_r"] > 0.05
    assert moved((22,), y=0.5)["eyebrow_steepness_l"] > 0.05
    assert moved((19,), y=0.5)["eyebrow_quirk_r"] > 0.05
    assert moved((62,), y=0.5)["mouth_corner_updown_l"] < -0.05
    assert moved((62,), x=0.5)["mouth_corner_inout_l"] > 0.05
    assert moved((63, 64, 65), y=-1)["mouth_open"] > 0.1
    assert moved((58,), x=-0.5)["mouth_wide"] > 0.05


def test_relative_features_stay_within_their_range():
    usual, reach = np.zeros(14), np.full(14, 0.1)
    np.testing.assert_allclose(relative(np.full(14, 0.05), usual, reach), 0.5)
    np.testing.assert_allclose(relative(np.full((2, 14), -1.0), usual, reach), -1)
