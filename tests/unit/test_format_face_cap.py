# SPDX-License-Identifier: GPL-3.0-or-later
"""Face Cap's OSC: frames out of single weights."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.arkit import INDEX, NAMES
from engine.core.errors import FacewrightError
from engine.formats import osc
from engine.formats.face_cap import ORDER, FaceCapDecoder, encode
from engine.formats.sample import FaceSample, to_row


def weight(index: int, value: float) -> bytes:
    return osc.message("/W", index, value)


def heard(*messages: bytes) -> list[FaceSample]:
    decoder = FaceCapDecoder()
    return [sample for each in messages for sample in decoder.feed(each)]


def test_a_weight_written_out_byte_by_byte():
    decoder = FaceCapDecoder()
    assert decoder.feed(b"/W\0\0,if\0\0\0\0\x18\x3f\0\0\0") == []  # 24: jawOpen
    (sample,) = decoder.feed(b"/W\0\0,if\0\0\0\0\x00\x00\0\0\0")  # 0 begins the next frame
    assert sample.weights[INDEX["jawOpen"]] == 0.5
    assert np.isnan(sample.weights).sum() == 51


def test_the_order_is_the_apps():
    assert sorted(ORDER) == sorted(NAMES)
    places = {name: place for place, name in enumerate(ORDER)}
    assert [places[n] for n in ("browInnerUp", "eyeBlinkLeft", "jawLeft", "mouthClose")] == [
        0,
        13,
        26,
        36,
    ]
    assert places["tongueOut"] == 51
    said = [weight(place, (place + 1) / 64) for place in range(52)]
    (sample,) = heard(*said)
    for place, name in enumerate(ORDER):
        assert sample.weights[INDEX[name]] == (place + 1) / 64


def test_the_last_weight_or_a_smaller_index_ends_a_frame():
    first = [weight(place, 0.5) for place in range(52)]
    assert len(heard(*first, *first)) == 2
    partial = [weight(place, 0.5) for place in (3, 7)]
    assert len(heard(*partial, *partial, *partial)) == 2


def test_pose_is_in_our_frame():
    (sample,) = heard(
        osc.message("/HT", 1.0, 2.0, -30.0),
        osc.message("/HR", 10.0, 20.0, 30.0),  # down, actor's left, top to the image's left
        osc.message("/ELR", 5.0, 6.0),
        osc.message("/ERR", 7.0, 8.0),
        weight(51, 1.0),
    )
    np.testing.assert_array_equal(sample.head_cm, [1, 2, -30])
    np.testing.assert_array_equal(sample.head_deg, [10, 20, 30])
    np.testing.assert_array_equal(sample.gaze_deg, [[5, 6], [7, 8]])


def test_the_pose_is_of_the_same_frame_where_the_last_weight_is_not_sent():
    frames = [
        (
            osc.message("/HR", 10.0 * number, 0.0, 0.0),
            osc.message("/ELR", float(number), 0.0),
            weight(0, number / 4),
            weight(50, 0.5),
        )
        for number in (1, 2, 3)
    ]
    got = heard(*(said for frame in frames for said in frame))
    told = [(s.head_deg[0], s.gaze_deg[0, 0], s.weights[INDEX["browInnerUp"]]) for s in got]
    assert told == [(10, 1, 0.25), (20, 2, 0.5)]


def test_nonsense_is_passed_over():
    (sample,) = heard(
        osc.message("/W", 5),
        osc.message("/W", 52, 1.0),
        osc.message("/W", -1, 1.0),
        osc.message("/W", "a", 1.0),
        osc.message("/W", float("nan"), 1.0),
        osc.message("/W", 0, float("inf")),
        osc.message("/HR", 1.0),
        osc.message("/other", 1.0),
        weight(51, 0.25),
    )
    assert sample.weights[INDEX["tongueOut"]] == 0.25
    assert np.isnan(sample.weights).sum() == 51
    assert np.isnan(sample.head_deg).all()
    with pytest.raises(FacewrightError):
        FaceCapDecoder().feed(b"hello")


def test_a_face_survives_the_way_there_and_back():
    generator = np.random.default_rng(3)
    sample = FaceSample(
        None,
        weights=generator.random(52),
        head_deg=generator.uniform(-60, 60, 3),
        head_cm=generator.uniform(-60, 60, 3),
        gaze_deg=generator.uniform(-30, 30, (2, 2)),
    )
    decoder = FaceCapDecoder()
    (got,) = [told for sent in encode(to_row(sample, 0.0)) for told in decoder.feed(sent)]
    for column in ("weights", "head_deg", "head_cm", "gaze_deg"):
        np.testing.assert_allclose(getattr(got, column), getattr(sample, column), rtol=1e-6)
    assert encode(to_row(FaceSample(None, valid=False), 0.0)) == []
