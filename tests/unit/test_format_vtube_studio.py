# SPDX-License-Identifier: GPL-3.0-or-later
"""VTube Studio and MeowFace: JSON as the app documents it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.core.arkit import INDEX
from engine.core.errors import FacewrightError
from engine.formats.sample import FaceSample, to_row
from engine.formats.vtube_studio import VTubeStudioDecoder, decode, encode, is_vtube_studio, request

FRAME = (
    b'{"Timestamp":1700000000500,"Hotkey":-1,"FaceFound":true,'
    b'"Rotation":{"x":10.5,"y":-20.0,"z":5},"Position":{"x":1.0,"y":2.0,"z":-40.0},'
    b'"EyeLeft":{"x":1,"y":2,"z":3},"EyeRight":{"x":4,"y":5,"z":6},'
    b'"BlendShapes":[{"k":"JawOpen","v":0.5},{"k":"eyeBlinkLeft","v":0.25},{"k":"Odd","v":9}]}'
)


def test_a_frame():
    (sample,) = VTubeStudioDecoder().feed(FRAME)
    assert sample.valid
    assert sample.time_s == 1700000000.5
    assert sample.weights[INDEX["jawOpen"]] == 0.5
    assert sample.weights[INDEX["eyeBlinkLeft"]] == 0.25
    assert np.isnan(sample.weights).sum() == 50
    np.testing.assert_array_equal(sample.head_deg, [10.5, -20, 5])
    np.testing.assert_array_equal(sample.head_cm, [1, 2, -40])
    np.testing.assert_array_equal(sample.gaze_deg, [[1, 2], [4, 5]])


def test_a_lost_face_and_keys_in_another_case():
    sample = decode(b'{"facefound":false,"blendShapes":[]}')
    assert not sample.valid
    assert sample.time_s is None
    assert np.isnan(sample.head_deg).all()


def test_the_request_is_the_documented_one():
    assert json.loads(request(5000, "Me")) == {
        "messageType": "iOSTrackingDataRequest",
        "time": 5.0,
        "sentBy": "Me",
        "ports": [5000],
    }


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b'{"BlendShapes":{}}',
        b'{"BlendShapes":[{"k":"JawOpen","v":"1"}]}',
        b'{"BlendShapes":[{"k":"JawOpen","v":true}]}',
        b'{"BlendShapes":[{"k":"JawOpen"}]}',
        b'{"BlendShapes":[{"k":"JawOpen","v":NaN}]}',
        b'{"BlendShapes":[{"k":"JawOpen","v":1e999}]}',
        b'{"BlendShapes":[{"k":"JawOpen","v":' + b"9" * 6000 + b"}]}",
        b'{"BlendShapes":[],"Rotation":[1,2,3]}',
        b'{"BlendShapes":[],"Rotation":{"x":1}}',
        b'{"BlendShapes":[' + b"{}," * 2000 + b"{}]}",
        b'{"BlendShapes":' + b"[" * 20_000,
        b'{"BlendShapes":' + b'{"a":' * 10_000,
        b"\xff" * 100,
        b" " * 70_000,
    ],
)
def test_what_is_no_frame_is_refused(broken):
    with pytest.raises(FacewrightError) as caught:
        decode(broken)
    assert caught.value.code == "packet-unreadable"


def test_odd_stamps_are_no_time():
    for stamp in (b"true", b'"now"', b"-1", b"1e300", b"NaN", b"null"):
        assert decode(b'{"BlendShapes":[],"Timestamp":' + stamp + b"}").time_s is None


def test_what_we_send_is_the_documented_frame():
    told = json.loads(encode(to_row(decode(FRAME), 0.0), 1700000000.5))
    assert told["Timestamp"] == 1700000000500
    assert told["FaceFound"] is True
    assert told["Rotation"] == {"x": 10.5, "y": -20.0, "z": 5.0}
    assert told["Position"]["z"] == -40.0
    assert told["EyeRight"] == {"x": 4.0, "y": 5.0, "z": 0.0}
    assert len(told["BlendShapes"]) == 52
    assert {"k": "JawOpen", "v": 0.5} in told["BlendShapes"]
    lost = encode(to_row(FaceSample(None, valid=False), 0.0), 0.0)
    assert json.loads(lost)["FaceFound"] is False
    assert not decode(lost).valid


def test_recognised_by_its_shapes():
    assert is_vtube_studio(FRAME)
    assert not is_vtube_studio(b'{"messageType":"iOSTrackingDataRequest"}')
