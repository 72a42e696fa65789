# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, calm, the face at rest and performer profiles: the parts of the solver."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.core.arkit import COUNT, INDEX, MIRROR
from engine.core.errors import FacewrightError
from engine.core.requests import SolveSettings
from engine.solve.lids import close_lids, complete_blinks
from engine.solve.options import apply_options, range_gain
from engine.solve.performer import Performer, read_performer, write_performer
from engine.solve.rest import RestFinder, unrest
from engine.solve.steady import Causal, steady


def weights_of(**values):
    row = np.zeros((1, COUNT))
    for name, value in values.items():
        row[0, INDEX[name]] = value
    return row


def value(weights, name):
    return weights[0, INDEX[name]]


def test_opposites_leave_the_net_movement():
    out = apply_options(weights_of(jawLeft=0.5, jawRight=0.2), SolveSettings(), np.zeros(COUNT))
    assert value(out, "jawLeft") == pytest.approx(0.3)
    assert value(out, "jawRight") == 0
    both = SolveSettings(exclusive=False)
    kept = apply_options(weights_of(jawLeft=0.5, jawRight=0.2), both, np.zeros(COUNT))
    assert value(kept, "jawRight") == pytest.approx(0.2)


def test_lips_close_no_further_than_the_jaw_is_open():
    out = apply_options(weights_of(jawOpen=0.3, mouthClose=0.8), SolveSettings(), np.zeros(COUNT))
    assert value(out, "mouthClose") == pytest.approx(0.3)


def test_clamping_can_be_left_out():
    wild = weights_of(browInnerUp=1.3, cheekPuff=-0.2)
    clamped = apply_options(wild, SolveSettings(), np.zeros(COUNT))
    assert value(clamped, "browInnerUp") == 1 and value(clamped, "cheekPuff") == 0
    free = apply_options(wild, SolveSettings(clamp=False), np.zeros(COUNT))
    assert value(free, "browInnerUp") == pytest.approx(1.3)
    assert value(free, "cheekPuff") == pytest.approx(-0.2)


def test_symmetry_draws_a_smile_straight_but_not_a_glance():
    settings = SolveSettings(symmetry=1.0)
    crooked = weights_of(mouthSmileLeft=0.8, eyeLookOutLeft=0.6, jawLeft=0.4)
    out = apply_options(crooked, settings, np.zeros(COUNT))
    assert value(out, "mouthSmileLeft") == value(out, "mouthSmileRight") == pytest.approx(0.4)
    assert value(out, "eyeLookOutLeft") == pytest.approx(0.6)
    assert value(out, "jawLeft") == pytest.approx(0.4) and value(out, "jawRight") == 0


def test_range_brings_the_own_maximum_to_one_with_one_factor_for_both_sides():
    reach = np.zeros(COUNT)
    reach[INDEX["mouthSmileLeft"]], reach[INDEX["mouthSmileRight"]] = 0.5, 0.4
    reach[INDEX["cheekPuff"]] = 0.1
    gain = range_gain(reach, 1.0)
    assert gain[INDEX["mouthSmileLeft"]] == gain[INDEX["mouthSmileRight"]] == pytest.approx(2.0)
    assert gain[INDEX["cheekPuff"]] == 1, "hardly seen: stretching it would stretch noise"
    assert range_gain(reach, 0.5)[INDEX["mouthSmileLeft"]] == pytest.approx(1.5)
    assert (range_gain(reach, 0.0) == 1).all()


def test_smoothing_has_no_delay_and_keeps_a_line():
    time_s = np.arange(60) / 30
    line = np.tile(np.linspace(0, 1, 60)[:, None], (1, COUNT))
    calm = steady(time_s, line, np.ones((60, COUNT)))
    np.testing.assert_allclose(calm[8:-8], line[8:-8], atol=1e-9)
    bump = np.tile(np.exp(-0.5 * ((time_s - 1) / 0.1) ** 2)[:, None], (1, COUNT))
    assert (steady(time_s, bump, np.ones((60, COUNT))).argmax(0) == 30).all()


