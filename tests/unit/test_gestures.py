# SPDX-License-Identifier: GPL-3.0-or-later
"""Gestures: the same for a seed, at natural amounts, where the voice calls for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.arkit import INDEX, REGION_INDICES
from engine.core.cues import Cue
from engine.core.requests import GestureSettings
from engine.speech.accents import Accent, Phrase, find_accents, find_phrases
from engine.speech.emphasis import emphasised
from engine.speech.gestures import make_gestures
from engine.speech.prosody import PitchMeter

ON = GestureSettings(on=True, seed=7)
MINUTES = 3


def phrases_of(minutes: float = MINUTES) -> list[Phrase]:
    """Three seconds of speech and half a second of pause, again and again."""
    starts = np.arange(0.0, 60 * minutes - 3, 3.5)
    return [Phrase(float(start), float(start + 3), 0.5) for start in starts]


def accents_of(minutes: float = MINUTES, strength: float = 1.0) -> list[Accent]:
    return [Accent(float(t), strength, 4.0) for t in np.arange(0.8, 60 * minutes, 1.1)]


def gestures(settings: GestureSettings = ON, rate: float = 60.0, minutes: float = MINUTES):
    times = np.arange(0, 60 * minutes, 1 / rate)
    return times, make_gestures(times, phrases_of(minutes), accents_of(minutes), settings)


def beginnings(times: np.ndarray, curve: np.ndarray, level: float) -> np.ndarray:
    above = curve > level
    return times[1:][above[1:] & ~above[:-1]]


def test_a_seed_gives_the_same_and_another_seed_something_else():
    _, one = gestures()
    _, again = gestures()
    _, other = gestures(replace(ON, seed=8))
    for name in ("weights", "head_deg", "gaze_deg"):
        assert np.array_equal(getattr(one, name), getattr(again, name))
        assert not np.array_equal(getattr(one, name), getattr(other, name))


def test_the_frame_rate_changes_nothing_that_happens():
    fast_times, fast = gestures(rate=120.0)
    slow_times, slow = gestures(rate=30.0)
    same = np.searchsorted(fast_times, slow_times - 1e-6)
    assert fast.weights[same] == pytest.approx(slow.weights, abs=1e-4)
    assert fast.head_deg[same] == pytest.approx(slow.head_deg, abs=1e-3)


def test_amounts_are_natural():
    times, made = gestures()
    blinks = beginnings(times, made.weights[:, INDEX["eyeBlinkLeft"]], 0.5)
    assert 12 * MINUTES < len(blinks) < 35 * MINUTES
    assert np.diff(blinks).min() > 0.3
    brows = made.weights[:, INDEX["browInnerUp"]]
    assert 0.1 < brows.max() < 0.6
    assert (brows > 0.05).mean() < 0.5
    assert 1.5 < np.abs(made.head_deg).max() < 8
    assert np.abs(made.gaze_deg).max() < 14
    speed = np.abs(np.diff(made.head_deg, axis=0)).max() * 60
    assert speed < 60  # degrees a second: a nod, no jerk
    assert made.weights.min() >= 0
    assert made.weights.max() <= 1


def test_the_mouth_is_left_alone():
    _, made = gestures()
    moved = {i for part in ("brows", "eyelids", "gaze") for i in REGION_INDICES[part]}
    still = [i for i in range(52) if i not in moved]
    assert not made.weights[:, still].any()


def test_blinks_prefer_pauses():
    times, made = gestures()
    blinks = beginnings(times, made.weights[:, INDEX["eyeBlinkLeft"]], 0.5)
    in_pause = [
        any(p.end_s - 0.05 <= t <= p.end_s + p.pause_s for p in phrases_of()) for t in blinks
    ]
    assert np.mean(in_pause) > 2 * 0.55 / 3.5  # twice what chance would give


def test_an_amount_of_0_leaves_a_part_still_and_the_others_as_they_are():
    _, whole = gestures()
    _, calm = gestures(replace(ON, brows=0.0, blinks=0.0))
    assert not calm.weights[:, list(REGION_INDICES["brows"])].any()
    assert not calm.weights[:, INDEX["eyeBlinkLeft"]].any()
    assert np.array_equal(calm.head_deg, whole.head_deg)
    _, still = gestures(replace(ON, head=0.0, gaze=0.0))
    assert not still.head_deg.any()
    assert not still.gaze_deg.any()
    assert np.array_equal(
        still.weights[:, INDEX["browInnerUp"]], whole.weights[:, INDEX["browInnerUp"]]
    )


def test_flat_speech_moves_the_brows_and_the_head_less():
    times = np.arange(0, 60, 1 / 60)
    lively = make_gestures(times, phrases_of(1), accents_of(1), ON)
    flat = make_gestures(times, phrases_of(1), [], ON)
    assert not flat.weights[:, INDEX["browInnerUp"]].any()
    assert np.abs(flat.head_deg).max() < np.abs(lively.head_deg).max()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_hardly_any_frame_is_no_problem(count):
    made = make_gestures(np.arange(count) / 60, [], [], ON)
    assert made.weights.shape == (count, 52)


# Prosody


def voice(hertz: np.ndarray, loud: np.ndarray) -> np.ndarray:
    """A voice-like sound at 16 kHz of pitch and loudness by sample."""
    phase = np.cumsum(hertz) / 16000 * 2 * np.pi
    return (loud * sum(np.sin(k * phase) / k for k in range(1, 8))).astype(np.float32)


def measured(sound: np.ndarray, block: int = 5000) -> np.ndarray:
    meter = PitchMeter()
    for first in range(0, len(sound), block):
        meter.push(sound[first : first + block])
    return meter.result()


def test_pitch_is_measured_whatever_the_blocks():
    hertz = np.linspace(90, 330, 48000)
    sound = voice(hertz, np.full(48000, 0.2))
    pitch = measured(sound)
    assert len(pitch) == 300
    true = hertz[80::160]
    near = np.abs(np.log2(pitch / true)) < 0.03
    assert near.mean() > 0.9
    assert np.array_equal(pitch, measured(sound, 777), equal_nan=True)


def test_silence_and_noise_have_no_pitch():
    assert np.isnan(measured(np.zeros(8000, np.float32))).all()
    noise = np.random.default_rng(1).normal(0, 0.1, 32000).astype(np.float32)
    assert np.isfinite(measured(noise)).mean() < 0.05
    assert len(measured(np.zeros(0, np.float32))) == 0


def syllables(raised: int, count: int = 12) -> tuple[list[Cue], np.ndarray, np.ndarray]:
    """Even syllables, one of which is higher; cues, pitch and level."""
    cues, pitch, level = [], np.full(count * 25, np.nan), np.full(count * 25, -40.0)
    for i in range(count):
        start = i * 0.25
        cues += [
            Cue.of_phone("t", start, start + 0.1),
            Cue.of_phone("a", start + 0.1, start + 0.25),
        ]
        rows = slice(i * 25 + 10, i * 25 + 25)
        pitch[rows] = 160 if i == raised else 120
        level[rows] = -20
    return cues, pitch, level


def test_the_raised_syllable_is_the_accent():
    accents = find_accents(*syllables(5))
    assert [accent.time_s for accent in accents] == pytest.approx([5 * 0.25 + 0.175])
    assert accents[0].raised == pytest.approx(12 * np.log2(160 / 120), abs=0.1)
    assert find_accents([], np.zeros(0), np.zeros(0)) == []


def test_pauses_part_phrases():
    spans = ((0.5, 1.0, "a"), (1.0, 1.1, "sil"), (1.1, 1.5, "a"), (1.5, 2.0, "sil"), (2, 3, "a"))
    cues = [Cue.of_phone("sil", 0, 0.5), *(Cue.of_phone(p, s, e) for s, e, p in spans)]
    first, second = find_phrases(cues)
    assert (first.start_s, first.end_s, first.pause_s) == (0.5, 1.5, 0.5)
    assert (second.start_s, second.end_s, second.pause_s) == (2, 3, 0)
    assert find_phrases([Cue.of_phone("sil", 0, 1)]) == []


# Emphasis


def test_a_loud_vowel_is_stronger_and_consonants_stay():
    cues, _, level = syllables(0)
    level[3 * 25 + 10 : 3 * 25 + 25] += 8
    strong = emphasised(cues, level)
    strengths = np.array([cue.strength for cue in strong])
    assert strengths[7] == pytest.approx(2 ** (8 / 20), rel=0.1)
    assert np.delete(strengths, 7) == pytest.approx(1.0, abs=0.05)
    assert [(c.start, c.end, c.phone) for c in strong] == [(c.start, c.end, c.phone) for c in cues]


def test_how_loud_the_recording_is_does_not_count():
    cues, _, level = syllables(0)
    level[60:75] += 6
    loud = [cue.strength for cue in emphasised(cues, level + 17)]
    assert loud == pytest.approx([cue.strength for cue in emphasised(cues, level)])


def test_silence_and_extremes_stay_within_bounds():
    cues, _, level = syllables(0)
    level[:] = -np.inf
    assert {cue.strength for cue in emphasised(cues, level)} == {1.0}
    level[:] = np.linspace(-100, 0, len(level))
    strengths = [cue.strength for cue in emphasised(cues, level)]
    assert min(strengths) >= 0.7
    assert max(strengths) <= 1.4
    assert emphasised(cues, level, amount=0.0) == cues
    assert emphasised(cues, np.zeros(0)) == cues
    assert emphasised([], level) == []
