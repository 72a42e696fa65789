# SPDX-License-Identifier: GPL-3.0-or-later
"""How late a sound is: known delays are found, and where nothing can be known nothing is said."""

from __future__ import annotations

import numpy as np
import pytest
from face_tracks import make_track

from engine.core.cues import Cue
from engine.core.phones import INDEX, PHONES
from engine.core.types import FaceTrack
from engine.speech import pieces
from engine.speech.hearing import Heard
from engine.speech.mouth import curves
from engine.speech.offset import Offset, measure_offset, sentence, shifted

FPS = 25
_SAID = ("p", "a", "t", "o", "s", "i", "p", "ae", "w", "eh", "n", "u")


def spoken(seconds, seed=0):
    """Cues of somebody who speaks, with pauses."""
    rng = np.random.default_rng(seed)
    cues, at, last = [], 0.3, ""
    while at < seconds - 0.5:
        phone = _SAID[rng.integers(len(_SAID))]
        if phone == last:
            continue
        length = float(rng.uniform(0.06, 0.16))
        cues.append(Cue.of_phone(phone, at, at + length))
        at, last = at + length, phone
        if rng.random() < 0.08:
            at += 0.3
    return cues


def heard_of(cues, seconds):
    """What a network hears of it: mostly the right phone, loud in vowels."""
    count = round(seconds * 100)
    log_probs = np.full((count, len(PHONES)), np.log(0.01), np.float32)
    level = np.full(count, -60.0, np.float32)
    for t in range(count):
        now = (t + 0.5) / 100
        phone = next((c.phone for c in cues if c.start <= now < c.end), "sil")
        log_probs[t, INDEX[phone]] = np.log(0.76)
        level[t] = {"sil": -60, "p": -40, "t": -35, "s": -30}.get(phone, -15)
    return Heard(log_probs, level, np.zeros((count, 40), np.float32))


def filmed(cues, seconds, seed=1, noise=0.05):
    """The face that speaks them, filmed 25 times a second with some noise."""
    time_s = np.arange(round(seconds * FPS)) / FPS
    weights = curves(cues, time_s)
    weights = weights + np.random.default_rng(seed).normal(0, noise, weights.shape)
    track = make_track(time_s)
    return FaceTrack(
        **{n: getattr(track, n) for n in track.SHAPES} | {"weights": weights.astype("f4")}
    )


@pytest.mark.parametrize("late_s", [-0.3, -0.08, 0.0, 0.12, 0.3])
def test_known_delays_are_found(late_s):
    seconds = 20.0
    cues = spoken(seconds)
    late = shifted(cues, late_s)
    found = measure_offset(filmed(cues, seconds), heard_of(late, seconds), late)
    assert found.is_sure
    assert found.late_s == pytest.approx(late_s, abs=0.03)
    assert found.confidence > 0.9
    assert found.spoken_s > 10


def test_the_sound_of_somebody_else_tells_nothing():
    seconds = 20.0
    other = spoken(seconds, seed=7)
    found = measure_offset(filmed(spoken(seconds), seconds), heard_of(other, seconds), other)
    assert not found.is_sure
    assert sentence(found) == ""


def test_little_speech_tells_nothing():
    cues = spoken(3.0)
    found = measure_offset(filmed(cues, 20.0), heard_of(cues, 20.0), cues)
    assert "too little" in found.unsure


def test_silence_tells_nothing():
    quiet = heard_of([], 10.0)
    found = measure_offset(filmed([], 10.0), quiet, [Cue.of_phone("sil", 0.0, 10.0)])
    assert not found.is_sure


def test_still_lips_tell_nothing():
    cues = spoken(20.0)
    still = filmed([], 20.0, noise=0.0)
    assert "hardly move" in measure_offset(still, heard_of(cues, 20.0), cues).unsure


def test_hidden_lips_do_not_count():
    cues = spoken(20.0)
    track = filmed(cues, 20.0)
    track.channel_confidence[:400] = 0.1
    found = measure_offset(track, heard_of(cues, 20.0), cues)
    assert found.spoken_s < 4.5


def test_a_track_without_a_face_tells_nothing():
    cues = spoken(20.0)
    track = make_track(np.arange(500) / FPS, valid=np.zeros(500, bool))
    assert not measure_offset(track, heard_of(cues, 20.0), cues).is_sure


def test_nothing_at_all_tells_nothing():
    empty = Heard(np.empty((0, 25), "f4"), np.empty(0, "f4"), np.empty((0, 40), "f4"))
    assert not measure_offset(make_track([]), empty, []).is_sure


@pytest.mark.parametrize(
    ("late_s", "words"),
    [(0.08, "The sound is 80 ms late"), (-0.12, "The sound is 120 ms early"), (0.004, "in step")],
)
def test_the_offset_is_told_in_words(late_s, words):
    assert words in sentence(Offset(late_s, 0.006, 1.0, 20.0))


def test_shifted_cues_keep_everything_else():
    cue = Cue(0.1, 0.2, "PP", "p", 1.3)
    assert shifted([cue], 0.5) == [Cue(0.6, 0.7, "PP", "p", 1.3)]


def test_curves_in_pieces_are_the_curves(monkeypatch):
    monkeypatch.setattr(pieces, "_FRAMES_AT_ONCE", 700)
    cues, times = spoken(60.0), np.arange(3100) / 50
    np.testing.assert_allclose(pieces.long_curves(cues, times), curves(cues, times), atol=2e-3)
    assert not pieces.long_curves([], times).any()
