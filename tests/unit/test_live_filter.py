# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that arrive one at a time: calm, with little delay, and never a jump of our own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from face_tracks import make_track, weight

from engine.core.arkit import INDEX, NAMES
from engine.core.types import FaceTrack
from engine.filters.columns import PARTS
from engine.filters.live import LiveFilter, LiveFilterSettings

RATE = 30
TIME = np.arange(120) / RATE
OFF, STEADY = ({"steadiness": dict.fromkeys(PARTS, value)} for value in (0.0, 1.0))


def _run(track, settings=None, change=None):
    """The rows of a track one by one; ``change`` maps a row to settings that come with it."""
    live = LiveFilter(settings)
    rows = []
    for i in range(len(track)):
        live.settings = (change or {}).get(i, live.settings)
        rows.append(live.filter(track[i : i + 1]))
    return FaceTrack.concatenate(rows)


def _noise(seed=0, size=120, level=0.01):
    return np.random.default_rng(seed).normal(0, level, size)


def _step(at=2.0, length=0.12, time_s=TIME):
    """From 0 to 1 without a jump in speed."""
    x = np.clip((time_s - at) / length, 0, 1)
    return x * x * x * (10 - 15 * x + 6 * x * x)


def _blink(time_s, at=2.0, closing=0.08, shut=0.04, opening=0.16):
    return np.interp(time_s, np.cumsum((at - closing, closing, shut, opening)), (0, 1, 1, 0))


def _reached_s(values, level, time_s=TIME):
    """When a rising curve first stands at a level."""
    row = int(np.argmax(values >= level))
    share = (level - values[row - 1]) / (values[row] - values[row - 1])
    return time_s[row - 1] + share * (time_s[row] - time_s[row - 1])


def _vary(time_s, **values):
    """A track with every channel moving and the values given."""
    weights = {name: 0.4 + 0.2 * np.sin(i + 3 * time_s) for i, name in enumerate(NAMES)}
    return make_track(time_s, weights | values)


def test_responsive_is_the_raw_signal():
    track = _vary(TIME)
    out = _run(track, LiveFilterSettings(**OFF))
    np.testing.assert_allclose(out.weights, track.weights, atol=1e-6)
    np.testing.assert_array_equal(out.time_s, track.time_s)
    np.testing.assert_array_equal(out.confidence, track.confidence)


def test_a_still_face_is_calm_and_steady_is_calmer():
    track = make_track(TIME, {name: 0.3 + _noise(i) for i, name in enumerate(NAMES)})
    raw, default, steady = (
        _run(track, settings).weights[30:].std(0).mean()
        for settings in (LiveFilterSettings(**OFF), None, LiveFilterSettings(**STEADY))
    )
    assert default < 0.35 * raw
    assert steady < 0.2 * raw


@pytest.mark.parametrize("rate", [25, 30, 60])
@pytest.mark.parametrize(
    ("settings", "half_s", "most_s"), [(None, 0.008, 0.025), (STEADY, 0.015, 0.04)]
)
def test_a_movement_comes_through_at_once(rate, settings, half_s, most_s):
    time_s = np.arange(4 * rate) / rate
    track = make_track(time_s, {"jawOpen": 0.6 * _step(2.01, time_s=time_s)})
    out = weight(_run(track, LiveFilterSettings(**(settings or {}))), "jawOpen")
    raw = weight(track, "jawOpen")
    for share, allowed_s in ((0.5, half_s), (0.9, most_s)):
        lag_s = _reached_s(out, 0.6 * share, time_s) - _reached_s(raw, 0.6 * share, time_s)
        assert 0 <= lag_s <= allowed_s


def test_below_the_noise_it_is_the_low_pass_of_its_cutoff():
    # 0.25 Hz at steadiness 1: nothing opens the filter, so the step arrives by the formula.
    track = make_track(TIME, {"jawOpen": 0.01 * (TIME >= 1)})
    out = weight(_run(track, LiveFilterSettings(**STEADY)), "jawOpen")
    share = 1 / (1 + RATE / (2 * np.pi * 0.25))
    np.testing.assert_allclose(out[30:], 0.01 * (1 - (1 - share) ** np.arange(1, 91)), atol=1e-6)


