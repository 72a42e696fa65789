# SPDX-License-Identifier: GPL-3.0-or-later
"""What a face does while it is not seen."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.filters.gaps import bridge_gaps, fill_gaps, find_gaps
from engine.filters.tidy import tidy

TIME = np.arange(100) / 50


def _valid(*gaps):
    valid = np.ones(100, bool)
    for first, stop in gaps:
        valid[first:stop] = False
    return valid


def _ramp(valid):
    return make_track(
        TIME,
        {"jawOpen": np.arange(100) / 100},
        valid,
        head_deg=np.outer(np.arange(100), [0.1, 0.2, 0.3]),
        gaze_deg=np.full((100, 2, 2), 7.0),
    )


def test_gaps_are_found_with_their_times_and_lengths():
    gaps = find_gaps(_ramp(_valid((0, 3), (10, 11), (90, 100))))
    assert [(g.first_s, g.last_s, g.frames) for g in gaps] == [
        (0.0, 0.04, 3),
        (0.2, 0.2, 1),
        (1.8, 1.98, 10),
    ]


def test_only_short_dropouts_inside_the_take_are_bridged_by_a_straight_line():
    # 7 frames at 50 per second are 0.14 s, 8 are 0.16 s.
    track = bridge_gaps(_ramp(_valid((0, 2), (20, 27), (40, 48), (98, 100))), 0.15)
    assert [(round(g.first_s * 50), g.frames) for g in find_gaps(track)] == [
        (0, 2),
        (40, 8),
        (98, 2),
    ]
    np.testing.assert_allclose(weight(track, "jawOpen")[18:29], np.arange(18, 29) / 100, atol=1e-6)
    np.testing.assert_allclose(track.head_deg[23], [2.3, 4.6, 6.9], rtol=1e-5)


def test_bridging_takes_the_short_way_round_for_angles():
    head = np.zeros((100, 3))
    head[:20, 1], head[20:, 1] = 170, -170
    track = bridge_gaps(make_track(TIME, valid=_valid((18, 22)), head_deg=head), 0.15)
    yaw = (track.head_deg[18:22, 1] + 360) % 360
    np.testing.assert_allclose(yaw, [174, 178, 182, 186], atol=1e-3)


def test_hold_keeps_the_last_value_and_before_the_first_face_its_first():
    track = fill_gaps(_ramp(_valid((0, 5), (50, 60), (95, 100))), "HOLD")
    jaw = weight(track, "jawOpen")
    np.testing.assert_allclose(jaw[:6], 0.05, atol=1e-6)
    np.testing.assert_allclose(jaw[49:60], 0.49, atol=1e-6)
    np.testing.assert_allclose(jaw[94:], 0.94, atol=1e-6)
    assert track.valid.all()
    assert (track.confidence[50:60] == 0).all()
    np.testing.assert_allclose(track.head_deg[55], [4.9, 9.8, 14.7], rtol=1e-5)


def test_ease_glides_to_neutral_and_back_in_the_time_given():
    track = fill_gaps(_ramp(_valid((20, 80))), "EASE", ease_s=0.2)
    jaw = weight(track, "jawOpen")
    # Half way after 0.1 s = 5 frames, at rest from 10 frames on; the same on the way back.
    assert jaw[24] == pytest.approx(0.19 / 2, abs=1e-6)
    np.testing.assert_allclose(jaw[29:71], 0, atol=1e-6)
    assert jaw[75] == pytest.approx(0.80 / 2, abs=1e-6)
    assert np.abs(np.diff(jaw[19:81])).max() < 0.13
    # The head rests in its median pose, the gaze straight ahead.
    middle = np.median(np.r_[0:20, 80:100]) * 0.1
    assert track.head_deg[50, 0] == pytest.approx(middle, rel=1e-5)
    assert (track.gaze_deg[50] == 0).all()


def test_ease_shares_a_gap_that_is_too_short_for_both_ways():
    track = fill_gaps(_ramp(_valid((20, 24))), "EASE", ease_s=5.0)
    jaw = weight(track, "jawOpen")
    assert np.isfinite(jaw).all()
    assert jaw[21] < 0.5 * jaw[19]
    assert np.abs(np.diff(jaw[18:26])).max() < 0.15


def test_empty_leaves_the_gap_open():
    track = fill_gaps(_ramp(_valid((20, 24))), "EMPTY")
    assert np.isnan(track.weights[20:24]).all()
    assert not track.valid[20:24].any()


def test_times_that_run_back_and_bad_cells_are_tidied_away():
    time_s = np.array([0.0, 0.1, 0.1, 0.05, 0.2, 0.3])
    track = make_track(time_s, {"jawOpen": [0, 1, 2, 3, 4, 5]})
    track.weights[4, 7] = np.nan
    clean = tidy(track)
    np.testing.assert_array_equal(clean.time_s, [0.0, 0.1, 0.2, 0.3])
    np.testing.assert_array_equal(clean.valid, [True, True, False, True])
    assert np.isnan(clean.weights[2]).all()