def test_a_doubtful_frame_is_filled_from_sure_neighbours():
    time_s = np.arange(20) / 30
    weights, confidence = np.full((20, COUNT), 0.5), np.ones((20, COUNT))
    weights[10], confidence[10] = 1.0, 0.0
    channel = INDEX["browInnerUp"]
    assert steady(time_s, weights, confidence)[10, channel] < 0.52
    assert steady(time_s, weights, np.ones((20, COUNT)))[10, channel] > 0.6


def test_the_causal_filter_knows_no_later_frame_and_arrives():
    random = np.random.default_rng(0)
    weights = np.clip(random.normal(0.3, 0.02, (40, COUNT)), 0, 1)

    def run(rows):
        follow = Causal()
        return np.stack([follow(i / 30, row).copy() for i, row in enumerate(rows)])

    changed = weights.copy()
    changed[25:] = 1.0
    np.testing.assert_array_equal(run(weights)[:25], run(changed)[:25])
    np.testing.assert_allclose(run(changed)[35], 1.0, atol=0.02)
    noise = run(weights).std(0).mean()
    assert noise < 0.75 * weights.std(0).mean()


def rest_finder(identity, shapes):
    """A network that knows every movement exactly, and takes identity for movement at first."""

    def compare(points, view, appearance, rest):
        base = 0.0 if rest is None else rest[0]
        moved = points - base
        return np.clip(moved @ np.linalg.pinv(shapes[:, : points.shape[1]]), 0, 1), shapes

    return RestFinder(compare)


def test_rest_is_found_although_the_face_never_rests_in_the_first_frames():
    random = np.random.default_rng(1)
    shapes = random.normal(0, 1, (COUNT, 80)).astype(np.float32)
    identity = np.full(COUNT, 0.15) @ shapes[:, :60]
    weights = np.zeros((300, COUNT))
    weights[:100, INDEX["mouthSmileLeft"]] = 0.9
    weights[200:, INDEX["jawOpen"]] = np.abs(np.sin(np.arange(100)))
    faces = (identity + weights @ shapes[:, :60]).astype(np.float32)
    finder = rest_finder(identity, shapes)
    assert finder.performer() is None
    view, looks = np.zeros((300, 3), np.float32), np.zeros((300, 20), np.float32)
    for first in range(0, 300, 100):
        rows = slice(first, first + 100)
        finder.look(faces[rows], view[rows], looks[rows], np.zeros(100))
    found = finder.performer()
    np.testing.assert_allclose(found.rest, identity, atol=0.05)
    assert found.frames == 300


def test_reach_is_the_strongest_that_lasts():
    finder = rest_finder(None, np.eye(COUNT, 80, dtype=np.float32))
    finder.look(*(np.zeros((50, n), np.float32) for n in (60, 3, 20)), np.zeros(50))
    weights = np.zeros((1000, COUNT))
    weights[:30, INDEX["jawOpen"]] = 0.7
    weights[500, INDEX["cheekPuff"]] = 1.0
    finder.count_reach(weights)
    reach = finder.performer().reach
    assert reach[INDEX["jawOpen"]] == pytest.approx(0.7, abs=0.01)
    assert reach[INDEX["cheekPuff"]] < 0.01, "one frame in a thousand is no range"


@pytest.fixture
def performer():
    random = np.random.default_rng(2)
    return Performer(
        random.normal(0, 5, 1434).astype(np.float32),
        random.normal(0, 1, 256).astype(np.float32),
        random.uniform(0, 0.2, COUNT).astype(np.float32),
        random.uniform(0, 1, COUNT).astype(np.float32),
        1234,
        "ab12",
    )