def test_a_doubted_channel_is_calmed_more():
    weights = {"cheekPuff": 0.3 + _noise(1, level=0.03), "jawOpen": 0.3 + _noise(1, level=0.03)}
    out = _run(
        make_track(TIME, weights, confidence={"cheekPuff": 0.2}),
        LiveFilterSettings(dict.fromkeys(PARTS, 0.5)),
    )
    assert weight(out, "cheekPuff")[30:].std() < 0.7 * weight(out, "jawOpen")[30:].std()


@pytest.mark.parametrize("rate", [25, 30, 60])
@pytest.mark.parametrize("phase", [0.0, 0.3, 0.7])
def test_a_blink_comes_through_undelayed_and_closes_fully(rate, phase):
    time_s = (np.arange(4 * rate) + phase) / rate
    shut = _blink(time_s)
    names = [f"eye{part}{side}" for part in ("Blink", "Squint") for side in ("Left", "Right")]
    track = make_track(time_s, dict.fromkeys(names, shut))
    kept = _run(track, LiveFilterSettings(**STEADY))
    closing = (time_s > 1.9) & (time_s < 2.15)
    for name in names:
        away = np.abs(weight(kept, name) - shut)
        assert weight(kept, name).max() == pytest.approx(shut.max(), abs=1e-6)
        assert away[closing].max() < 0.05
    blunt = _run(track, LiveFilterSettings(**STEADY, keep_blinks=False))
    assert np.abs(weight(blunt, "eyeBlinkLeft") - shut)[closing].max() > 0.06


def test_a_wink_leaves_the_other_lid_calm():
    weights = {"eyeBlinkLeft": _blink(TIME), "eyeBlinkRight": 0.1 + _noise(2)}
    out = _run(make_track(TIME, weights), LiveFilterSettings(**STEADY))
    assert weight(out, "eyeBlinkLeft").max() == pytest.approx(weights["eyeBlinkLeft"].max())
    assert weight(out, "eyeBlinkRight")[30:].std() < 0.3 * weights["eyeBlinkRight"][30:].std()


def test_a_lid_that_stays_shut_stays_shut():
    shut = np.interp(TIME, (2.0, 2.08), (0, 1))
    out = weight(
        _run(make_track(TIME, {"eyeBlinkLeft": shut}), LiveFilterSettings(**STEADY)), "eyeBlinkLeft"
    )
    np.testing.assert_allclose(out[TIME >= 2.1], 1, atol=1e-6)


@pytest.mark.parametrize("rate", [30, 120])
def test_trembling_lids_are_no_blink(rate):
    # At a high rate even trembling is fast.
    time_s = np.arange(120) / rate
    lid = {"eyeBlinkLeft": 0.1 + _noise(3, level=0.012)}
    track = make_track(time_s, lid, confidence={"eyeBlinkLeft": 0.9})
    kept, plain = (
        weight(_run(track, LiveFilterSettings(**STEADY, keep_blinks=keep)), "eyeBlinkLeft")
        for keep in (True, False)
    )
    np.testing.assert_array_equal(kept, plain)


def test_held_while_the_face_is_gone_and_eased_back():
    valid = (TIME < 1) | (TIME >= 3)
    jaw = np.where(TIME < 2, 0.8, 0.2)
    head = np.where(TIME < 2, 10.0, -30.0)[:, None] * (1, 0, 0)
    out = _run(make_track(TIME, {"jawOpen": jaw}, valid, head_deg=head))
    assert out.valid.all()
    np.testing.assert_allclose(weight(out, "jawOpen")[30:90], 0.8, atol=1e-6)
    np.testing.assert_array_equal(out.confidence, valid.astype(np.float32))
    np.testing.assert_array_equal(out.channel_confidence[30:90], 0)
    # Back in a quarter of a second, without a jump, and no further than the two ends.
    back = weight(out, "jawOpen")[89:]
    assert np.abs(np.diff(back)).max() < 0.15
    assert (np.diff(back) <= 1e-6).all()
    np.testing.assert_allclose(back[9:], 0.2, atol=1e-6)
    np.testing.assert_allclose(out.head_deg[98:, 0], -30, atol=1e-4)


