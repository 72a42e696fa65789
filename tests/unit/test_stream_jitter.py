# SPDX-License-Identifier: GPL-3.0-or-later
"""A sender over a bad way, recorded: jitter, loss, disorder, doubles, midnight, a restart, a rate.

The way is played, so nothing here depends on how busy the machine is.
"""

import random
from dataclasses import dataclass

import numpy as np
import pytest

from engine.core.arkit import COUNT
from engine.core.clock import now_s
from engine.core.requests import LiveRequest
from engine.formats.live_link import LiveLinkDecoder, encode
from engine.formats.sample import FaceSample, to_row
from engine.pipeline.stream import StreamCapture
from engine.takes.take_file import read_header, read_track

_LATENCY_S, _JITTER_S = 0.003, 0.008


@dataclass(frozen=True)
class Packet:
    """Frame ``number``, sent at ``sent_s`` on our clock, stamped ``stamp_s`` by the phone."""

    number: int
    sent_s: float
    stamp_s: float
    arrival_s: float


class PlayedWay:
    """In place of the receiver: what arrives, in the order of arrival."""

    sender, problem, dropped = "10.0.0.9:50000", "", 0

    def __init__(self, packets):
        decoder = LiveLinkDecoder()
        self.results = [
            (packet.arrival_s, decoder.feed(packet_bytes(packet))[0])
            for packet in sorted(packets, key=lambda packet: packet.arrival_s)
        ]

    def take(self, _timeout_s):
        return self.results.pop(0)


def packet_bytes(packet):
    """The frame's number is told by the first two weights."""
    weights = np.zeros(COUNT)
    weights[:2] = packet.number // 100 / 100, packet.number % 100 / 100
    return encode(to_row(FaceSample(None, weights=weights), 0.0), packet.stamp_s, subject="../../x")


def sent(count, rate=60.0, begin_s=0.0, stamp_s=50_000.0, first=0, chance=None):
    """Frames at a rate; with a ``chance`` each on a way of its own length."""
    zero_s = now_s()
    packets = []
    for number in range(count):
        way_s = _LATENCY_S + (chance.expovariate(1 / _JITTER_S) if chance else 0.0)
        moment_s = zero_s + begin_s + number / rate
        stamp = (stamp_s + number / rate) % 86400.0
        packets.append(Packet(first + number, moment_s, stamp, moment_s + way_s))
    return packets


def record(tmp_path, packets):
    """The take that comes of it: numbers of its frames, their times on our clock, the capture."""
    capture = StreamCapture(LiveRequest("udp:livelink:0"))
    capture.close()  # the socket; what arrives is played
    source = capture.source
    source.receiver = PlayedWay(packets)
    take, zero_s = tmp_path / "heard.fwtake", packets[0].sent_s - 1.0
    capture.record(str(take), zero_s)
    while source.receiver.results:
        if frame := capture.step():
            capture.keep(frame)
    capture.stop_recording().result()
    track = read_track(take)
    weights = np.rint(100 * track.weights[:, :2].astype(float))
    assert read_header(take)["state"] == "complete"
    return (weights @ [100, 1]).astype(int), track.time_s + zero_s, source


def test_a_bad_way_gives_a_regular_take(tmp_path):
    chance = random.Random(11)
    whole = sent(1200, chance=chance)
    arriving = [packet for packet in whole if packet.number < 30 or chance.random() > 0.05]
    twice = [packet for packet in arriving if chance.random() < 0.05]
    again = [Packet(p.number, p.sent_s, p.stamp_s, p.arrival_s + 0.02) for p in twice]
    numbers, times, source = record(tmp_path, arriving + again)
    order = source._order
    # No frame out of order or twice, and every one is accounted for.
    assert (np.diff(numbers) > 0).all()
    assert order.late > 50  # the way is so bad that many overtake each other
    assert order.lost + order.late + len(numbers) == numbers[-1] - numbers[0] + 1
    # The times are those of the sender, one constant delay apart.
    true = np.array([whole[number].sent_s for number in numbers])
    delay_ms = 1e3 * (times - true)[numbers >= 120]
    assert np.ptp(delay_ms) < 2.0 and 3.0 <= delay_ms.min() < 6.0
    assert float(source.rate) == pytest.approx(60, abs=1)


def test_midnight_does_not_show(tmp_path):
    chance = random.Random(12)
    whole = sent(900, stamp_s=86400.0 - 7.5, chance=chance)
    numbers, times, source = record(tmp_path, whole)
    true = np.array([whole[number].sent_s for number in numbers])
    assert np.ptp(1e3 * (times - true)[numbers >= 120]) < 2.0
    assert source._order.restarts == 0 and source._order.lost + len(numbers) <= 900


def test_an_app_that_began_anew_goes_on_in_the_take(tmp_path):
    before = sent(300)
    after = sent(300, begin_s=8.0, stamp_s=3.0, first=300)
    numbers, times, source = record(tmp_path, before + after)
    assert numbers.tolist() == list(range(600))
    true = np.array([packet.sent_s for packet in before + after])
    assert 1e3 * (times - true) == pytest.approx(3.0, abs=1.5)
    assert source.dropped == 0


def test_a_slower_rate_is_followed(tmp_path):
    before = sent(300)
    after = sent(300, rate=30.0, begin_s=5.0, stamp_s=50_005.0, first=300)
    numbers, times, source = record(tmp_path, before + after)
    assert numbers.tolist() == list(range(600)) and source.dropped == 0
    assert np.diff(times)[310:] == pytest.approx(1 / 30, abs=1e-3)
    assert float(source.rate) == pytest.approx(30, abs=0.5)


def test_a_clock_set_back_and_forth_is_followed(tmp_path):
    before = sent(300)
    back = sent(300, begin_s=5.0, stamp_s=50_004.6, first=300)
    forth = sent(300, begin_s=10.0, stamp_s=53_600.0, first=600)
    numbers, times, _ = record(tmp_path, before + back + forth)
    assert (np.diff(numbers) > 0).all() and len(numbers) >= 890
    true = np.array([(before + back + forth)[number].sent_s for number in numbers])
    assert np.abs(1e3 * (times - true) - 3.0)[numbers >= 310].max() < 2.0


def test_a_name_from_the_network_is_no_path(tmp_path):
    """The subject of every packet here is ../../x."""
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    _, _, source = record(folder, sent(60))
    assert source.subject == "../../x"
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert sorted(files) == ["a", "a/b", "a/b/c", "a/b/c/heard.fwtake"]
