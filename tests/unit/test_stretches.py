# SPDX-License-Identifier: GPL-3.0-or-later
"""Which stretches of a take a person is asked to check."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track

from engine.core.arkit import NAMES, REGION_INDICES, REGIONS
from engine.filters.stretches import doubtful_stretches, mean_confidence, region_confidence

# 10 s at 25 frames a second.
COUNT = 250
TIME = np.arange(COUNT) / 25


def _names(region):
    return [NAMES[i] for i in REGION_INDICES[region]]


def _dips(*dips, low=0.1):
    values = np.full(COUNT, 0.9)
    for first, stop in dips:
        values[first:stop] = low
    return values


def _track(dips, moving=REGIONS, valid=None):
    """Every channel of the moving regions reaches 0.5; ``dips`` are confidences by region."""
    weights = {name: 0.5 for region in moving for name in _names(region)}
    confidence = {name: values for region, values in dips.items() for name in _names(region)}
    return make_track(TIME, weights, valid=valid, confidence=confidence)


def _told(track, **settings):
    return [
        (s.region, round(s.first_s * 25), round(s.last_s * 25))
        for s in doubtful_stretches(track, **settings)
    ]


def test_a_dip_is_told_with_its_region_times_and_confidence():
    (stretch,) = doubtful_stretches(_track({"mouth": _dips((50, 100))}))
    assert stretch.region == "mouth"
    assert (stretch.first_s, stretch.last_s) == (2.0, 3.96)
    assert stretch.confidence == pytest.approx(0.1)


def test_a_sure_take_has_nothing_to_check():
    assert doubtful_stretches(_track({})) == []


def test_short_dips_are_left_out_and_short_interruptions_bridged():
    # 4 frames are 0.16 s, 5 are 0.2 s; 7 frames between dips are 0.28 s, 8 are 0.32 s.
    dips = _dips((10, 14), (30, 35), (100, 110), (117, 130), (138, 150))
    assert _told(_track({"brows": dips})) == [
        ("brows", 30, 34),
        ("brows", 100, 129),
        ("brows", 138, 149),
    ]


def test_the_threshold_and_the_least_duration_are_the_callers():
    track = _track({"jaw": _dips((50, 100), low=0.6), "brows": _dips((10, 14))})
    assert _told(track, threshold=0.7, least_s=0.1) == [("brows", 10, 13), ("jaw", 50, 99)]


def test_a_channel_that_rests_all_the_time_may_be_as_unsure_as_it_likes():
    weights = {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "mouthFunnel": 0.04}
    idle = {name: 0.0 for name in _names("mouth") if not name.startswith("mouthSmile")}
    track = make_track(TIME, weights, confidence=idle)
    assert doubtful_stretches(track) == []
    np.testing.assert_allclose(region_confidence(track)["mouth"], 1.0)


def test_a_region_that_rests_all_the_time_is_not_told():
    assert _told(_track({"tongue": _dips((0, COUNT))}, moving=("mouth", "jaw"))) == []


def test_a_channel_counts_by_how_far_it_goes():
    # 0.15 is halfway from idle (0.05) to moving (0.25).
    weights = {"jawOpen": 0.5, "jawLeft": 0.15}
    track = make_track(TIME, weights, confidence={"jawOpen": 0.9, "jawLeft": 0.3})
    expected = (0.9 * 1 + 0.3 * 0.5) / 1.5
    np.testing.assert_allclose(region_confidence(track)["jaw"], expected, rtol=1e-6)


def test_most_regions_at_once_are_the_whole_face():
    dips = {region: _dips((50, 100)) for region in ("brows", "eyelids", "cheeks", "jaw", "mouth")}
    assert _told(_track(dips)) == [("face", 50, 99)]


def test_a_region_is_told_apart_where_it_lasts_beyond_the_whole_face():
    dips = {region: _dips((50, 100)) for region in ("brows", "eyelids", "cheeks", "jaw")}
    dips["mouth"] = _dips((50, 150))
    assert _told(_track(dips)) == [("face", 50, 99), ("mouth", 50, 149)]


def test_no_face_is_a_stretch_of_the_whole_face_with_no_confidence():
    valid = np.ones(COUNT, bool)
    valid[20:70] = False
    (stretch,) = doubtful_stretches(_track({}, valid=valid))
    assert (stretch.region, stretch.first_s, stretch.last_s) == ("face", 0.8, 2.76)
    assert stretch.confidence == 0


def test_nobody_at_all():
    track = _track({}, valid=np.zeros(COUNT, bool))
    assert _told(track) == [("face", 0, COUNT - 1)]
    assert mean_confidence(track) == {}
    assert doubtful_stretches(track[:0]) == []


def test_the_mean_confidence_leaves_out_frames_without_a_face():
    valid = np.ones(COUNT, bool)
    valid[:50] = False
    means = mean_confidence(_track({"mouth": np.full(COUNT, 0.4)}, valid=valid))
    assert list(means) == list(REGIONS)
    assert means["mouth"] == pytest.approx(0.4)
    assert means["jaw"] == pytest.approx(1.0)