def test_eased_to_neutral_after_holding():
    settings = LiveFilterSettings(gap_policy="EASE", gap_hold_s=0.5, gap_ease_s=0.4)
    valid = (TIME < 1) | (TIME >= 3)
    out = _run(make_track(TIME, {"jawOpen": 0.8}, valid, head_deg=(0, 20, 0), gaze_deg=5), settings)
    jaw = weight(out, "jawOpen")
    np.testing.assert_allclose(jaw[30:44], 0.8, atol=1e-6)
    assert (np.diff(jaw[44:58]) <= 0).all()
    assert np.abs(np.diff(jaw)).max() < 0.17
    for values in (jaw, out.head_deg, out.gaze_deg):
        np.testing.assert_allclose(values[58:90], 0, atol=1e-6)
    np.testing.assert_allclose(jaw[98:], 0.8, atol=1e-6)


def test_a_policy_changed_in_the_middle_of_a_gap_does_not_jump():
    ease = LiveFilterSettings(gap_policy="EASE", gap_hold_s=0.2, gap_ease_s=0.5)
    change = {60: ease, 68: LiveFilterSettings()}
    out = weight(_run(make_track(TIME, {"jawOpen": 0.8}, TIME < 1), change=change), "jawOpen")
    assert 0.1 < out[-1] < 0.7
    assert np.abs(np.diff(out)).max() < 0.1
    np.testing.assert_array_equal(out[69:], out[69])


def test_a_face_that_flickers_back_never_jumps():
    valid = TIME < 1
    valid[[50, 51, 52, 54, 60, 61]] = True
    jaw = np.where(TIME < 1, 0.9, 0.1)
    out = weight(_run(make_track(TIME, {"jawOpen": jaw}, valid)), "jawOpen")
    assert np.abs(np.diff(out)).max() < 0.2


def test_a_short_dropout_is_followed_not_eased():
    # Nor is it where the face had been away for long before.
    jaw = 0.6 * _step(1.0)
    valid = np.ones(120, bool)
    valid[5:15] = valid[31:33] = False
    out = weight(
        _run(make_track(TIME, {"jawOpen": jaw}, valid), LiveFilterSettings(**OFF)), "jawOpen"
    )
    np.testing.assert_allclose(out[valid], jaw[valid], atol=1e-6)
    np.testing.assert_array_equal(out[31:33], out[30])


def test_a_slow_camera_is_followed_frame_by_frame():
    time_s = np.arange(40) / 4
    jaw = 0.4 + 0.3 * np.sin(time_s)
    out = _run(make_track(time_s, {"jawOpen": jaw}), LiveFilterSettings(**OFF))
    np.testing.assert_allclose(weight(out, "jawOpen"), jaw, atol=1e-6)


def test_after_a_silence_it_eases_as_after_a_gap():
    time_s = np.concatenate((TIME[:30], 5 + TIME[:30]))
    jaw = np.where(time_s < 3, 0.9, 0.1)
    out = weight(_run(make_track(time_s, {"jawOpen": jaw}), LiveFilterSettings(**OFF)), "jawOpen")
    assert np.abs(np.diff(out)).max() < 0.2
    np.testing.assert_allclose(out[38:], 0.1, atol=1e-6)


def test_nothing_is_valid_before_the_first_face_and_a_nan_is_no_face():
    track = make_track(TIME, {"jawOpen": 0.5}, TIME >= 1)
    track.weights[60:70, INDEX["browInnerUp"]] = np.nan
    track.head_deg[80] = np.inf
    track.gaze_deg[81] = np.nan
    out = _run(track)
    np.testing.assert_array_equal(out.valid, TIME >= 1)
    for values in (out.weights, out.head_deg, out.head_cm, out.gaze_deg):
        assert np.isnan(values[:30]).all()
        assert np.isfinite(values[30:]).all()
    np.testing.assert_allclose(weight(out, "jawOpen")[30:], 0.5, atol=1e-6)
    np.testing.assert_array_equal(out.confidence[[29, 65, 80, 81]], 0)


