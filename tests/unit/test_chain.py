# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters together, in their order."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.core.clock import FrameClock
from engine.core.errors import FacewrightError
from engine.filters.chain import FilterSettings, run_filters

CLOCK = FrameClock(30, 1, 1)


def _with_gaps():
    """10 s at 30 frames a second: a dropout of 3 frames, a gap of 60."""
    valid = np.ones(300, bool)
    valid[50:53] = False
    valid[150:210] = False
    jaw = np.where(np.arange(300) < 150, 0.8, 0.2)
    return make_track(np.arange(300) / 30, {"jawOpen": jaw}, valid)


def test_short_dropouts_are_bridged_and_long_gaps_reported():
    out = run_filters(_with_gaps(), FilterSettings(gap_policy="EMPTY"), CLOCK)
    assert out.bridged == 1
    assert [(g.first_s, g.frames) for g in out.gaps] == [(5.0, 60)]
    np.testing.assert_array_equal(out.frames[~out.track.valid], np.arange(151, 211))


def test_what_a_gap_is_filled_with_does_not_colour_what_was_measured():
    settings = FilterSettings(smoothing={"jaw": 1.0}, gap_policy="HOLD")
    jaw = weight(run_filters(_with_gaps(), settings, CLOCK).track, "jawOpen")
    np.testing.assert_allclose(jaw[100:210], 0.8, atol=1e-6)
    np.testing.assert_allclose(jaw[210:], 0.2, atol=1e-6)


def test_the_head_rests_ahead_while_the_face_is_gone():
    track = _with_gaps()
    track.head_deg[track.valid] = (5, 25, -3)
    track.head_deg[140:150] = (5, 45, -3)
    out = run_filters(track, FilterSettings(smoothing={}, gap_policy="EASE"), CLOCK).track
    np.testing.assert_allclose(out.head_deg[180], 0, atol=1e-4)
    assert np.abs(out.head_deg[145]).max() > 15


def test_no_face_at_all_is_said_so():
    track = make_track(np.arange(30) / 30, valid=np.zeros(30, bool))
    with pytest.raises(FacewrightError) as caught:
        run_filters(track, FilterSettings(), CLOCK)
    assert caught.value.code == "no-face"
