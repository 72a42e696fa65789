# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of weights that the solver was not sure of."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.core.clock import FrameClock
from engine.filters.chain import FilterSettings, run_filters
from engine.filters.doubt import settle_doubt

# 2 s at 50 frames a second.
TIME = np.arange(100) / 50
JAW = np.arange(100) / 100


def _confidence(*unsure):
    confidence = np.ones(100)
    for first, stop in unsure:
        confidence[first:stop] = 0.2
    return confidence


def _track(*unsure, valid=None):
    """The jaw and a smile rise alike; only the jaw is in doubt."""
    confidence = {"jawOpen": _confidence(*unsure)}
    return make_track(
        TIME, {"jawOpen": JAW, "mouthSmileLeft": JAW}, valid=valid, confidence=confidence
    )


def test_keep_changes_nothing():
    track = _track((20, 60))
    assert settle_doubt(track, "KEEP") is track


@pytest.mark.parametrize("policy", ["HOLD", "EASE"])
def test_a_track_that_is_sure_everywhere_stays_as_it_is(policy):
    track = _track()
    assert settle_doubt(track, policy) is track


def test_hold_keeps_the_last_sure_value_and_meets_the_next_one():
    held = weight(settle_doubt(_track((20, 60)), "HOLD", ease_s=0.2), "jawOpen")
    np.testing.assert_allclose(held[:20], JAW[:20], atol=1e-6)
    # Frame 19 is the last sure one; 0.2 s are the ten frames before frame 60.
    np.testing.assert_allclose(held[20:51], 0.19, atol=1e-6)
    # Halfway in time a smoothstep is halfway in value: 0.19 + 0.41 / 2.
    assert held[55] == pytest.approx(0.395, abs=1e-6)
    np.testing.assert_allclose(held[60:], JAW[60:], atol=1e-6)
    assert (np.diff(held[50:61]) > 0).all()


def test_ease_rests_at_zero_and_comes_back():
    eased = weight(settle_doubt(_track((20, 80)), "EASE", ease_s=0.2), "jawOpen")
    assert eased[24] == pytest.approx(0.19 * 0.5, abs=1e-6)
    np.testing.assert_allclose(eased[29:71], 0, atol=1e-6)
    assert eased[75] == pytest.approx(0.8 * 0.5, abs=1e-6)
    np.testing.assert_allclose(eased[80:], JAW[80:], atol=1e-6)


def test_ways_are_shortened_where_the_stretch_is_too_short_for_them():
    # 20 frames, 0.4 s from row 39 to row 59 and two ways of 1 s: each gets half.
    eased = weight(settle_doubt(_track((40, 59)), "EASE", ease_s=1.0), "jawOpen")
    assert eased[49] == pytest.approx(0, abs=1e-6)
    assert eased[44] == pytest.approx(0.39 * 0.5, abs=1e-6)
    held = weight(settle_doubt(_track((40, 59)), "HOLD", ease_s=1.0), "jawOpen")
    assert held[49] == pytest.approx((0.39 + 0.59) / 2, abs=1e-6)


def test_only_the_channel_in_doubt_changes():
    before = _track((20, 60))
    after = settle_doubt(before, "EASE")
    changed = (before.weights != after.weights).any(axis=0)
    assert changed.sum() == 1
    np.testing.assert_array_equal(weight(after, "mouthSmileLeft"), weight(before, "mouthSmileLeft"))
    np.testing.assert_array_equal(after.channel_confidence, before.channel_confidence)


@pytest.mark.parametrize("policy", ["HOLD", "EASE"])
def test_short_doubts_become_straight_lines(policy):
    jaw = JAW.copy()
    jaw[30], jaw[50:57] = 0.9, 0.9
    confidence = {"jawOpen": _confidence((30, 31), (50, 57))}
    track = make_track(TIME, {"jawOpen": jaw}, confidence=confidence)
    # 7 frames at 50 per second are 0.14 s.
    settled = weight(settle_doubt(track, policy, least_s=0.15), "jawOpen")
    np.testing.assert_allclose(settled, JAW, atol=1e-6)


def test_a_sure_moment_inside_a_long_doubt_does_not_flicker():
    jaw = np.full(100, 0.4)
    jaw[40] = 0.9
    confidence = {"jawOpen": _confidence((20, 40), (41, 70))}
    track = make_track(TIME, {"jawOpen": jaw}, confidence=confidence)
    settled = weight(settle_doubt(track, "HOLD"), "jawOpen")
    np.testing.assert_allclose(settled, 0.4, atol=1e-6)


def test_before_the_first_sure_frame_and_after_the_last():
    track = _track((0, 30), (70, 100))
    held = weight(settle_doubt(track, "HOLD", ease_s=0.2), "jawOpen")
    np.testing.assert_allclose(held[:30], 0.3, atol=1e-6)
    np.testing.assert_allclose(held[70:], 0.69, atol=1e-6)
    eased = weight(settle_doubt(track, "EASE", ease_s=0.2), "jawOpen")
    np.testing.assert_allclose(eased[:21], 0, atol=1e-6)
    np.testing.assert_allclose(eased[79:], 0, atol=1e-6)


def test_a_channel_that_is_never_sure():
    track = _track((0, 100))
    np.testing.assert_allclose(weight(settle_doubt(track, "HOLD"), "jawOpen"), JAW, atol=1e-6)
    np.testing.assert_allclose(weight(settle_doubt(track, "EASE"), "jawOpen"), 0, atol=1e-6)


def test_a_hold_reaches_across_frames_without_a_face():
    valid = np.ones(100, bool)
    valid[40:50] = False
    settled = settle_doubt(_track((30, 70), valid=valid), "HOLD", ease_s=0.1)
    np.testing.assert_array_equal(settled.valid, valid)
    jaw = weight(settled, "jawOpen")
    assert np.isnan(jaw[40:50]).all()
    np.testing.assert_allclose(np.r_[jaw[30:40], jaw[50:65]], 0.29, atol=1e-6)


def test_gaze_angles_go_with_the_weights_that_they_come_from():
    confidence = {"eyeLookOutRight": _confidence((20, 100))}
    track = make_track(TIME, {"eyeLookOutRight": 0.5}, confidence=confidence)
    track.gaze_deg[:] = 7.0
    eased = settle_doubt(track, "EASE", ease_s=0.2).gaze_deg
    np.testing.assert_allclose(eased[50, 1], (7, 0), atol=1e-5)
    np.testing.assert_allclose(eased[50, 0], (7, 7), atol=1e-5)


def test_an_unknown_policy_is_refused():
    with pytest.raises(ValueError, match="EMPTY"):
        settle_doubt(_track(), "EMPTY")


def test_the_chain_settles_doubt_before_it_smooths():
    jaw = np.where(np.arange(100) < 50, 0.2, 1.0)
    confidence = {"jawOpen": _confidence((50, 100))}
    track = make_track(TIME, {"jawOpen": jaw}, confidence=confidence)
    clock = FrameClock(50, 1, 0)
    usual = run_filters(track, FilterSettings(), clock).track
    assert weight(usual, "jawOpen")[80] == pytest.approx(1.0, abs=1e-5)
    held = run_filters(track, FilterSettings(doubt_policy="HOLD"), clock).track
    # A smoothing that saw the doubtful values first would have let them leak into frame 49.
    np.testing.assert_allclose(weight(held, "jawOpen"), 0.2, atol=1e-5)
    sure = FilterSettings(doubt_policy="HOLD", doubt_threshold=0.1)
    assert weight(run_filters(track, sure, clock).track, "jawOpen")[80] > 0.9
