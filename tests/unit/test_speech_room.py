# SPDX-License-Identifier: GPL-3.0-or-later
"""A room's own noise is silence; what is louder, or short, is left to the network."""

from __future__ import annotations

import numpy as np

from engine.core.phones import INDEX, PHONES
from engine.speech.room import LiveRoom, against_room

SIL, F = INDEX["sil"], INDEX["f"]


def unsure(frames: int) -> np.ndarray:
    """The network thinks of f rather than of silence, everywhere."""
    probs = np.full((frames, len(PHONES)), 0.01)
    probs[:, F], probs[:, SIL] = 0.5, 0.27
    return np.log(probs / probs.sum(1, keepdims=True)).astype(np.float32)


def levels() -> np.ndarray:
    """A room of -50 dB, 2 s; a voice of -15 dB, 3 s, with a stop of 50 ms in it; the room."""
    level = np.full(700, -50.0, np.float32)
    level[200:500] = -15
    level[300:305] = -55
    return level


def test_the_room_is_silence_and_the_voice_is_not():
    found = against_room(unsure(700), levels()).argmax(1)
    assert (found[:190] == SIL).all()
    assert (found[200:500] == F).all()
    assert (found[510:] == SIL).all()


def test_probabilities_stay_probabilities():
    found = against_room(unsure(700), levels())
    np.testing.assert_allclose(np.exp(found).sum(1), 1, atol=1e-5)
    assert found.dtype == np.float32


def test_speech_without_a_pause_is_left_alone():
    log_probs = unsure(300)
    level = np.random.default_rng(0).uniform(-22, -12, 300).astype(np.float32)
    np.testing.assert_array_equal(against_room(log_probs, level), log_probs)


def test_live_learns_the_room_on_the_way():
    room = LiveRoom()
    log_probs, level = unsure(1400), np.concatenate([levels(), levels()])
    pieces = [slice(first, first + 7) for first in range(0, 1400, 7)]
    found = np.concatenate([room.push(log_probs[p], level[p]) for p in pieces]).argmax(1)
    assert (found[:300] == F).all()  # not known yet
    assert (found[920:1200] == F).all()
    assert (found[1215:] == SIL).all()


def test_nothing_is_nothing():
    empty = np.empty((0, 25), np.float32), np.empty(0, np.float32)
    assert against_room(*empty).shape == (0, 25)
    assert LiveRoom().push(*empty).shape == (0, 25)