def test_a_profile_comes_back(tmp_path, performer):
    path = tmp_path / "anna.fwperformer"
    write_performer(path, performer)
    again = read_performer(path)
    np.testing.assert_allclose(again.rest, performer.rest, atol=1e-4)
    np.testing.assert_allclose(again.appearance, performer.appearance, atol=1e-4)
    np.testing.assert_allclose(again.idle, performer.idle, atol=1e-4)
    np.testing.assert_allclose(again.reach, performer.reach, atol=1e-4)
    assert again.frames == 1234 and again.appearance_model == "ab12"
    assert again.engine == "mediapipe"
    assert json.loads(path.read_text())["reach"]["jawOpen"] == pytest.approx(
        performer.reach[INDEX["jawOpen"]], abs=1e-4
    )


def test_what_is_no_profile_is_refused_in_a_sentence(tmp_path, performer):
    path = tmp_path / "anna.fwperformer"
    with pytest.raises(FacewrightError, match="no performer profile") as missing:
        read_performer(path)
    assert missing.value.code == "performer-missing"
    for text in ("", "[]", "{}", '{"schema": "FacewrightPerformer.9"}', "\x00\xff"):
        path.write_text(text, encoding="latin-1")
        with pytest.raises(FacewrightError, match="not a performer profile") as wrong:
            read_performer(path)
        assert wrong.value.code == "performer-unreadable"
    write_performer(path, performer)
    broken = json.loads(path.read_text())
    broken["rest"] = broken["rest"][:-1]
    path.write_text(json.dumps(broken))
    with pytest.raises(FacewrightError, match="not a performer profile"):
        read_performer(path)


def test_both_sides_of_a_pair_are_mirror_partners():
    left = apply_options(weights_of(browDownLeft=1.0), SolveSettings(symmetry=1), np.zeros(COUNT))
    assert left[0, MIRROR[INDEX["browDownLeft"]]] == pytest.approx(0.5)


def eyes(opening):
    """A face (478, 3) whose lids stand ``opening`` cm apart, eyes 3 cm wide."""
    points = np.zeros((478, 3))
    for upper, lower in ((386, 374), (385, 380), (387, 373), (159, 145), (158, 153), (160, 144)):
        points[upper, 1], points[lower, 1] = opening / 2, -opening / 2
    points[362, 0], points[263, 0], points[133, 0], points[33, 0] = 1, 4, -1, -4
    return points


def test_lids_that_meet_are_a_blink_whatever_the_network_says():
    weights = np.zeros((3, COUNT))
    weights[:, INDEX["eyeWideLeft"]] = 0.4
    faces = np.stack([eyes(1.0), eyes(0.6), eyes(0.1)])
    close_lids(weights, faces, eyes(1.0), np.zeros(3))
    np.testing.assert_allclose(weights[:, INDEX["eyeBlinkLeft"]], [0, 0, 1])
    np.testing.assert_allclose(weights[:, INDEX["eyeBlinkRight"]], [0, 0, 1])
    np.testing.assert_allclose(weights[:, INDEX["eyeWideLeft"]], [0.4, 0.4, 0])


def test_a_wink_is_not_invented_by_a_turned_head():
    wink = eyes(1.0)
    wink[[386, 385, 387, 374, 380, 373], 1] *= 0.1
    for yaw, left, right in ((0.0, 1.0, 0.0), (0.6, 0.0, 0.0)):
        weights = np.zeros((1, COUNT))
        close_lids(weights, wink[None], eyes(1.0), np.array([yaw]))
        assert weights[0, INDEX["eyeBlinkLeft"]] == pytest.approx(left)
        assert weights[0, INDEX["eyeBlinkRight"]] == pytest.approx(right)


def test_haste_and_parted_lips_are_no_rest():
    faces = np.stack([eyes(1.0)] * 10)
    faces[5:, 13, 1] = 0.4
    faces[3:] += [0.5, 0, 0]
    cost = unrest(faces, np.arange(10) / 30)
    assert cost[0] == pytest.approx(0)
    assert cost[8] == pytest.approx(6 * 0.4 / 8)
    assert cost[3] > cost[0] and cost[2] > cost[0]


