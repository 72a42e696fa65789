# SPDX-License-Identifier: GPL-3.0-or-later
"""The likeliest course of phones: as good as trying all of them, and never a flicker."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.phones import INDEX, PHONES
from engine.speech import decode
from engine.speech.hearing import Heard


def heard(path: list[str], sure: float = 0.9) -> Heard:
    probs = np.full((len(path), len(PHONES)), (1 - sure) / (len(PHONES) - 1))
    probs[np.arange(len(path)), [INDEX[phone] for phone in path]] = sure
    log_probs = np.log(probs).astype(np.float32)
    return Heard(log_probs, np.zeros(len(path), np.float32), np.zeros((len(path), 40), np.float32))


def runs(path) -> list[tuple[int, int]]:
    return [(phone, len(list(group))) for phone, group in itertools.groupby(path)]


def test_clear_phones_keep_their_times():
    path = ["sil"] * 20 + ["p"] * 6 + ["a"] * 12 + ["s"] * 8 + ["sil"] * 10
    cues = decode.decode(heard(path))
    assert [(cue.phone, cue.start, cue.end) for cue in cues] == [
        ("sil", 0.0, 0.2),
        ("p", 0.2, 0.26),
        ("a", 0.26, 0.38),
        ("s", 0.38, 0.46),
        ("sil", 0.46, 0.56),
    ]


def test_a_flicker_is_no_phone():
    path = ["a"] * 10 + ["p"] + ["a"] * 10
    assert [cue.phone for cue in decode.decode(heard(path))] == ["a"]


def test_nothing_heard_is_no_cue():
    assert decode.decode(heard([])) == []


@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_no_other_course_is_likelier(seed, frames):
    score = np.random.default_rng(seed).normal(size=(frames, 3)).astype(np.float32) * 3
    shortest = decode._SHORTEST

    def allowed(path) -> bool:
        # The first and the last phone may have begun before, or go on.
        return all(length >= shortest for _, length in runs(path)[1:-1])

    def worth(path) -> float:
        changes = len(runs(path)) - 1
        return sum(score[t, p] for t, p in enumerate(path)) - changes * decode.CHANGE_COST

    every = [path for path in itertools.product(range(3), repeat=frames) if allowed(path)]
    best = max(map(worth, every))
    found = decode.best_path(score)
    assert allowed(found)
    assert worth(found) >= best - 1e-4


@given(st.integers(0, 2**32 - 1), st.integers(1, 200))
@settings(max_examples=30, deadline=None)
def test_cues_cover_the_recording(seed, frames):
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=(frames, len(PHONES))).astype(np.float32)
    zeros = np.zeros(frames, np.float32)
    cues = decode.decode(Heard(scores, zeros, np.zeros((frames, 40), np.float32)))
    assert cues[0].start == 0
    assert abs(cues[-1].end - frames / 100) < 1e-9
    assert all(a.end == b.start and a.phone != b.phone for a, b in itertools.pairwise(cues))
