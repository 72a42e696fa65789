# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of the speech benchmark: sound on the disk, its text and the classes of its sounds."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.support.speech_scoring import frames_of, reference

RATE_HZ = 16000


@dataclass(frozen=True)
class Recording:
    """One recording.

    Attributes:
        name: Of the file, unique in its set.
        path: Wave file, 16 bit, 16 kHz, one channel.
        samples: Its length.
        text: What is said.
        language: ISO 639-1.
        classes: int8, ``speech_scoring.reference``.
    """

    name: str
    path: Path
    samples: int
    text: str
    language: str
    classes: np.ndarray

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples / RATE_HZ

    @property
    def voice(self) -> str:
        """Who speaks."""
        return self.name.rpartition("_")[0]


def recordings_in(folder: Path, language: str, names: str = "*") -> list[Recording]:
    """Those of a folder with a JSON of ``text`` and ``segments`` beside them, by name."""
    found = []
    for path in sorted(folder.glob(f"{names}.wav")):
        facts = path.with_suffix(".json")
        if facts.exists():
            said = json.loads(facts.read_text(encoding="utf-8"))
            found.append(_recording(path, said["text"], language, said["segments"]))
    return found


def read_sound(path: Path) -> np.ndarray:
    """Samples of a wave file of 16 bit and 16 kHz: float32 (N,), within -1..1."""
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE_HZ, 1, 2):
            raise ValueError(f"{path} is no wave file of 16 bit, 16 kHz and one channel.")
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def write_sound(path: Path, sound: np.ndarray) -> None:
    """Write float (N,) within -1..1 as a wave file of 16 bit, 16 kHz and one channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def references(recordings: Iterable[Recording]) -> dict[str, np.ndarray]:
    """The classes of each recording by name."""
    return {recording.name: recording.classes for recording in recordings}


def _recording(path: Path, text: str, language: str, segments: list[dict]) -> Recording:
    with wave.open(str(path)) as file:
        samples = file.getnframes()
    frames = frames_of(samples, RATE_HZ)
    return Recording(path.stem, path, samples, text, language, reference(segments, frames))