def lid_curve(*values):
    weights = np.zeros((len(values), COUNT))
    weights[:, INDEX["eyeBlinkLeft"]] = values
    return weights


def test_a_blink_that_fell_between_two_pictures_is_brought_to_its_end():
    weights = lid_curve(0, 0, 0, 0.1, 0.6, 0.3, 0.1, 0, 0, 0)
    complete_blinks(np.arange(10) / 25, weights, np.ones((10, COUNT)))
    lid = weights[:, INDEX["eyeBlinkLeft"]]
    assert lid[4] == pytest.approx(1.0, abs=0.1) and lid[4] == lid.max()
    assert lid[5] == pytest.approx(0.5, abs=0.06), "the way back keeps its shape"
    assert (lid[[0, 1, 8, 9]] == 0).all()


def test_slow_lids_and_small_twitches_stay_as_they_are():
    slow = lid_curve(*(0.6 * np.sin(np.linspace(0, np.pi, 40))))
    twitch = lid_curve(0.3, 0.3, 0.3, 0.5, 0.3, 0.3, 0.3)
    for weights in (slow, twitch):
        before = weights.copy()
        complete_blinks(np.arange(len(weights)) / 25, weights, np.ones_like(weights))
        np.testing.assert_array_equal(weights, before)


def test_a_camera_that_sees_every_blink_is_believed():
    weights = lid_curve(0, 0, 0, 0.1, 0.6, 0.3, 0.1, 0, 0, 0)
    before = weights.copy()
    complete_blinks(np.arange(10) / 120, weights, np.ones((10, COUNT)))
    np.testing.assert_array_equal(weights, before)


def test_a_doubted_spike_is_no_blink():
    weights = lid_curve(0, 0, 0, 0.1, 0.6, 0.3, 0.1, 0, 0, 0)
    before = weights.copy()
    complete_blinks(np.arange(10) / 25, weights, np.zeros((10, COUNT)))
    np.testing.assert_array_equal(weights, before)


def test_a_held_smile_in_its_own_block_does_not_become_the_rest():
    random = np.random.default_rng(3)
    shapes = random.normal(0, 1, (COUNT, 80)).astype(np.float32)
    smile = np.zeros((100, COUNT))
    smile[:, INDEX["mouthSmileLeft"]] = 0.8
    talk = np.zeros((100, COUNT))
    talk[:, INDEX["jawOpen"]] = np.abs(np.sin(np.arange(100)))
    finder = rest_finder(None, shapes)
    for weights in (talk, talk, smile, talk):
        faces = (weights @ shapes[:, :60]).astype(np.float32)
        finder.look(faces, *(np.zeros((100, n), np.float32) for n in (3, 20)), np.zeros(100))
    np.testing.assert_allclose(finder.performer().rest, 0, atol=0.3)


def test_too_few_frames_tell_nothing_about_rest():
    finder = rest_finder(None, np.eye(COUNT, 80, dtype=np.float32))
    finder.look(*(np.ones((5, n), np.float32) for n in (60, 3, 20)), np.zeros(5))
    assert finder.performer() is None


def test_a_short_smile_in_a_long_take_is_its_range_and_glances_have_none():
    finder = rest_finder(None, np.eye(COUNT, 80, dtype=np.float32))
    finder.look(*(np.zeros((50, n), np.float32) for n in (60, 3, 20)), np.zeros(50))
    weights = np.zeros((100_000, COUNT), np.float32)
    weights[:250, INDEX["mouthSmileLeft"]] = 0.7
    weights[:250, INDEX["eyeLookOutLeft"]] = 0.5
    finder.count_reach(weights)
    reach = finder.performer().reach
    assert reach[INDEX["mouthSmileLeft"]] == pytest.approx(0.7, abs=0.01)
    assert range_gain(reach, 1.0)[INDEX["eyeLookOutLeft"]] == 1
