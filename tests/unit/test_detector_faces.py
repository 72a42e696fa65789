# SPDX-License-Identifier: GPL-3.0-or-later
"""How the engines benchmark counts faces that a detector finds."""

from __future__ import annotations

import numpy as np

from benchmarks.support import detector_faces as faces


def pictures():
    random = np.random.default_rng(5)
    image = random.integers(0, 255, (120, 160, 3)).astype(np.uint8)
    points = random.uniform((60, 40), (100, 90), (478, 2))
    return [*faces._variants(image, points), faces.Case("no face", image, None)]


def test_every_variant_knows_where_its_face_is():
    cases = pictures()
    names = [case.variant for case in cases]
    assert names == ["as filmed", "dark", "small", "tilted 45", "tilted 90", "no face"]
    small, across = cases[2], cases[4]
    low, high = small.box[:2], small.box[2:]
    assert abs(high[1] - low[1] - faces._SMALL) < 1
    assert (low > 0).all() and (high < small.image.shape[1::-1]).all()
    # On its side it is as wide as it was high.
    upright, lying = (np.subtract(*np.split(case.box, 2)) for case in (cases[0], across))
    assert np.isclose(upright[1] / upright[0], lying[0] / lying[1])
    assert cases[1].image.mean() < 20


def test_hits_misses_and_false_ones_are_counted():
    cases = pictures()
    middle = (cases[0].box[:2] + cases[0].box[2:]) / 2
    found = faces.scores(lambda _image: [middle, middle + 500], cases[:2] + cases[-1:])
    assert (found["as filmed"].found, found["as filmed"].false) == (1, 1)
    assert (found["no face"].faces, found["no face"].false) == (0, 2)
    nothing = faces.scores(lambda _image: [], cases)
    assert sum(score.found + score.false for score in nothing.values()) == 0
