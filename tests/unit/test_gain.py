# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the face that move more or less than they were measured."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.core.clock import FrameClock
from engine.filters.chain import FilterSettings, run_filters
from engine.filters.gain import apply_gain

TIME = np.arange(30) / 30
WAVE = 0.3 * (1 - np.cos(2 * np.pi * TIME))  # 0 to 0.6


def test_each_part_has_its_own_gain():
    track = make_track(
        TIME,
        {"jawOpen": WAVE, "mouthFunnel": WAVE, "eyeLookUpLeft": WAVE},
        head_deg=(10, -20, 5),
        head_cm=(1, 2, 3),
        gaze_deg=4,
    )
    out = apply_gain(track, {"jaw": 1.5, "mouth": 0.0, "head": 0.5, "gaze": 0.25})
    np.testing.assert_allclose(weight(out, "jawOpen"), 1.5 * WAVE, atol=1e-6)
    np.testing.assert_array_equal(weight(out, "mouthFunnel"), 0)
    np.testing.assert_allclose(weight(out, "eyeLookUpLeft"), 0.25 * WAVE, atol=1e-6)
    np.testing.assert_allclose(out.gaze_deg, 1)
    np.testing.assert_allclose(out.head_deg[7], (5, -10, 2.5))
    np.testing.assert_allclose(out.head_cm[7], (0.5, 1, 1.5))
    np.testing.assert_allclose(weight(track, "jawOpen"), WAVE, atol=1e-6)  # not changed in place


def test_weights_stay_within_their_range():
    out = apply_gain(make_track(TIME, {"jawOpen": WAVE}), {"jaw": 3.0})
    assert weight(out, "jawOpen").max() == 1
    assert weight(out, "jawOpen")[3] == pytest.approx(3 * WAVE[3])


def test_a_weight_that_was_outside_goes_no_further_out_and_can_come_back():
    track = make_track([0.0, 1.0], {"jawOpen": [1.2, -0.1]})
    np.testing.assert_allclose(
        weight(apply_gain(track, {"jaw": 2.0}), "jawOpen"), (1.2, -0.1), atol=1e-6
    )
    np.testing.assert_allclose(
        weight(apply_gain(track, {"jaw": 0.5}), "jawOpen"), (0.6, -0.05), atol=1e-6
    )


def test_frames_without_a_face_stay_so():
    track = make_track(TIME, {"jawOpen": WAVE}, TIME < 0.5)
    out = apply_gain(track, {"jaw": 1.5, "head": 2.0})
    np.testing.assert_array_equal(out.valid, track.valid)
    assert np.isnan(out.weights[~track.valid]).all()
    np.testing.assert_array_equal(out.confidence, track.confidence)


@pytest.mark.parametrize("gain", [{"nose": 1.0}, {"jaw": -0.5}, {"jaw": np.nan}, {"jaw": np.inf}])
def test_what_is_no_gain_is_refused(gain):
    with pytest.raises(ValueError, match=next(iter(gain))):
        apply_gain(make_track([0.0]), gain)


def test_keys_get_the_gain_about_the_centred_head():
    head = np.full((30, 3), 40.0) * (0, 1, 0)
    head[20:, 1] = 50
    track = make_track(TIME, {"jawOpen": WAVE}, head_deg=head)
    settings = FilterSettings(smoothing={}, gain={"jaw": 0.5, "head": 2.0})
    out = run_filters(track, settings, FrameClock(30)).track
    np.testing.assert_allclose(weight(out, "jawOpen"), 0.5 * WAVE, atol=1e-6)
    np.testing.assert_allclose(out.head_deg[10], 0, atol=1e-4)
    np.testing.assert_allclose(out.head_deg[25], (0, 20, 0), atol=1e-4)
