# SPDX-License-Identifier: GPL-3.0-or-later
"""What the speech network is taught to hear, frame by frame."""

from __future__ import annotations

import itertools

import numpy as np

from engine.core.phones import PHONES
from tools.speech_training.labels import UNKNOWN, phone_labels
from tools.speech_training.timed import Segment, Speech, read, write


def speech(*sounds: tuple[str, float], loud: bool = True, voice: str = "kokoro a") -> Speech:
    ends = np.cumsum([seconds for _, seconds in sounds])
    segments = [
        Segment(sound, float(end - seconds), float(end))
        for (sound, seconds), end in zip(sounds, ends, strict=True)
    ]
    noise = np.random.default_rng(0).normal(size=round(ends[-1] * 16_000)).astype(np.float32)
    return Speech(0.1 * noise * loud, 16_000, segments, voice, "en-us", "")


def named(labels: np.ndarray) -> list[tuple[str, int]]:
    return [
        ("?" if label == UNKNOWN else PHONES[label], len(list(run)))
        for label, run in itertools.groupby(labels)
    ]


def labels_of(spoken: Speech) -> list[tuple[str, int]]:
    return named(phone_labels(spoken, len(spoken.sound) // 160))


def test_marks_and_gaps_teach_nothing():
    spoken = speech(("p", 0.05), ("ˈ", 0.05), ("i", 0.05), ("ː", 0.05), (" ", 0.03), ("t", 0.04))
    assert labels_of(spoken) == [("p", 5), ("?", 5), ("i", 10), ("?", 3), ("t", 4)]


def test_diphthongs_are_two_and_affricates_one():
    assert labels_of(speech(("aɪ", 0.1), ("tʃ", 0.08))) == [("a", 5), ("i", 5), ("ch", 8)]


def test_short_pauses_are_not_asked():
    assert labels_of(speech((".", 0.05), ("a", 0.1), (",", 0.2))) == [
        ("?", 5),
        ("a", 10),
        ("sil", 20),
    ]


def test_silence_after_the_last_sound_is_silence_but_lips_stay_closed():
    for last, found in (("s", [("s", 10), ("sil", 20)]), ("p", [("p", 30)])):
        spoken = speech((last, 0.3))
        spoken.sound[1600:] = 0
        assert labels_of(spoken) == found


def test_mandarin_of_espeak():
    spoken = speech(("ts.h", 0.1), ("ˈɜ", 0.05), ("ʐ", 0.1), voice="espeak cmn+f2")
    assert labels_of(spoken) == [("ch", 25)]


def test_speech_comes_back_from_the_disk(tmp_path):
    spoken = speech(("a", 0.2), ("p", 0.1))
    write(spoken, tmp_path / "one")
    found = read(tmp_path / "one")
    assert found.segments == spoken.segments
    assert found.voice == spoken.voice
    np.testing.assert_allclose(found.sound, np.clip(spoken.sound, -1, 1), atol=1e-4)
