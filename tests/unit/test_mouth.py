# SPDX-License-Identifier: GPL-3.0-or-later
"""The mouth: closures on the shipped head, coarticulation, style, growing cues."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.support.closures import closures
from benchmarks.support.lip_gap import lip_gap_mm
from benchmarks.support.lip_on_teeth import lip_on_teeth_mm
from benchmarks.support.mouth_sequences import babble, short_closures, spoken
from engine.core.arkit import COUNT, INDEX, MIRROR, region_of
from engine.core.cues import Cue
from engine.core.mouth_style import MouthStyle
from engine.core.phones import PHONES, VOWELS
from engine.speech.mouth import curves
from engine.speech.mouth_table import load_table, read_table, write_table
from engine.speech.pull import blend

STYLES = {
    "usual": MouthStyle(),
    "strong": MouthStyle(strength=1.6, lips=1.3),
    "weak": MouthStyle(strength=0.4),
    "wide jaw": MouthStyle(jaw=1.8),
    "PP at 0": MouthStyle(viseme_strength={"PP": 0.0, "aa": 1.5}),
}


def at(cues, time_s, name, **more):
    return float(curves(cues, np.array([time_s]), **more)[0, INDEX[name]])


def said(*phones, length=0.12):
    return spoken([("sil", 0.6), *((p, length) for p in phones), ("sil", 0.6)])


def middle(cues, phone):
    cue = next(cue for cue in cues if cue.phone == phone)
    return (cue.start + cue.end) / 2


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_lips_touch_in_short_closures_between_open_vowels(style):
    found = closures(short_closures(1, 60), lambda c, t: curves(c, t, style), 60.0)
    assert found.touching > 0.97
    assert found.whole > 0.97
    assert found.longest_s < 0.25
    assert found.deepest_mm > -2.0


def test_louder_vowels_open_wider_and_lips_stay_together():
    cues = short_closures(2, 20)
    loud = [replace(cue, strength=1.7) if cue.spoken in VOWELS else cue for cue in cues]
    assert closures(loud, curves, 60.0).touching > 0.97
    usual = np.arange(0.0, cues[-1].end, 1 / 60)
    jaw = INDEX["jawOpen"]
    assert curves(loud, usual)[:, jaw].max() > 1.2 * curves(cues, usual)[:, jaw].max()


@pytest.mark.parametrize("speed", (1.0, 1.6))
def test_babble_closes_and_never_stays_shut(speed):
    found = closures(babble(3, 150, speed), lambda c, t: curves(c, t), 60.0)
    assert found.touching > 0.95
    assert found.longest_s < 0.25


def test_lips_part_between_two_closures():
    cues = spoken([("sil", 0.5), ("p", 0.06), ("a", 0.07), ("p", 0.06), ("a", 0.1), ("sil", 0.5)])
    gap = lip_gap_mm(curves(cues, np.array([middle(cues, "a")])))
    assert gap[0] > 1.5


@pytest.mark.parametrize("after", ("a", "sil"))
def test_a_long_m_parts_a_little(after):
    cues = spoken([("a", 0.2), ("p", 0.6), (after, 0.3)])
    times = np.arange(0.2, 0.8, 0.005)
    gap = lip_gap_mm(curves(cues, times))
    assert (gap < 1.0).sum() * 0.005 < 0.25
    assert gap.max() < 3.0


def test_lips_stay_shut_only_in_silence():
    cues = spoken([("a", 0.2), ("sil", 0.8), ("a", 0.2)])
    weights = curves(cues, np.array([0.6]))
    assert lip_gap_mm(weights)[0] < 1.5
    assert weights.max() < 0.05


def test_lips_do_not_open_before_a_first_closure():
    cues = spoken([("sil", 0.4), ("p", 0.09), ("a", 0.12), ("sil", 0.4)])
    assert lip_gap_mm(curves(cues, np.arange(0.0, 0.4, 0.01))).max() < 3.0


def test_a_short_pause_does_not_close_the_mouth():
    cues = spoken([("sil", 0.5), ("a", 0.2), ("sil", 0.11), ("a", 0.2), ("sil", 0.5)])
    assert at(cues, 0.755, "jawOpen") > 0.6 * at(cues, 0.6, "jawOpen")


def test_silence_closes_softly():
    cues = spoken([("sil", 0.5), ("a", 0.3), ("sil", 1.0)])
    times = np.arange(0.0, 1.8, 1 / 60)
    jaw = curves(cues, times)[:, INDEX["jawOpen"]]
    assert np.abs(np.diff(jaw)).max() < 0.12
    assert at(cues, 0.83, "jawOpen") > 0.05


def test_rounding_begins_before_its_sound_and_more_so_than_it_lasts():
    table = load_table()
    pucker = table.channels.index("mouthPucker")
    assert table.before_s[pucker] > table.after_s[pucker]
    cues = said("s", "t", "u", "t", "s", length=0.1)
    start = next(cue.start for cue in cues if cue.phone == "u")
    peak = at(cues, middle(cues, "u"), "mouthPucker")
    assert at(cues, start - 0.08, "mouthPucker") > 0.25 * peak


def test_a_spread_vowel_between_stops_rounding():
    free = said("n", "n", "u")
    held = said("i", "i", "u")
    start = free[3].start - 0.06
    assert at(held, start, "mouthPucker") < at(free, start, "mouthPucker")


def test_each_sound_looks_like_itself():
    def shape(phone, name):
        cues = said("schwa", phone, "schwa")
        return at(cues, middle(cues, phone), name)

    opened = [shape(phone, "jawOpen") for phone in ("i", "eh", "a")]
    assert opened == sorted(opened)
    assert 0.3 < opened[-1] < 0.6
    assert shape("s", "jawOpen") < 0.5 * shape("a", "jawOpen")
    for phone in ("w", "u", "o", "oe", "ch", "r"):
        rounded = shape(phone, "mouthPucker") + shape(phone, "mouthFunnel")
        assert rounded > 2 * (shape("i", "mouthPucker") + shape("i", "mouthFunnel"))
    assert shape("th", "tongueOut") > 0.25
    for phone in set(PHONES) - {"th", "l"}:
        assert shape(phone, "tongueOut") < 0.05
    assert shape("f", "mouthRollLower") > 0.4


@pytest.mark.parametrize("vowel", ("a", "i", "u"))
def test_the_lower_lip_meets_the_upper_teeth_which_show(vowel):
    cues = said(vowel, "f", vowel)
    weights = curves(cues, np.array([middle(cues, "f")]))[0]
    covered, shown = lip_on_teeth_mm(weights)
    assert 0.0 < covered < 3.5
    assert 1.5 < shown < 4.0


@pytest.mark.parametrize("length", (0.04, 0.09, 0.4))
def test_the_tongue_comes_to_the_teeth_and_not_through_the_lip(length):
    cues = spoken([("sil", 0.5), ("a", 0.12), ("th", length), ("i", 0.1), ("sil", 0.5)])
    assert 0.28 < at(cues, middle(cues, "th"), "tongueOut") <= 0.4


@pytest.mark.parametrize("phone", ("t", "n", "l", "k", "ch", "s"))
def test_the_jaw_comes_up_between_open_vowels(phone):
    cues = said("a", phone, "a", length=0.1)
    alone = said("a", "a", "a", length=0.1)
    there = middle(cues, phone)
    assert at(cues, there, "jawOpen") < 0.85 * at(alone, there, "jawOpen")


@pytest.mark.parametrize("phone", ("u", "w", "oe"))
def test_rounding_shows_in_short_sounds(phone):
    cues = said("t", phone, "t", length=0.08)
    there = middle(cues, phone)
    assert at(cues, there, "mouthPucker") > 0.4
    assert at(cues, there, "mouthPucker") + at(cues, there, "mouthFunnel") > 0.7


@pytest.mark.parametrize("fps", (24.0, 60.0))
def test_closures_less_than_a_frame_apart_part(fps):
    draw = np.random.default_rng(8)
    for _ in range(25):
        first, opening, second = draw.uniform((0.08, 0.03, 0.08), (0.12, 0.05, 0.12))
        cues = spoken(
            [("sil", 0.5), ("a", 0.1 + draw.uniform(0, 0.04)), ("p", first), ("schwa", opening)]
            + [("p", second), ("a", 0.2), ("sil", 0.5)]
        )
        assert closures(cues, lambda c, t: curves(c, t), fps).longest_s < 0.25


@given(
    st.lists(
        st.tuples(st.sampled_from(PHONES), st.floats(0.01, 0.5), st.floats(0.0, 3.0)),
        min_size=1,
        max_size=25,
    ),
    st.floats(0.0, 3.0),
)
@settings(max_examples=60, deadline=None)
def test_any_cues_give_weights_of_a_mouth(rows, strength):
    cues, now = [], 0.2
    for phone, length, force in rows:
        cues.append(Cue.of_phone(phone, now, now + length, force))
        now += length
    weights = curves(cues, np.linspace(0.0, now + 0.5, 200), MouthStyle(strength=strength))
    assert weights.shape == (200, COUNT) and weights.dtype == np.float32
    assert np.isfinite(weights).all() and weights.min() >= 0 and weights.max() <= 1
    assert np.array_equal(weights, weights[:, list(MIRROR)])
    moved = {name for name, i in INDEX.items() if weights[:, i].any()}
    assert {region_of(name) for name in moved} <= {"jaw", "mouth", "tongue"}


def test_a_window_gives_what_the_whole_gives():
    cues = babble(4, 60)
    end = cues[-20].end
    times = np.arange(end - 0.2, end, 0.01)
    window = [cue for cue in cues if end - 1.2 < cue.start]
    assert np.abs(curves(window, times) - curves(cues, times)).max() < 0.02


def test_growing_cues_do_not_jump():
    cues = babble(5, 12)
    delay, step = 0.1, 1 / 60
    previous, worst = None, 0.0
    for now in np.arange(1.0, cues[-1].end - 0.5, step):
        heard = [
            Cue.of_phone(cue.phone, cue.start, min(cue.end, now)) for cue in cues if cue.start < now
        ]
        weights = curves(heard, np.array([now - delay]))[0]
        if previous is not None:
            worst = max(worst, float(np.abs(weights - previous)[: INDEX["tongueOut"]].max()))
        previous = weights
    assert worst < 0.3


def test_silence_is_assumed_around_and_between_cues():
    cues = [Cue.of_phone("a", 1.0, 1.2), Cue.of_phone("a", 2.5, 2.7)]
    weights = curves(cues, np.array([0.0, 1.1, 1.85, 2.6, 4.0]))
    assert weights[[0, 2, 4]].max() < 0.05
    assert weights[[1, 3], INDEX["jawOpen"]].min() > 0.25


def test_nothing_said_or_asked_is_rest():
    assert not curves([], np.array([0.0, 1.0])).any()
    assert curves(said("a"), np.array([])).shape == (0, COUNT)


def test_style_and_strength():
    cues = said("a")
    there = middle(cues, "a")
    usual = at(cues, there, "jawOpen")
    assert at(cues, there, "jawOpen", style=MouthStyle(jaw=0.5)) == pytest.approx(usual / 2)
    half = MouthStyle(viseme_strength={"aa": 0.5})
    assert at(cues, there, "jawOpen", style=half) < 0.7 * usual
    louder = [Cue.of_phone(c.phone, c.start, c.end, 1.4) for c in cues]
    assert at(louder, there, "jawOpen") > 1.2 * usual
    assert not curves(cues, np.array([there]), MouthStyle(strength=0.0)).any()


def test_a_viseme_without_a_phone_is_its_main_phone():
    named = [Cue(0.0, 0.5, "sil"), Cue(0.5, 0.7, "aa"), Cue(0.7, 1.2, "sil")]
    phones = spoken([("sil", 0.5), ("a", 0.2), ("sil", 0.5)])
    times = np.linspace(0.0, 1.2, 50)
    np.testing.assert_allclose(curves(named, times), curves(phones, times), atol=1e-6)


def test_overlaps():
    cues = [Cue.of_phone("a", 0.0, 0.5), Cue.of_phone("p", 0.3, 0.4), Cue.of_phone("a", 0.4, 0.6)]
    assert lip_gap_mm(curves(cues, np.array([0.35])))[0] < 1.0
    loud = [Cue.of_phone("a", 0.0, 0.5, 1.6), *cues[1:]]
    assert at(loud, 0.1, "jawOpen") > 1.3 * at(cues, 0.1, "jawOpen")


def test_pull_is_the_convolution_that_it_says():
    draw = np.random.default_rng(0)
    edges = np.concatenate([[0.0], np.cumsum(draw.uniform(0.03, 0.2, 12))])
    targets, strengths = draw.random((12, 1)), draw.random((12, 1)) + 0.1
    fine = np.arange(edges[0], edges[-1], 0.0005) + 0.00025
    own = np.clip(np.searchsorted(edges, fine, side="right") - 1, 0, 11)
    times = np.array([0.1, 0.5, 0.9])
    away = times[:, None] - fine
    kernel = np.where(away < 0, np.exp(away / 0.09), np.exp(-away / 0.05))
    expected = (kernel @ (strengths * targets)[own]) / (kernel @ strengths[own])
    found = blend(edges, targets, strengths, np.array([0.09]), np.array([0.05]), times)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_the_table_survives_its_file(tmp_path):
    table = load_table()
    write_table(tmp_path / "table.json", table)
    again = read_table(tmp_path / "table.json")
    assert again.channels == table.channels
    np.testing.assert_allclose(again.targets, table.targets, atol=5e-4)
    assert not table.targets[PHONES.index("sil")].any()
    assert (table.strengths > 0).all() and len(VOWELS) == 10


def test_a_cue_that_is_cut_keeps_its_strength():
    cues = [Cue.of_phone("a", 0.2, 0.8, 1.5), Cue.of_phone("t", 0.5, 0.6)]
    cut = [Cue.of_phone("a", 0.2, 0.5, 1.5), cues[1]]
    times = np.arange(0.2, 0.6, 0.01)
    np.testing.assert_array_equal(curves(cues, times), curves(cut, times))


def test_a_short_silence_at_the_start_is_the_end_of_a_long_one():
    def before_a_vowel(silence: float) -> np.ndarray:
        cues = [Cue.of_phone("sil", 0.0, silence), Cue.of_phone("a", silence, silence + 0.2)]
        times = silence + np.array([-0.1, -0.05, 0.0, 0.1])
        return curves(cues, times)[:, INDEX["jawOpen"]]

    np.testing.assert_allclose(before_a_vowel(0.1), before_a_vowel(2.0), atol=1e-3)
