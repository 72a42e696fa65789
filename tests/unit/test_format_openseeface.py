# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSeeFace packets, laid out field by field."""

from __future__ import annotations

import math
import struct

import cv2
import numpy as np
import pytest

from engine.core.arkit import INDEX
from engine.core.axes import rotation_from_euler_deg
from engine.core.errors import FacewrightError
from engine.formats.openseeface import FACE_BYTES, OpenSeeFaceDecoder, decode, is_openseeface

REST = (180.0, 0.0, 90.0)


def face(
    number: int = 0,
    time_s: float = 1_700_000_000.5,
    opened: tuple[float, float] = (1.0, 1.0),
    has_3d: int = 1,
    euler: tuple[float, ...] = REST,
    shift: tuple[float, ...] = (0.0, 0.0, -5.0),
    features: dict[int, float] | None = None,
) -> bytes:
    row = [0.0] * 14
    for place, value in (features or {}).items():
        row[place] = value
    made = (
        struct.pack("<d", time_s)
        + struct.pack("<i", number)
        + struct.pack("<2f", 640, 480)
        + struct.pack("<2f", *opened)
        + bytes([has_3d])
        + struct.pack("<f", 12.0)
        + struct.pack("<4f", 0, 0, 0, 1)
        + struct.pack("<3f", *euler)
        + struct.pack("<3f", *shift)
        + bytes(68 * 4 + 68 * 8 + 70 * 12)
        + struct.pack("<14f", *row)
    )
    assert len(made) == 1785
    return made


def weights(**features: float) -> dict[str, float]:
    places = {"brow_l": 3, "steep_l": 2, "corner_l": 8, "out_l": 9, "open": 12, "wide": 13}
    (sample,) = OpenSeeFaceDecoder().feed(
        face(features={places[name]: value for name, value in features.items()})
    )
    return {name: float(sample.weights[place]) for name, place in INDEX.items()}


def test_the_fields_lie_where_the_tracker_puts_them():
    (sample,) = OpenSeeFaceDecoder().feed(face(opened=(0.25, 0.75), shift=(0.1, -0.2, -5.0)))
    assert FACE_BYTES == 1785
    assert sample.time_s == 1_700_000_000.5
    # The right eye comes first.
    assert sample.weights[INDEX["eyeBlinkRight"]] == 0.75
    assert sample.weights[INDEX["eyeBlinkLeft"]] == 0.25
    np.testing.assert_allclose(sample.head_deg, 0, atol=1e-5)
    np.testing.assert_allclose(sample.head_cm, [3.0, 1.5, -75.0], atol=1e-5)


def test_without_a_fit_there_is_no_pose():
    (sample,) = OpenSeeFaceDecoder().feed(face(has_3d=0))
    assert np.isnan(sample.head_deg).all()
    assert np.isnan(sample.head_cm).all()
    assert sample.valid


@pytest.mark.parametrize(
    ("euler", "expected"),
    [
        ((-160.0, 0.0, 90.0), [20, 0, 0]),
        ((160.0, 0.0, 90.0), [-20, 0, 0]),
        ((180.0, 20.0, 90.0), [0, 20, 0]),
        ((180.0, 0.0, 110.0), [0, 0, 20]),
    ],
)
def test_angles_are_turned_into_ours(euler, expected):
    (sample,) = OpenSeeFaceDecoder().feed(face(euler=euler))
    np.testing.assert_allclose(sample.head_deg, expected, atol=1e-4)


# A few points of a face as the tracker's model has them: x to the image's left, y up, z to the
# camera. Ears, chin, bridge and tip of the nose, mouth.
MODEL = np.array(
    [
        [0.455, 0.3, -0.76],
        [0.415, -0.09, -0.75],
        [0.0, -0.62, -0.29],
        [-0.415, -0.09, -0.75],
        [-0.455, 0.3, -0.76],
        [0.0, 0.29, -0.14],
        [0.0, 0.0, 0.0],
        [0.131, 0.284, -0.234],
        [-0.131, 0.284, -0.234],
        [0.0, -0.34, -0.11],
    ]
)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_trackers_own_way_to_fit_a_pose_gives_these_signs(axis):
    """Its steps (row before column, OpenCV's fit from zero, RQ angles) on a known head."""

    def fitted(angles: list[float]) -> np.ndarray:
        side = 500.0
        points = (MODEL * [-1, 1, 1]) @ rotation_from_euler_deg(angles).T + [0, 0, -4]
        columns = side * points[:, 0] / -points[:, 2] + side / 2
        rows = side * -points[:, 1] / -points[:, 2] + side / 2
        camera = np.array([[side, 0, side / 2], [0, side, side / 2], [0, 0, 1]])
        turn, shift = np.zeros((3, 1)), np.zeros((3, 1))
        for _ in range(10):
            _, turn, shift = cv2.solvePnP(
                MODEL, np.c_[rows, columns], camera, np.zeros(4), turn, shift, True
            )
        return np.array([*cv2.RQDecomp3x3(cv2.Rodrigues(turn)[0])[0], *shift.ravel()])

    angles = [0.0, 0.0, 0.0]
    angles[axis] = 15.0
    rest, turned = fitted([0, 0, 0]), fitted(angles)
    assert rest[5] < 0
    (before,), (after,) = (
        OpenSeeFaceDecoder().feed(face(euler=tuple(f[:3]), shift=tuple(f[3:])))
        for f in (rest, turned)
    )
    moved = after.head_deg - before.head_deg
    assert moved[axis] > 8
    assert np.abs(np.delete(moved, axis)).max() < 5


def test_features_become_weights():
    assert weights(open=0.5)["jawOpen"] == 0.5
    smile = weights(corner_l=-0.5, wide=0.25, out_l=0.25)
    assert (smile["mouthSmileLeft"], smile["mouthFrownLeft"]) == (0.5, 0)
    assert (smile["mouthSmileRight"], smile["mouthStretchLeft"]) == (0, 0)
    assert weights(corner_l=0.5)["mouthFrownLeft"] == 0.5
    assert weights(wide=0.5, out_l=0.25)["mouthStretchLeft"] == 0.25
    assert weights(wide=-0.5)["mouthPucker"] == 0.5
    up = weights(brow_l=0.5, steep_l=0.5)
    assert (up["browOuterUpLeft"], up["browInnerUp"], up["browDownLeft"]) == (0.5, 0.375, 0)
    assert weights(brow_l=-0.5)["browDownLeft"] == 0.5
    assert math.isnan(weights()["tongueOut"])


def test_of_several_faces_the_lowest_is_followed():
    packet = face(7, opened=(0, 0)) + face(2, opened=(1, 1))
    assert set(decode(packet)) == {2, 7}
    (sample,) = OpenSeeFaceDecoder().feed(packet)
    assert sample.weights[INDEX["eyeBlinkLeft"]] == 0


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        face()[:-1],
        face() + b"x",
        face() * 37,
        face(euler=(math.nan, 0, 0)),
        face(shift=(math.inf, 0, 0)),
        face(features={0: 1e30}),
        face(opened=(math.nan, 1)),
        face(time_s=math.nan),
        face(time_s=-1.0),
    ],
)
def test_what_is_no_packet_is_refused(broken):
    with pytest.raises(FacewrightError) as caught:
        decode(broken)
    assert caught.value.code == "packet-unreadable"


def test_recognised_by_size_and_limits():
    assert is_openseeface(face())
    assert not is_openseeface(face()[:-1])
    assert not is_openseeface(bytes(1785))
