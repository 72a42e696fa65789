# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of dialects: who speaks what, and every encoder against its decoder."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.core.types import FaceTrack
from engine.formats import osc
from engine.formats.dialects import DIALECTS, recognise
from engine.formats.sample import FaceSample, to_row

SENDABLE = [name for name, dialect in DIALECTS.items() if dialect.encoder]
# Presets tell a face roughly.
EXACT = [name for name in SENDABLE if name != "vmc-presets"]


def row_of(weights: list[float], head: list[float], time_s: float = 5.0) -> FaceTrack:
    sample = FaceSample(
        None,
        weights=np.array(weights),
        head_deg=np.array(head),
        head_cm=np.array([1.0, 2.0, -50.0]),
        gaze_deg=np.array([[1.0, 2.0], [3.0, 4.0]]),
    )
    return to_row(sample, time_s)


STILL = row_of([0.25] * 52, [10.0, 20.0, 30.0])


def test_the_ports_are_the_usual_ones():
    assert {name: dict(dialect.ports) for name, dialect in DIALECTS.items()} == {
        "livelink": {"udp": 11111},
        "vmc": {"udp": 39539},
        "vmc-presets": {"udp": 39539},
        "vmc-assistant": {"udp": 39540},
        "ifacialmocap": {"udp": 49983, "tcp": 49986},
        "facemotion3d": {"udp": 49983, "tcp": 49986},
        "facecap": {"udp": 9000},
        "openseeface": {"udp": 11573},
        "vtube": {"udp": 11125},
    }
    assert DIALECTS["ifacialmocap"].port_of("tcp") == 49986
    assert DIALECTS["vmc-assistant"].send_port == 39540


def test_greetings_go_to_the_phone():
    assert DIALECTS["livelink"].greeting() is None
    assert DIALECTS["ifacialmocap"].greeting("tcp").port == 49983
    assert DIALECTS["facemotion3d"].greeting().port == 49993
    port, words, farewell, again = DIALECTS["vtube"].greeting("udp", 5555)
    assert (port, farewell, again) == (21412, b"", True)
    assert b"[5555]" in words


@pytest.mark.parametrize("name", EXACT)
def test_what_is_sent_is_recognised_and_understood(name):
    dialect = DIALECTS[name]
    packets = dialect.encoder().encode(STILL)
    # An Assistant's packets read like a Performer's.
    assert {recognise(packet) for packet in packets} == {name.removesuffix("-assistant")}
    decoder = dialect.decoder()
    (sample,) = [told for packet in packets for told in decoder.feed(packet)]
    np.testing.assert_allclose(sample.weights, 0.25, atol=1e-6)
    if name != "vmc-assistant":  # which tells no head
        np.testing.assert_allclose(sample.head_deg, [10, 20, 30], atol=1e-3)
        np.testing.assert_allclose(sample.gaze_deg, [[1, 2], [3, 4]], atol=1e-3)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", bytes(1785), b"{}", b"/other\0\0,\0\0\0", b"#bundle\0", b"\x06\x00", b"a|b"],
)
def test_strangers_are_not_recognised(data):
    assert recognise(data) is None


def test_openseeface_and_version_3_are_recognised():
    assert recognise(struct.pack("<di2f", 1.7e9, 0, 640, 480) + bytes(1785 - 20)) == "openseeface"
    assert recognise(b"FMV3" + bytes(36)) == "ifacialmocap"


def test_a_performers_clock_begins_at_zero():
    encoder = DIALECTS["vmc"].encoder()
    times = []
    for time_s in (1_000_000.0, 1_000_000.25):
        row = row_of([0.0] * 52, [0.0] * 3, time_s)
        said = dict(m for packet in encoder.encode(row) for m in osc.parse(packet))
        times.append(said["/VMC/Ext/T"][0])
    assert times == [0.0, 0.25]


# What each keeps of a weight: text has whole percents.
PRECISION = {"ifacialmocap": 0.0051, "facemotion3d": 0.0051}


@settings(max_examples=15, deadline=None)
@given(
    some.lists(some.floats(0, 1, width=32), min_size=52, max_size=52),
    some.lists(some.floats(-80, 80, width=32), min_size=3, max_size=3),
)
def test_any_face_comes_back(weights, head):
    row = row_of(weights, head)
    for name in EXACT:
        dialect = DIALECTS[name]
        decoder = dialect.decoder()
        (sample,) = [t for packet in dialect.encoder().encode(row) for t in decoder.feed(packet)]
        np.testing.assert_allclose(sample.weights, weights, atol=PRECISION.get(name, 1e-6))
        if name != "vmc-assistant":
            np.testing.assert_allclose(sample.head_deg, head, atol=1e-3)
