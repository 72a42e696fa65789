# SPDX-License-Identifier: GPL-3.0-or-later
"""A sender's times on our clock: jitter goes, drift is followed, time never runs backwards."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.sender_clock import SenderClock

RATE = 30.0


def play(clock: SenderClock, sent_s: np.ndarray, sender_s: np.ndarray, delay_s: np.ndarray):
    """What the clock makes of frames; returns (results, arrivals), both (frames,)."""
    arrival_s = np.maximum.accumulate(sent_s + delay_s)
    pairs = zip(sender_s, arrival_s, strict=True)
    return np.array([clock.ours(s, a) for s, a in pairs]), arrival_s


def jitter(count: int) -> np.ndarray:
    """Delays of 5 ms and more, with now and then a stall of up to 100 ms."""
    random = np.random.default_rng(7)
    delay_s = 0.005 + random.exponential(0.008, count)
    return delay_s + np.where(random.random(count) < 0.02, 0.1, 0.0)


def test_jitter_of_arrival_is_gone():
    sent = 100 + np.arange(600) / RATE
    times, arrivals = play(SenderClock(), sent, sent - 97.3, jitter(600))
    steps, arrival_steps = np.diff(times[60:]), np.diff(arrivals[60:])
    assert steps.std() < 0.001 < 0.01 < arrival_steps.std()
    assert np.abs(times[60:] - (sent[60:] + 0.005)).max() < 0.004


@pytest.mark.parametrize("drift", [-2e-4, 2e-4])
def test_a_clock_that_runs_slow_or_fast_is_followed(drift):
    sent = 100 + np.arange(18000) / RATE  # ten minutes: 120 ms of drift
    times, _ = play(SenderClock(), sent, (sent - 40) * (1 + drift), jitter(18000))
    assert np.abs(times[300:] - (sent[300:] + 0.005)).max() < 0.006


def test_times_increase_and_are_never_later_than_the_arrival():
    sent = 100 + np.arange(900) / RATE
    times, arrivals = play(SenderClock(), sent, sent - 97.3, jitter(900))
    assert (np.diff(times) > 0).all()
    settled = times > times[0] + 0.2
    assert (times[settled] <= arrivals[settled] + 1e-9).all()


@pytest.mark.parametrize("jump_s", [-3600.0, 50.0])
def test_a_jump_of_the_sender_starts_anew(jump_s):
    sent = 100 + np.arange(120) / RATE
    sender = sent + np.where(np.arange(120) < 60, 0.0, jump_s)
    times, arrivals = play(SenderClock(), sent, sender, np.full(120, 0.005))
    np.testing.assert_allclose(times, arrivals, atol=1e-6)


def test_a_pause_is_no_jump():
    clock = SenderClock()
    for i in range(90):
        clock.ours(i / RATE, 10 + i / RATE + 0.002)
    # The first after the pause comes late; the estimate of before still holds.
    assert clock.ours(6.0, 16.05) == pytest.approx(16.002, abs=0.02)


def test_a_way_that_became_longer_is_followed_without_a_step():
    sent = 100 + np.arange(1200) / RATE
    delay = np.where(np.arange(1200) < 300, 0.005, 0.045)
    times, arrivals = play(SenderClock(), sent, sent, delay)
    assert np.abs(np.diff(times) - 1 / RATE).max() < 0.001
    assert times[-1] == pytest.approx(arrivals[-1], abs=1e-6)


def test_without_stamps_the_arrival_counts():
    clock = SenderClock()
    assert [clock.ours(None, t) for t in (1.0, 1.5, 1.7)] == [1.0, 1.5, 1.7]


def test_stamps_that_stand_still_still_give_increasing_times():
    clock = SenderClock()
    times = [clock.ours(5.0, 10 + i / RATE) for i in range(90)]
    assert (np.diff(times) > 0).all()
