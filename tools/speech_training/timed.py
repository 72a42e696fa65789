# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech with the time of every sound, and its form on the disk."""

from __future__ import annotations

import json
import wave
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Segment:
    """One written sound: ``p`` (International Phonetic Alphabet or a pause mark), seconds."""

    p: str
    start: float
    end: float


@dataclass(frozen=True)
class Speech:
    """What a voice said.

    Attributes:
        sound: float32 (N,), within -1..1.
        rate: Samples a second.
        segments: Its sounds in order.
        voice: Engine and voice.
        language: As espeak-ng names it.
        text: What it was given to say.
    """

    sound: np.ndarray
    rate: int
    segments: list[Segment]
    voice: str
    language: str
    text: str


def write(speech: Speech, stem: Path, rate: int = 16000) -> None:
    """Write ``stem.wav`` (16 bit, one channel) and ``stem.json``."""
    from scipy.signal import resample_poly

    sound = speech.sound.astype(np.float64)
    if speech.rate != rate:
        common = np.gcd(speech.rate, rate)
        sound = resample_poly(sound, rate // common, speech.rate // common)
    with wave.open(str(stem.with_suffix(".wav")), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    facts = asdict(speech)
    del facts["sound"], facts["rate"]
    stem.with_suffix(".json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


def read(stem: Path) -> Speech:
    """Read what ``write`` wrote."""
    facts = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    with wave.open(str(stem.with_suffix(".wav"))) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    segments = [Segment(s["p"], s["start"], s["end"]) for s in facts["segments"]]
    return Speech(
        sound, rate, segments, facts["voice"], facts.get("language", ""), facts.get("text", "")
    )
