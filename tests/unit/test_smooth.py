# SPDX-License-Identifier: GPL-3.0-or-later
"""Smoothing takes the trembling out and leaves timing, blinks and lip contacts alone."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.core.arkit import COUNT, INDEX
from engine.filters.columns import PARTS
from engine.filters.events import BLINK, LIP_CONTACT, event_share, lip_signal
from engine.filters.smooth import DEFAULT_STRENGTH, sigma_s, smooth

RATE = 30
TIME = np.arange(300) / RATE
ALL = dict.fromkeys(PARTS, 0.7)


def _pulse(at, width, height=1.0, time_s=TIME):
    """A raised cosine of full ``width`` seconds."""
    phase = np.clip((time_s - at) / width, -0.5, 0.5)
    return height * 0.5 * (1 + np.cos(2 * np.pi * phase))


def _noise(seed=0, size=300, level=0.02):
    return np.random.default_rng(seed).normal(0, level, size)


def test_smoothing_is_a_gaussian_of_the_documented_width():
    impulse = np.zeros(300)
    impulse[150] = 1
    out = weight(smooth(make_track(TIME, {"browInnerUp": impulse}), {"brows": 1.0}), "browInnerUp")
    expected = np.exp(-0.5 * ((TIME - 5.0) / 0.1) ** 2)
    np.testing.assert_allclose(out, expected / expected.sum(), atol=2e-4)
    assert sigma_s(1.0) == pytest.approx(0.1)
    assert sigma_s(0.5) == pytest.approx(0.0354, abs=1e-4)
    assert sigma_s(0) == 0


def test_smoothing_has_no_delay():
    slow = _pulse(5.0, 2.0)
    out = weight(smooth(make_track(TIME, {"jawOpen": slow}), {"jaw": 1.0}), "jawOpen")
    lags = [np.dot(slow[20:-20], np.roll(out, -lag)[20:-20]) for lag in range(-5, 6)]
    assert np.argmax(lags) == 5


def test_trembling_is_reduced_and_only_in_the_parts_asked_for():
    track = make_track(TIME, {"browInnerUp": 0.5 + _noise(0), "cheekPuff": 0.5 + _noise(1)})
    out = smooth(track, {"brows": 0.7})
    assert weight(out, "browInnerUp").std() < 0.5 * weight(track, "browInnerUp").std()
    np.testing.assert_array_equal(weight(out, "cheekPuff"), weight(track, "cheekPuff"))


def test_smoothing_never_reaches_across_a_gap_nor_leaks_nan():
    step = np.where(TIME < 5, 0.0, 1.0)
    valid = np.ones(300, bool)
    valid[149:151] = False
    out = smooth(make_track(TIME, {"browInnerUp": step}, valid), ALL)
    np.testing.assert_allclose(weight(out, "browInnerUp")[:149], 0, atol=1e-6)
    np.testing.assert_allclose(weight(out, "browInnerUp")[151:], 1, atol=1e-6)
    np.testing.assert_array_equal(out.valid, valid)
    assert np.isfinite(out.weights[valid]).all()
    assert np.isnan(out.weights[~valid]).all()


def test_varying_frame_rate_is_smoothed_in_seconds_not_frames():
    # 60 frames a second, then 15: a phone in a dark room. Steps tremble as well.
    rng = np.random.default_rng(3)
    steps = np.concatenate((np.full(400, 1 / 60), np.full(100, 1 / 15)))
    time_s = np.cumsum(steps * rng.uniform(0.8, 1.2, 500))
    for row in (200, 450):
        middle = time_s[row]
        slow = _pulse(middle, 3.0, time_s=time_s)
        out = weight(smooth(make_track(time_s, {"jawOpen": slow}), {"jaw": 1.0}), "jawOpen")
        # A Gaussian of sigma s takes a cosine of period T down by exp(-2 (pi s / T)^2).
        expected = 0.5 * (1 + np.exp(-2 * (np.pi * 0.1 / 3.0) ** 2))
        assert out[row] == pytest.approx(expected, abs=0.004)
        duration = np.gradient(time_s)
        centre = (out * duration * time_s).sum() / (out * duration).sum()
        assert centre == pytest.approx(middle, abs=0.01)


def test_angles_are_smoothed_through_a_half_turn():
    yaw = (np.linspace(150, 210, 300) + 180) % 360 - 180
    head = np.zeros((300, 3))
    head[:, 1] = yaw
    out = smooth(make_track(TIME, head_deg=head), {"head": 1.0}).head_deg[:, 1]
    middle = (out[30:-30] + 360) % 360
    np.testing.assert_allclose(middle, np.linspace(150, 210, 300)[30:-30], atol=1e-3)


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_blinks_keep_their_peak_and_their_moment(rate):
    time_s = np.arange(10 * rate) / rate
    rng = np.random.default_rng(7)
    raw = np.clip(
        _pulse(3.03, 0.2, 0.9, time_s)
        + _pulse(6.3, 0.3, 0.7, time_s)
        + rng.normal(0.05, 0.01, len(time_s)),
        0,
        1,
    )
    track = make_track(time_s, {"eyeBlinkLeft": raw, "eyeBlinkRight": raw})
    out = weight(smooth(track, ALL), "eyeBlinkLeft")
    for at in (3.03, 6.3):
        near = np.flatnonzero(np.abs(time_s - at) < 0.25)
        assert out[near].max() >= 0.98 * raw[near].max()
        assert np.argmax(out[near]) == np.argmax(raw[near])
    quiet = (time_s > 4) & (time_s < 5.5)
    assert out[quiet].std() < 0.6 * raw[quiet].std()
    blunt = weight(smooth(track, ALL, keep_blinks=False), "eyeBlinkLeft")
    assert blunt.max() < 0.9 * raw.max()


def test_a_wink_sharpens_one_eye_alone():
    track = make_track(TIME, {"eyeBlinkLeft": _pulse(5, 0.2), "eyeBlinkRight": _noise(2) + 0.1})
    out = smooth(track, ALL)
    assert weight(out, "eyeBlinkLeft").max() >= 0.98
    assert weight(out, "eyeBlinkRight").std() < 0.6 * weight(track, "eyeBlinkRight").std()


def test_a_long_closure_is_no_event_in_its_middle():
    raw = _pulse(5, 6.0)
    assert event_share(raw, TIME, BLINK).max() == 0


def test_lips_that_touch_in_speech_touch_after_smoothing():
    # An open jaw that shuts for 0.1 s, as for an "m", is a minimum of the opening.
    jaw = 0.4 + _noise(4, level=0.005)
    jaw -= np.minimum(_pulse(5, 0.13, 0.4), jaw)
    track = make_track(TIME, {"jawOpen": jaw, "mouthPressLeft": _pulse(5, 0.13, 0.3)})
    out = smooth(track, ALL)
    assert weight(out, "jawOpen").min() <= jaw.min() + 0.01
    assert weight(out, "mouthPressLeft").max() >= 0.98 * weight(track, "mouthPressLeft").max()
    assert weight(smooth(track, ALL, keep_lips=False), "jawOpen").min() > 0.1


def test_mouth_close_over_an_open_jaw_is_a_contact():
    weights = np.zeros((300, COUNT))
    weights[:, INDEX["jawOpen"]] = 0.5
    weights[:, INDEX["mouthClose"]] = _pulse(5, 0.15, 0.5)
    share = event_share(lip_signal(weights), TIME, LIP_CONTACT)
    assert share[150] == 1
    assert share[[100, 200]].max() == 0


def test_noise_alone_is_no_event():
    assert event_share(_noise(5, level=0.08), TIME, LIP_CONTACT).mean() < 0.05


def test_one_frame_and_unknown_parts():
    track = make_track([0.0], {"jawOpen": 0.4})
    assert weight(smooth(track, DEFAULT_STRENGTH), "jawOpen")[0] == pytest.approx(0.4)
    with pytest.raises(ValueError, match="nose"):
        smooth(track, {"nose": 1.0})
