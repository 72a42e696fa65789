# SPDX-License-Identifier: GPL-3.0-or-later
"""Timed sounds to one phone a frame, as the network is to hear it."""

from __future__ import annotations

import numpy as np

from .timed import Segment

UNKNOWN = -1
_PAUSES = {"<bos>", "<eos>", "^", "$", ".", "!", "?", ",", ";", ":", "—", "…"}
_SHORTEST_PAUSE_S = 0.06


def phone_labels(segments: list[Segment], frames: int) -> np.ndarray:
    """int64 (frames,): indices of ``PHONES``; ``UNKNOWN`` where a frame teaches nothing.

    Kokoro gives durations to stress marks and to the gaps between words. What is heard in them
    belongs partly to the neighbours, so they are left out, like pauses too short to see.
    """
    from engine.core.phones import INDEX, LONG, STRESS, of_ipa

    labels = np.full(frames, UNKNOWN, np.int64)
    last = UNKNOWN
    for segment in segments:
        first, end = round(segment.start * 100), round(segment.end * 100)
        if segment.p in _PAUSES:
            paused = segment.end - segment.start > _SHORTEST_PAUSE_S
            labels[first:end] = last = INDEX["sil"] if paused else UNKNOWN
        elif segment.p and segment.p in STRESS + " ":
            last = UNKNOWN if segment.p == " " else last
        elif segment.p == LONG:
            labels[first:end] = last
        elif "β" not in segment.p:  # Spanish: lips come near, and are no class of their own
            phones = of_ipa(segment.p)
            edges = np.linspace(first, end, len(phones) + 1).round().astype(int)
            for phone, a, b in zip(phones, edges, edges[1:], strict=False):
                labels[a:b] = last = INDEX[phone]
    return labels
