# SPDX-License-Identifier: GPL-3.0-or-later
"""Source presentation times onto the frames of a scene."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.core.clock import FrameClock
from engine.core.errors import FacewrightError
from engine.filters.chain import FilterSettings, run_filters
from engine.filters.resample import resample

PLAIN = FilterSettings(smoothing={}, gap_bridge_s=0.0, head_center="NONE")
RATES = {23.976: (24, 1.001), 24: (24, 1), 25: (25, 1), 29.97: (30, 1.001), 59.94: (60, 1.001)}


@pytest.mark.parametrize("method", ["LINEAR", "CUBIC"])
@pytest.mark.parametrize(
    ("rate", "last_frame", "step"),
    [(23.976, 240, 1.001 / 24), (24, 241, 1 / 24), (25, 251, 0.04), (29.97, 300, 1.001 / 30),
     (59.94, 600, 1.001 / 60)],
)  # fmt: skip
def test_a_ramp_at_a_varying_rate_lands_on_absolute_frames(rate, last_frame, step, method):
    # A jaw that opens at a tenth per second, seen at 0 s, at 10 s and at odd times between.
    rng = np.random.default_rng(1)
    time_s = np.concatenate(([0], np.cumsum(rng.uniform(0.01, 0.03, 495)), [10.0]))
    time_s = time_s[time_s <= 10.0]
    track = make_track(time_s, {"jawOpen": time_s / 10})
    clock = FrameClock(*RATES[rate], start_frame=1)
    out = run_filters(track, FilterSettings(**{**PLAIN.__dict__, "interpolation": method}), clock)
    np.testing.assert_array_equal(out.frames, np.arange(1, last_frame + 1))
    expected = (out.frames - 1) * step / 10
    np.testing.assert_allclose(weight(out.track, "jawOpen"), expected, atol=2e-4)


def test_equal_rates_pass_every_value_through():
    time_s = np.arange(200) * 1001 / 30000
    values = np.random.default_rng(2).random(200)
    clock = FrameClock(30, 1.001, 50)
    # As a container with millisecond time stamps would tell it.
    track = make_track(np.round(time_s, 3), {"jawOpen": values})
    out = run_filters(track, PLAIN, clock)
    np.testing.assert_array_equal(out.frames, np.arange(50, 250))
    np.testing.assert_allclose(weight(out.track, "jawOpen"), values, atol=0.03)
    exact = run_filters(make_track(time_s, {"jawOpen": values}), PLAIN, clock)
    np.testing.assert_allclose(weight(exact.track, "jawOpen"), values, atol=1e-6)


def test_cubic_interpolation_never_overshoots_and_keeps_peaks():
    time_s = np.arange(60) / 30
    values = np.zeros(60)
    values[20], values[40:43] = 1.0, (0.3, 1.0, 1.0)
    out = weight(resample(make_track(time_s, {"jawOpen": values}), np.arange(119) / 60), "jawOpen")
    assert out.min() >= 0
    assert out.max() <= 1
    np.testing.assert_allclose(out[::2], values, atol=1e-6)
    # Between flat ends a smooth curve bends: a straight line would be at 0.15 here.
    assert out[79] < 0.15 - 0.01


def test_going_to_a_lower_rate_averages_the_trembling_away():
    time_s = np.arange(1200) / 120
    tremble = 0.5 + 0.2 * (-1.0) ** np.arange(1200)
    track = make_track(time_s, {"jawOpen": tremble, "mouthPucker": time_s / 10})
    out = resample(track, np.arange(240) / 24)
    assert weight(out, "jawOpen")[2:-2].std() < 0.02
    np.testing.assert_allclose(weight(out, "mouthPucker"), np.arange(240) / 240, atol=1e-5)


def test_a_frame_inside_a_gap_stays_empty_and_no_value_comes_across():
    time_s = np.arange(60) / 60
    valid = np.ones(60, bool)
    valid[20:40] = False
    track = make_track(time_s, {"jawOpen": np.where(time_s < 0.5, 0.25, 0.75)}, valid)
    seconds = np.arange(24) / 24
    out = resample(track, seconds)
    inside = (seconds > 19.5 / 60) & (seconds < 39.5 / 60)
    np.testing.assert_array_equal(out.valid, ~inside)
    assert np.isnan(out.weights[inside]).all()
    jaw = weight(out, "jawOpen")
    np.testing.assert_allclose(jaw[out.valid & (seconds < 0.5)], 0.25, atol=1e-6)
    np.testing.assert_allclose(jaw[out.valid & (seconds > 0.5)], 0.75, atol=1e-6)


def test_dropped_frames_do_not_shift_what_follows():
    time_s = np.delete(np.arange(300) / 30, [50, 51, 120])
    track = make_track(time_s, {"jawOpen": (time_s >= 8.0) * 1.0})
    out = run_filters(track, PLAIN, FrameClock(30, 1, 1))
    jaw = weight(out.track, "jawOpen")
    assert out.frames[np.argmax(jaw > 0.5)] == 241


def test_a_take_shorter_than_a_frame_of_the_scene_is_said_so():
    track = make_track([0.1, 0.11, 0.12])
    with pytest.raises(FacewrightError) as caught:
        run_filters(track, PLAIN, FrameClock(1, 1, 1))
    assert caught.value.code == "too-short"


def test_a_single_frame_becomes_a_single_key():
    out = run_filters(make_track([0.0], {"jawOpen": 0.3}), PLAIN, FrameClock(24, 1, 7))
    np.testing.assert_array_equal(out.frames, [7])
    assert weight(out.track, "jawOpen")[0] == pytest.approx(0.3)