def test_angles_pass_half_a_turn_without_a_jump():
    turn = np.linspace(150, 210, 120)
    wrapped = (turn + 180) % 360 - 180
    head, gaze = np.zeros((120, 3)), np.zeros((120, 2, 2))
    head[:, 1], gaze[:, 1, 1] = wrapped, wrapped
    out = _run(make_track(TIME, head_deg=head, gaze_deg=gaze))
    for angle in (out.head_deg[:, 1], out.gaze_deg[:, 1, 1]):
        assert np.abs(np.diff(angle)).max() < 2
        assert angle[-1] == pytest.approx(210, abs=2)


def test_settings_change_without_a_jump():
    # A slow ramp: the steady filter lags, the responsive one does not.
    ramp = 0.2 * TIME
    on, off = LiveFilterSettings(**STEADY), LiveFilterSettings(**OFF)
    track = make_track(TIME, {"jawOpen": ramp})
    lag = ramp[60] - weight(_run(track, on), "jawOpen")[60]
    assert lag > 0.02
    for first, second in ((on, off), (off, on)):
        out = weight(_run(track, first, {60: second}), "jawOpen")
        # Within a quarter of a second the lag goes or comes; never in one frame.
        assert np.abs(np.diff(out)[55:70] - 0.2 / RATE).max() < 0.5 * lag
        np.testing.assert_allclose(out[80:], weight(_run(track, second), "jawOpen")[80:], atol=0.01)


def test_gain_scales_and_travels():
    track = make_track(TIME, {"jawOpen": 0.3, "mouthFunnel": 0.3}, head_deg=(0, 10, 0))
    change = {60: LiveFilterSettings(gain={"jaw": 2.0, "head": 0.5})}
    out = _run(track, change=change)
    jaw = weight(out, "jawOpen")
    np.testing.assert_allclose(jaw[:60], 0.3, atol=1e-6)
    assert np.abs(np.diff(jaw)).max() < 0.05
    np.testing.assert_allclose(jaw[70:], 0.6, atol=1e-6)
    np.testing.assert_allclose(weight(out, "mouthFunnel"), 0.3, atol=1e-6)
    np.testing.assert_allclose(out.head_deg[70:, 1], 5, atol=1e-5)


def test_gain_starts_at_once_and_stops_at_the_full_movement():
    track = make_track(TIME, {"jawOpen": 0.7})
    out = _run(track, LiveFilterSettings(gain={"jaw": 2.0}))
    np.testing.assert_array_equal(weight(out, "jawOpen"), 1)


def test_a_row_that_is_not_later_gives_the_last_one_again():
    track = make_track([0.0, 0.1, 0.1, 0.05], {"jawOpen": [0.1, 0.2, 0.9, 0.9]})
    live = LiveFilter()
    rows = [live.filter(track[i : i + 1]) for i in range(4)]
    assert rows[2] is rows[1] and rows[3] is rows[1]


def test_reset_forgets_everything():
    track = _vary(TIME)
    live = LiveFilter()
    for i in range(50):
        live.filter(track[i : i + 1])
    live.reset()
    again = make_track([0.0], valid=[False])
    assert not live.filter(again).valid[0]
    first = live.filter(replace(track[7:8], time_s=np.array([0.1])))
    np.testing.assert_allclose(first.weights, track.weights[7:8], atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steadiness": {"nose": 0.5}},
        {"steadiness": {"jaw": 1.5}},
        {"steadiness": {"jaw": float("nan")}},
        {"gain": {"jaw": -1.0}},
        {"gap_policy": "EMPTY"},
        {"gap_ease_s": -1.0},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError):
        LiveFilterSettings(**wrong)


def test_more_than_one_frame_is_refused():
    with pytest.raises(ValueError, match="one frame"):
        LiveFilter().filter(make_track(TIME))
