# SPDX-License-Identifier: GPL-3.0-or-later
"""The motion of the clips that accuracy is measured on."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.support import motion, own_clips
from benchmarks.support.truth import read_truth
from engine.core.arkit import INDEX, NAMES


def test_every_shape_has_its_turn_alone_and_in_full():
    weights = motion.one_at_a_time()
    assert weights.max(axis=0) == pytest.approx(np.ones(len(NAMES)))
    assert ((weights > 0).sum(axis=1) <= 2).all()
    assert sorted({name for group in motion.groups() for name in group}) == sorted(NAMES)


def test_a_mixture_is_the_same_for_the_same_seed_only():
    assert np.array_equal(motion.mixture(100, 3), motion.mixture(100, 3))
    assert not np.array_equal(motion.mixture(100, 3), motion.mixture(100, 4))


def test_a_mixture_is_a_possible_face():
    weights = motion.mixture(900, 5)
    assert weights.min() == 0 and weights.max() <= 1
    assert not weights[:12].any()
    assert (weights[:, INDEX["mouthClose"]] <= weights[:, INDEX["jawOpen"]]).all()
    for one, other in (("jawLeft", "jawRight"), ("eyeLookUpLeft", "eyeLookDownLeft")):
        assert not (weights[:, INDEX[one]] * weights[:, INDEX[other]]).any()
        assert weights[:, INDEX[one]].any() and weights[:, INDEX[other]].any()


def test_swaying_starts_still_and_reaches_about_its_amplitude():
    angles = motion.sway(300, (12.0, 22.0), seed=1)
    assert not angles[0].any()
    assert np.abs(angles).max(axis=0) == pytest.approx([12.0, 22.0], rel=0.3)


def test_the_truth_of_a_film_is_read_as_it_was_written(tmp_path):
    shown = own_clips.Motion(
        motion.mixture(40, 1), motion.sway(40, (5.0,) * 3, 2), motion.sway(40, (1.0,) * 3, 3)
    )
    own_clips.write_truth(tmp_path / "clip.csv", shown)
    truth = read_truth(tmp_path / "clip.mp4")
    assert truth.names == NAMES
    assert truth.weights == pytest.approx(shown.weights, abs=1e-4)
    assert truth.head_deg == pytest.approx(shown.head_deg, abs=1e-4)
    assert truth.head_cm == pytest.approx(own_clips.head_cm(shown), abs=1e-4)


def test_a_turned_head_swings_the_middle_of_the_face_around_the_neck():
    zero = np.zeros((2, 3))
    turned = np.array([[0.0, 0, 0], [0.0, 90, 0]])
    still, moved = own_clips.head_cm(own_clips.Motion(np.zeros((2, 52)), turned, zero))
    # What was in front of the neck is now as far to the image's right of it.
    depth, up = 5.7, 1.2
    assert moved - still == pytest.approx([depth, 0, -depth], abs=0.01)
    assert still[1] == pytest.approx(up - 3.4, abs=0.01)
