# SPDX-License-Identifier: GPL-3.0-or-later
"""Live Link Face packets: bytes by hand, refusals, and recordings of the app."""

from __future__ import annotations

import csv
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.core.arkit import INDEX, live_link_name
from engine.core.errors import FacewrightError
from engine.formats.live_link import (
    LiveLinkDecoder,
    decode,
    encode,
    is_live_link,
    packets_of_recording,
)
from engine.formats.sample import FaceSample, to_row

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "arkit"


def packet(**values: float) -> bytes:
    """A packet written out from the specification; values by their place, as ``v17=0.5``."""
    row = [0.0] * 61
    for place, value in values.items():
        row[int(place[1:])] = value
    return (
        b"\x06"
        b"\x00\x00\x00\x04ABCD"
        b"\x00\x00\x00\x06iPhone"
        b"\x00\x00\x02\x58"  # frame 600
        b"\x3f\x00\x00\x00"  # and a half
        b"\x00\x00\x00\x3c\x00\x00\x00\x01"  # 60/1
        b"\x3d" + struct.pack(">61f", *row)
    )


def test_values_lie_in_unreals_order():
    sample = decode(packet(v0=0.25, v15=0.5, v17=1.0, v51=0.75))
    assert sample.valid
    assert sample.subject == "iPhone"
    assert sample.time_s == 600.5 / 60
    expected = np.zeros(52)
    for name, value in (("eyeBlinkLeft", 0.25), ("jawLeft", 0.5), ("jawOpen", 1.0)):
        expected[INDEX[name]] = value
    expected[INDEX["tongueOut"]] = 0.75
    np.testing.assert_array_equal(sample.weights, expected)


def test_angles_are_radians_and_turn_into_ours():
    # The head turns to the actor's right by 0.5 and looks down by 0.25; the right eye looks down.
    sample = decode(packet(v52=0.5, v53=0.25, v54=0.125, v59=0.5))
    np.testing.assert_allclose(sample.head_deg, np.degrees([0.25, -0.5, -0.125]), atol=1e-9)
    np.testing.assert_allclose(sample.gaze_deg, np.degrees([[0, 0], [0.5, 0]]), atol=1e-9)
    assert np.isnan(sample.head_cm).all()


def test_what_we_encode_is_the_specifications_bytes():
    weights = np.zeros(52)
    weights[INDEX["jawOpen"]] = 1.0
    sample = FaceSample(
        0.0,
        weights=weights,
        head_deg=np.degrees([0.25, -0.5, -0.125]),
        gaze_deg=np.degrees([[0, 0], [0.5, 0]]),
    )
    made = encode(to_row(sample, 0.0), 10.0 + 0.5 / 60, "ABCD", "iPhone")
    assert made[:36] == packet()[:36]
    assert np.isclose(struct.unpack(">f", made[23:27])[0], 0.5, atol=1e-4)
    np.testing.assert_allclose(
        struct.unpack(">61f", made[36:]),
        struct.unpack(">61f", packet(v17=1, v52=0.5, v53=0.25, v54=0.125, v59=0.5)[36:]),
        atol=1e-6,
    )
    assert len(made) == 270 + len("ABCD") + len("iPhone")


def test_without_a_face_the_packet_ends_after_the_name():
    short = packet()[:19]
    sample = LiveLinkDecoder().feed(short)[0]
    assert (sample.valid, sample.time_s, sample.subject) == (False, None, "iPhone")
    assert encode(to_row(sample, 0.0), None, "ABCD", "iPhone") == short


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x05" + packet()[1:],
        packet()[:3],
        packet()[:-4],
        packet() + b"\x00",
        b"\x06\x7f\xff\xff\xff" + packet()[5:],
        b"\x06\xff\xff\xff\xff" + packet()[5:],
        packet(v3=float("nan")),
        packet(v3=float("inf")),
        packet().replace(b"iPhone", b"\xff\xfe\xfd\xfc\xfb\xfa"),
        packet()[:27] + bytes(8) + packet()[35:],
        packet()[:35] + b"\x3c" + packet()[36:],
        b"\x06" * 70_000,
    ],
)
def test_what_is_no_packet_is_refused(broken):
    with pytest.raises(FacewrightError) as caught:
        decode(broken)
    assert caught.value.code == "packet-unreadable"


