# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from inside OpenSeeFace's networks, and how it is learned."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.errors import FacewrightError
from engine.core.types import APPEARANCE
from engine.models.catalog import model_path
from engine.tracking.completion import VALUES
from engine.tracking.openseeface_looks import (
    COUNTS,
    FEATURES,
    MODEL,
    MOVES,
    Looks,
    features,
    load_looks,
)
from tools import fit_openseeface

RNG = np.random.default_rng(3)
FACE = [RNG.normal(size=(1, 24, 14, 14))]
EYES = [RNG.normal(size=(2, *shape)) for shape in ((24, 4, 4), (48, 2, 2), (576, 1, 1))]


def test_the_tensors_lie_one_after_the_other():
    row = features(FACE, EYES)
    assert row.shape == (FEATURES,)
    parts = np.split(row, np.cumsum(COUNTS)[:-1])
    np.testing.assert_allclose(parts[0][0], FACE[0][0, 0, :2, :2].mean())
    np.testing.assert_allclose(parts[0][-1], FACE[0][0, -1, -2:, -2:].mean())
    for part, tensor in zip(parts[1:], EYES, strict=True):
        np.testing.assert_array_equal(part, tensor.ravel())


def test_the_map_tells_landmarks_and_appearance():
    left = np.zeros((VALUES + APPEARANCE, 2), np.float32)
    right = np.zeros((2, MOVES + FEATURES), np.float32)
    left[5, 0], right[0, 3] = 2.0, 10.0  # the second point's y raises the second landmark's z
    left[VALUES + 7, 1], right[1, MOVES + 4] = 1.0, 1.0
    looks = Looks(left, right, np.full(VALUES + APPEARANCE, 0.5, np.float32))
    moves = np.zeros((66, 2))
    moves[1, 1] = 0.1
    seen = np.zeros(FEATURES, np.float32)
    seen[4] = 3.0
    learned, appearance = looks(moves, seen)
    assert learned.shape == (VALUES,)
    assert appearance.shape == (APPEARANCE,)
    assert learned[5] == pytest.approx(2.5)
    assert appearance[7] == pytest.approx(3.5)
    assert np.ptp(np.delete(learned, 5)) == np.ptp(np.delete(appearance, 7)) == 0


def test_the_shipped_map_is_read_and_others_are_refused(tmp_path):
    assert load_looks(model_path(MODEL)).right.shape[1] == MOVES + FEATURES
    path = tmp_path / "openseeface_looks.npz"
    np.savez(path, left=np.zeros((VALUES + APPEARANCE, 2)), right=np.zeros((2, 5)), offset=0)
    for content in (None, b"no archive"):
        if content:
            path.write_bytes(content)
        with pytest.raises(FacewrightError) as caught:
            load_looks(path)
        assert caught.value.code == "model-corrupt"


def test_a_linear_world_is_learned(monkeypatch):
    # The same with smaller numbers: 18 points' movements and features, 30 values of landmarks.
    for name, value in {"MOVES": 6, "COUNTS": (3, 3, 3, 3), "VALUES": 30, "LINES": ()}.items():
        monkeypatch.setattr(fit_openseeface, name, value)
    hidden = RNG.normal(size=(300, 3))
    given = hidden @ RNG.normal(size=(3, 18)) + 0.5
    wanted = hidden @ RNG.normal(size=(3, 40)) * 0.1 + 2.0
    left, right, offset = fit_openseeface.learn(given.astype(np.float32), wanted)
    assert left.shape[0] == 40
    assert right.shape == (left.shape[1], 18)
    told = given @ right.T @ left.T + offset
    assert np.abs(told - wanted).max() < 0.01 * np.abs(wanted - wanted.mean(0)).max()
