# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound as it arrives becomes a mouth, fifty times a second: hear, tell the phones, move.

The mouth shows the newest moment that is known. The likeliest course of phones is looked for anew
each time in the last second, so that what was taken for one sound may turn out to be another; as
a phone that is only just heard pulls hardly at all (``mouth``), the mouth does not jump with it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.arkit import COUNT, INDEX
from ..core.cues import Cue
from ..core.inference.onnx_session import OnnxModel
from ..core.mouth_style import MouthStyle
from ..core.phones import VOWELS
from ..core.sound import SOUND_HZ
from .decode import decode
from .emphasis import strength_of
from .features import BANDS
from .hearing import Heard, StreamHearing
from .mouth import curves

# Frames of 10 ms to each set of values.
FRAMES = 2
# What is looked back on: longer than the pause after which a mouth is at rest.
_WINDOW = 80
# How loud speech usually is, is learned with this time constant, from so much speech on.
_USUAL_S, _KNOWN_S = 8.0, 0.6
# A recording's mouth moves towards what comes; this one does not know it yet, and would leap. So it
# is drawn after, with a time constant of 17 ms, and what moves slowly in a recording with 29 ms.
_KEPT, _KEPT_SLOW = 0.3, 0.5
_SLOW = ("jawOpen", "jawForward", "mouthClose", "mouthFunnel", "mouthPucker")


class LiveVoice:
    """One stream of sound.

    Args:
        network: The model ``speech_live``.
        style: How far the mouth goes.
        emphasis: How much louder speech opens wider, 1 as usual.

    Attributes:
        style, emphasis: As given; may be changed at any time.
        skipped: Moments for which no mouth was made.
        now: What was spoken at the newest moment that is known; None before the first.
    """

    def __init__(
        self, network: OnnxModel, style: MouthStyle | None = None, emphasis: float = 1.0
    ) -> None:
        self._network, self.style, self.emphasis = network, style or MouthStyle(), emphasis
        self.skipped = 0
        self.begin()

    def begin(self) -> None:
        """Forget what was heard: another stream begins."""
        self._hearing = StreamHearing(self._network)
        self._log_probs = np.empty((0, 25), np.float32)
        self._levels = np.empty(0, np.float32)
        self._samples = self._frames = self._shown = 0
        self._usual_db, self._known = 0.0, 0
        self._last: np.ndarray | None = None
        self.now: Cue | None = None

    def push(
        self, sound: np.ndarray, end_s: float, most: int | None = None
    ) -> list[tuple[float, np.ndarray]]:
        """Hear some more.

        Args:
            sound: float32 (n,), 16 kHz.
            end_s: When its last sample was heard, on any clock.
            most: Of more moments than this the earlier ones are left out, because the sound came
                faster than mouths can be made; ``skipped`` counts them.

        Returns:
            For each moment that became known, its time on the same clock and its float32 (52,)
            weights, in ARKit order.
        """
        self._samples += len(sound)
        log_probs, levels = self._hearing.push(sound)
        begin_s = end_s - self._samples / SOUND_HZ
        self._log_probs = np.concatenate([self._log_probs, log_probs])
        self._levels = np.concatenate([self._levels, levels])
        self._frames += len(levels)
        if most is not None:
            late = (self._frames - self._shown) // FRAMES - most
            self._shown += FRAMES * max(0, late)
            self.skipped += max(0, late)
        told = []
        while self._frames - self._shown >= FRAMES:
            self._shown += FRAMES
            stop = len(self._levels) - (self._frames - self._shown)
            told.append((begin_s + self._shown / 100, self._mouth(stop)))
        kept = max(0, len(self._levels) - _WINDOW)
        self._log_probs, self._levels = self._log_probs[kept:], self._levels[kept:]
        return told

    def _mouth(self, stop: int) -> np.ndarray:
        """float32 (52,): the mouth at the end of the frames up to ``stop``."""
        rows = slice(max(0, stop - _WINDOW), stop)
        levels = self._levels[rows]
        cues = decode(Heard(self._log_probs[rows], levels, np.empty((len(levels), BANDS))))
        self.now = cues[-1]
        self._learn_level(self.now, levels[-FRAMES:])
        if self.emphasis and self._known * FRAMES / 100 > _KNOWN_S:
            cues = self._emphasised(cues, levels)
        weights = curves(cues, np.array([len(levels) / 100]), self.style)[0]
        if self._last is not None:
            weights += _kept() * (self._last - weights)
        self._last = weights
        return weights

    def _learn_level(self, now: Cue, levels: np.ndarray) -> None:
        if now.spoken not in VOWELS:
            return
        self._known += 1
        share = max(FRAMES / 100 / _USUAL_S, 1.0 / self._known)
        self._usual_db += share * (float(levels.mean()) - self._usual_db)

    def _emphasised(self, cues: Sequence[Cue], levels: np.ndarray) -> list[Cue]:
        """Vowels as strong as they are loud, by what is known of this voice."""
        strong = []
        for cue in cues:
            if cue.spoken in VOWELS:
                inside = levels[round(cue.start * 100) : round(cue.end * 100)]
                louder_db = float(inside.mean()) - self._usual_db
                cue = replace(cue, strength=strength_of(louder_db, self.emphasis))
            strong.append(cue)
        return strong


@functools.cache
def _kept() -> np.ndarray:
    """float32 (52,): the share of the mouth before that stays."""
    kept = np.full(COUNT, _KEPT, np.float32)
    kept[[INDEX[name] for name in _SLOW]] = _KEPT_SLOW
    return kept