def test_recognised_by_the_header():
    assert is_live_link(packet())
    assert not is_live_link(b"\x06hello")


def recording(*packets: bytes, count: int | None = None) -> bytes:
    body = b"".join(struct.pack(">I", len(p)) + p for p in packets)
    return gzip.compress(
        struct.pack(">BI", 6, len(packets) if count is None else count) + body, mtime=0
    )


def test_a_recording_is_its_packets():
    assert list(packets_of_recording(recording(packet(), packet(v1=1)), "a")) == [
        packet(),
        packet(v1=1),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        b"no gzip at all",
        recording(packet())[:-20],
        recording(packet(), count=2**32 - 1),
        recording(bytes(5000)),
        gzip.compress(b"\x05\x00\x00\x00\x00", mtime=0),
    ],
)
def test_a_broken_recording_is_refused(broken):
    with pytest.raises(FacewrightError) as caught:
        list(packets_of_recording(broken, "take.gesichter"))
    assert caught.value.code == "file-unreadable"
    assert "take.gesichter" in str(caught.value)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside the repository")
@pytest.mark.parametrize(
    ("name", "count"), [("dao.gesichter", 180), ("debug-all-blendshapes.gesichter", 3660)]
)
def test_recorded_packets_decode_and_encode_to_the_same_bytes(name, count):
    packets = list(packets_of_recording((RECORDED / name).read_bytes(), name))
    assert len(packets) == count
    for raw in packets[:: count // 60]:
        sample = decode(raw)
        assert sample.subject == "LLV Default Device"
        made = encode(
            to_row(sample, sample.time_s),
            sample.time_s,
            "DEADC0DE-1337-1337-1337-CAFEBABE",
            sample.subject,
        )
        angles = (52, 53, 54, 55, 56, 58, 59)  # an eye's roll is not kept
        sent, kept = (np.array(struct.unpack(">61f", p[-244:])) for p in (raw, made))
        np.testing.assert_allclose(kept[:52], sent[:52], atol=1e-7)
        np.testing.assert_allclose(kept[list(angles)], sent[list(angles)], atol=1e-6)
        assert made[:59] == raw[:59]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside the repository")
def test_recorded_eyes_look_where_their_weights_say():
    packets = packets_of_recording((RECORDED / "dao.gesichter").read_bytes(), "dao.gesichter")
    samples = [decode(packet) for packet in packets]
    weights = np.array([s.weights for s in samples])
    gaze = np.array([s.gaze_deg for s in samples])

    def of(name: str) -> np.ndarray:
        return weights[:, INDEX[name]]

    down = of("eyeLookDownLeft") - of("eyeLookUpLeft")
    assert np.corrcoef(gaze[:, 0, 0], down)[0, 1] > 0.99
    # Ours: positive yaw turns to the actor's left, which is out for the left eye.
    assert np.corrcoef(gaze[:, 0, 1], of("eyeLookOutLeft") - of("eyeLookInLeft"))[0, 1] > 0.99
    assert np.corrcoef(gaze[:, 1, 1], of("eyeLookInRight") - of("eyeLookOutRight"))[0, 1] > 0.99


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside the repository")
def test_the_apps_angles_are_radians():
    """An eye that looks down fully is at 32 degrees in the app's own CSV, as in iFacialMocap."""
    with (RECORDED / "alex_rom_3.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    pitch = np.array([float(row["LeftEyePitch"]) for row in rows])
    down, up = (
        np.array([float(row[live_link_name(name)]) for row in rows])
        for name in ("eyeLookDownLeft", "eyeLookUpLeft")
    )
    slope = np.polyfit(down - up, pitch, 1)[0]
    assert 30 < np.degrees(slope) < 34


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside the repository")
def test_jaw_and_mouth_are_taken_as_a_recording_has_them():
    """It has one of the two exchanged: they swing against each other."""
    packets = packets_of_recording((RECORDED / "dao.gesichter").read_bytes(), "dao")
    weights = np.array([decode(raw).weights for raw in packets])
    jaw, mouth = (
        weights[:, INDEX[f"{part}Left"]] - weights[:, INDEX[f"{part}Right"]]
        for part in ("jaw", "mouth")
    )
    assert np.corrcoef(jaw, mouth)[0, 1] < -0.9
