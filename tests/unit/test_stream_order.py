# SPDX-License-Identifier: GPL-3.0-or-later
"""A sender's time stamps: what is lost, late, twice, a slower rate, or a clock set anew."""

import random
from dataclasses import replace

import numpy as np
import pytest

from engine.core.sender_clock import SenderClock
from engine.formats.live_link import LiveLinkDecoder, encode
from engine.formats.sample import FaceSample, to_row
from engine.pipeline.stream_order import StreamOrder


def hear(order, times):
    return [time_s for time_s in times if order.follows(time_s)]


def frames(count, rate=60.0, begin=100.0):
    return [begin + number / rate for number in range(count)]


def test_a_regular_sender_loses_nothing():
    order, times = StreamOrder(), frames(1000)
    assert hear(order, times) == times
    assert (order.lost, order.late, order.restarts) == (0, 0, 0)


def test_what_is_lost_is_counted():
    order, times = StreamOrder(), frames(600)
    kept = [time_s for number, time_s in enumerate(times) if number < 20 or number % 7]
    assert hear(order, kept) == kept
    assert order.lost == len(times) - len(kept)


def test_what_comes_out_of_order_is_late_and_not_lost():
    order, times = StreamOrder(), frames(300)
    for number in (50, 120, 200):
        times[number], times[number + 1] = times[number + 1], times[number]
    shown = hear(order, times)
    assert shown == sorted(shown) and len(shown) == 297
    assert (order.lost, order.late) == (0, 3)


def test_what_comes_twice_is_shown_once_and_is_no_loss():
    order, times = StreamOrder(), frames(100)
    assert hear(order, sorted(times * 2)) == times
    assert (order.lost, order.late) == (0, 0)


@pytest.mark.parametrize("rate", [30.0, 24.0, 10.0])
def test_a_slower_rate_is_no_loss(rate):
    order, times = StreamOrder(), frames(120)
    slower = frames(300, rate, times[-1] + 1 / rate)
    assert hear(order, times + slower) == times + slower
    assert order.lost == 0
    # From then on the new rate counts.
    assert order.follows(slower[-1] + 3 / rate) and order.lost == 2


def test_a_faster_rate_is_no_loss():
    order, times = StreamOrder(), frames(120, 30.0)
    faster = frames(300, 60.0, times[-1] + 1 / 60)
    hear(order, times + faster)
    assert order.follows(faster[-1] + 3 / 60) and order.lost == 2


def test_heavy_loss_is_no_slower_rate():
    chance = random.Random(5)
    order, times = StreamOrder(), frames(3000)
    steady = (*range(20), len(times) - 1)
    kept = [t for number, t in enumerate(times) if number in steady or chance.random() < 0.6]
    hear(order, kept)
    assert order.lost == len(times) - len(kept)


def test_time_without_a_face_is_no_loss():
    order, times = StreamOrder(), frames(120)
    hear(order, [*times[:60], *[None] * 20, *times[80:]])
    assert order.lost == 0


def test_a_pause_is_no_loss():
    order = StreamOrder()
    hear(order, frames(60) + frames(60, begin=105.0))
    assert order.lost == 0


def test_an_app_that_began_anew_is_heard_at_once():
    order, anew = StreamOrder(), frames(60, begin=0.0)
    hear(order, frames(60))
    assert hear(order, anew) == anew
    assert (order.lost, order.late, order.restarts) == (0, 0, 1)


def test_a_clock_that_was_set_back_a_little_is_heard_soon():
    order = StreamOrder()
    hear(order, frames(60))
    shown = hear(order, frames(60, begin=100.5 + 1 / 240))
    assert len(shown) >= 55 and order.restarts == 1
    assert shown == sorted(shown)


def test_stamps_that_jump_about_are_not_trusted():
    """As PyLiveLinkFace's: each a little before the last, then a second on."""
    order = StreamOrder()
    nonsense = [54_000.0 + number // 60 + (-4 * number % 60) / 60 for number in range(600)]
    shown = hear(order, nonsense)
    assert not order.trusted and len(shown) > 580 and order.lost + order.late < 20
    # A sender that counts right is trusted again.
    hear(order, frames(60, begin=60_000.0))
    assert order.trusted


def live_link_times(times):
    """What the decoder makes of the phone's clock, given without days."""
    decoder, rest = LiveLinkDecoder(), to_row(FaceSample(None, weights=np.zeros(52)), 0.0)
    packets = (encode(replace(rest, time_s=np.array([time_s]))) for time_s in times)
    return [sample.time_s for packet in packets for sample in decoder.feed(packet)]


def test_midnight_is_no_restart_and_keeps_times_regular():
    """Live Link Face counts from midnight; jitter at midnight stays removed, and late is late."""
    chance = random.Random(3)
    sent = [86395.0 + number / 60 for number in range(600)]
    told = live_link_times(sent)
    assert told == pytest.approx(sent, abs=1e-4)
    clock, order = SenderClock(), StreamOrder()
    shown = []
    for sent_s, told_s in zip(sent, told, strict=True):
        assert order.follows(told_s)
        shown.append(clock.ours(told_s, sent_s - 86000.0 + 0.002 + chance.random() * 0.02))
    assert (order.lost, order.late, order.restarts) == (0, 0, 0)
    assert np.diff(shown)[60:] == pytest.approx(1 / 60, abs=2e-4)
    # A packet from before midnight that comes after it is from before it.
    late = live_link_times([86399.9, 86400.1, 86399.95])
    assert late == pytest.approx([86399.9, 86400.1, 86399.95], abs=1e-4)


@pytest.mark.parametrize("per_stamp", [1_000_000, 60])
def test_a_clock_that_stands_still_or_is_coarse_freezes_nothing(per_stamp):
    order = StreamOrder()
    shown = [order.follows(number // per_stamp + 5.0) for number in range(600)]
    assert sum(shown) >= 590
    assert not order.trusted and order.late == 0 and order.lost == 0


def test_a_packet_that_comes_twice_is_shown_once():
    order = StreamOrder()
    shown = [order.follows(number // 2 / 60) for number in range(200)]
    assert sum(shown) == 100 and order.trusted
