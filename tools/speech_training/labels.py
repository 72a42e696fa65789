# SPDX-License-Identifier: GPL-3.0-or-later
"""Timed sounds to one phone a frame, as the network is to hear it."""

from __future__ import annotations

import numpy as np

from engine.core.curve_math import runs
from engine.core.phones import INDEX, LONG, STRESS, of_ipa
from engine.speech import hearing

from .timed import Speech

UNKNOWN = -1
_PAUSES = {"<bos>", "<eos>", "^", "$", ".", "!", "?", ",", ";", ":", "—", "…"}
_SHORTEST_PAUSE_S = 0.06
_SHORTEST_SILENCE = 12  # frames


# A sound's end this far below the loudest of its sentence is no sound any more.
_SILENT_DB = -50.0
# How espeak-ng writes Mandarin: sounds with the tongue bent back, and a tone.
_MANDARIN = {"ts.": "ʈʂ", "s.": "ʂ", "z.": "ʐ", "ɜ": "", "h": ""}


def phone_labels(speech: Speech, frames: int) -> np.ndarray:
    """int64 (frames,): indices of ``PHONES``; ``UNKNOWN`` where a frame teaches nothing.

    Kokoro gives durations to stress marks and to the gaps between words. What is heard in them
    belongs partly to the neighbours, so they are left out, like pauses too short to see. It also
    lets the last sound of a clause last through the silence after it, which is silence here; but
    closed lips may stay closed.
    """
    labels = _spoken(speech, frames)
    level = hearing.level_db(speech.sound)[:frames]
    quiet = np.zeros(frames, bool)
    quiet[: len(level)] = level < level.max(initial=-100.0) + _SILENT_DB
    # A closure of the lips or the tongue is silent, too, but shorter.
    for first, end in runs(quiet):
        if end - first >= _SHORTEST_SILENCE:
            part = labels[first:end]
            part[(part != INDEX["p"])] = INDEX["sil"]
    return labels


def _spoken(speech: Speech, frames: int) -> np.ndarray:
    labels = np.full(frames, UNKNOWN, np.int64)
    last = UNKNOWN
    mandarin = speech.voice.startswith("espeak cmn")
    for segment in speech.segments:
        first, end = round(segment.start * 100), round(segment.end * 100)
        if segment.p in _PAUSES:
            paused = segment.end - segment.start > _SHORTEST_PAUSE_S
            labels[first:end] = last = INDEX["sil"] if paused else UNKNOWN
        elif segment.p and segment.p in STRESS + " ":
            last = UNKNOWN if segment.p == " " else last
        elif segment.p == LONG:
            labels[first:end] = last
        elif "β" not in segment.p:  # Spanish: lips come near, and are no class of their own
            written = segment.p
            for espeak, letter in _MANDARIN.items() if mandarin else ():
                written = written.replace(espeak, letter)
            phones = of_ipa(written)
            if not phones:
                labels[first:end] = last
            edges = np.linspace(first, end, len(phones) + 1).round().astype(int)
            for phone, a, b in zip(phones, edges, edges[1:], strict=False):
                labels[a:b] = last = INDEX[phone]
    return labels
