# SPDX-License-Identifier: GPL-3.0-or-later
"""iFacialMocap and Facemotion3d: texts as the apps send them, and streams in pieces."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.arkit import INDEX
from engine.core.errors import FacewrightError
from engine.formats.ifacialmocap import (
    END,
    FAREWELLS,
    GREETINGS,
    IFacialMocapDecoder,
    decode,
    dialect_of,
    encode,
)
from engine.formats.sample import FaceSample, to_row

VERSION_1 = (
    b"mouthSmile_R-32|eyeBlink_L-5|jawOpen-100|mouthLeft-7|trackingStatus-1|"
    b"=head#28.5,-2.5,-6.5,-0.03,-0.1,-0.65|rightEye#6.02,2.44,0.25|leftEye#6.03,-1.66,-0.17|"
)
VERSION_2 = b"browDown_L&-12|jawOpen&55.5|=head#1,2,3,0,0,-0.5|rightEye#1,2,3|leftEye#4,5,6|"
FACEMOTION = b"mouthSmileLeft&40|FM_SAD&10|FM_browUpRight&3|jawOpen&1|head#1,2,3,0,0,0|"


def test_version_1():
    sample = decode(VERSION_1)
    assert sample.valid
    assert sample.time_s is None
    assert sample.weights[INDEX["mouthSmileRight"]] == 0.32
    assert sample.weights[INDEX["eyeBlinkLeft"]] == 0.05
    assert sample.weights[INDEX["jawOpen"]] == 1.0
    assert sample.weights[INDEX["mouthLeft"]] == 0.07
    assert np.isnan(sample.weights).sum() == 48
    # The head looks down, turns to the actor's right and tilts to the image's right.
    np.testing.assert_array_equal(sample.head_deg, [28.5, -2.5, -6.5])
    np.testing.assert_allclose(sample.head_cm, [-3, -10, -65])
    # Both eyes look down and towards the nose.
    np.testing.assert_array_equal(sample.gaze_deg, [[6.03, -1.66], [6.02, 2.44]])


def test_version_2_and_facemotion():
    sample = decode(VERSION_2)
    assert sample.weights[INDEX["browDownLeft"]] == -0.12
    assert sample.weights[INDEX["jawOpen"]] == 0.555
    sample = decode(FACEMOTION)
    assert sample.weights[INDEX["mouthSmileLeft"]] == 0.4
    np.testing.assert_array_equal(sample.head_deg, [1, 2, 3])
    assert np.isnan(sample.gaze_deg).all()


def test_a_lost_face_says_so():
    assert not decode(VERSION_1.replace(b"trackingStatus-1", b"trackingStatus-0")).valid


def face() -> FaceSample:
    weights = np.zeros(52)
    weights[[INDEX["mouthSmileRight"], INDEX["mouthLeft"]]] = 0.32, -0.07
    return FaceSample(
        None,
        weights=weights,
        head_deg=np.array([28.5, -2.5, -6.5]),
        head_cm=np.array([-3.0, -10.0, -65.0]),
        gaze_deg=np.array([[6.0, -1.5], [6.25, 2.5]]),
    )


def test_what_we_send_is_the_apps_text():
    sent = encode(to_row(face(), 0.0)).decode()
    assert sent.startswith("eyeBlink_L&0|eyeLookDown_L&0|")
    assert "|mouthSmile_R&32|" in sent
    assert "|mouthLeft&-7|" in sent
    assert sent.endswith(
        "|trackingStatus&1|=head#28.5,-2.5,-6.5,-0.03,-0.1,-0.65"
        "|rightEye#6.25,2.5,0|leftEye#6,-1.5,0|"
    )
    assert "|mouthSmileRight&32|" in encode(to_row(face(), 0.0), facemotion=True).decode()
    lost = encode(to_row(FaceSample(None, valid=False), 0.0))
    assert not IFacialMocapDecoder().feed(lost)[0].valid


def test_a_stream_is_cut_at_the_ends_of_frames():
    stream = VERSION_1 + END + VERSION_2 + END
    whole = IFacialMocapDecoder("tcp").feed(stream)
    assert [s.weights[INDEX["jawOpen"]] for s in whole] == [1.0, 0.555]
    for size in (1, 7, 300):
        decoder = IFacialMocapDecoder("tcp")
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        got = [sample for piece in pieces for sample in decoder.feed(piece)]
        assert [s.weights[INDEX["jawOpen"]] for s in got] == [1.0, 0.555]


def test_a_stream_without_an_end_is_refused_and_forgotten():
    decoder = IFacialMocapDecoder("tcp")
    with pytest.raises(FacewrightError):
        for _ in range(100):
            decoder.feed(b"x" * 1000)
    assert len(decoder.feed(VERSION_1 + END)) == 1


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_version_3_is_recognised_and_told(transport):
    with pytest.raises(FacewrightError) as caught:
        IFacialMocapDecoder(transport).feed(b"FMV3" + bytes(36))
    assert "version 2" in str(caught.value)
    assert "Switch the app" in caught.value.hint


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"hello",
        b"\xff\xfe|head#",
        b"jawOpen-NaN|",
        b"jawOpen-inf|",
        b"jawOpen&1e99|",
        b"jawOpen-|",
        b"=head#1,2|",
        b"=head#1,2,3,4,5,6,7|",
        b"=head#1,2,3,4,5,x|",
        b"unknown-1|other-2|",
        b"a-1|" * 10_000,
        b"1" * 70_000,
        b"jawOpen&" + b"9" * 10_000 + b"|",
    ],
)
def test_what_is_no_frame_is_refused(broken):
    with pytest.raises(FacewrightError) as caught:
        decode(broken)
    assert caught.value.code == "packet-unreadable"
    assert len(str(caught.value)) < 300


def test_the_apps_words():
    secret = b"sahuasouryya9218sauhuiayeta91555dy3719"
    assert GREETINGS["udp"] == b"iFacialMocap_" + secret + b"|sendDataVersion=v2"
    assert GREETINGS["tcp"] == b"iFacialMocap_UDPTCP_" + secret + b"|sendDataVersion=v2"
    assert FAREWELLS["tcp"] == b"iFacialMocap_UDPTCPSTOP_" + secret


def test_recognised_by_its_transforms():
    assert dialect_of(VERSION_1) == dialect_of(VERSION_2) == "ifacialmocap"
    assert dialect_of(FACEMOTION) == "facemotion3d"
    assert dialect_of(b"a|b|c") is None
