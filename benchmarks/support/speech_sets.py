# SPDX-License-Identifier: GPL-3.0-or-later
"""The sets of recordings of the speech benchmark: made once, kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.support import speech_damage as damage
from benchmarks.support.speech_recordings import (
    RATE_HZ,
    Recording,
    read_sound,
    recordings_in,
    write_sound,
)

# Recordings that the robustness tables are made of: every so many of the English ones.
_EVERY = 8
# The damage of another throat is for a woman's voice; a man's would become a woman's.
_CHILD, _CHILD_OF = "a child", "kokoro_af_bella"
_BABBLE = "babble, 10 dB"


def some(recordings: Sequence[Recording]) -> list[Recording]:
    """Those that are damaged."""
    return list(recordings[::_EVERY])


def damaged(recordings: Sequence[Recording], folder: Path) -> dict[str, list[Recording]]:
    """Some recordings in every kind of trouble, by its name; written where they are not yet."""
    sounds = [read_sound(recording.path) for recording in recordings]
    kinds = {**damage.DAMAGES, _BABBLE: damage.babble(sounds)}
    chosen = {name: some(recordings) for name in kinds}
    chosen[_CHILD] = [r for r in recordings if r.voice == _CHILD_OF][::2]
    return {
        name: [_damaged(recording, name, kind, folder) for recording in chosen[name]]
        for name, kind in kinds.items()
    }


def speechless(folder: Path) -> list[Recording]:
    """Ten seconds of what is not speech, and two recordings that are hardly there."""
    rng = np.random.default_rng(0)
    ten = 10 * RATE_HZ
    sounds = {
        "digital silence": np.zeros(ten),
        "a quiet room": 1e-3 * _steady(damage.pink_noise(ten, rng)),
        "white noise": 0.1 * rng.standard_normal(ten),
        "music": 0.1 * _steady(damage.tune(ten, rng)),
        "0.05 s": 0.1 * rng.standard_normal(RATE_HZ // 20),
        "0.004 s": np.zeros(64),
    }
    found = []
    for name, sound in sounds.items():
        path = folder / "speechless" / f"{name}.wav"
        write_sound(path, sound)
        nothing = np.zeros(0, np.int8)
        found.append(Recording(name, path, len(sound), "", "en", nothing))
    return found


def long_recording(recordings: Sequence[Recording], folder: Path, hours: float) -> Recording:
    """All recordings again and again, with a second between them."""
    path = folder / f"long_{hours:g}.wav"
    pause = np.zeros(RATE_HZ, np.float32)
    parts = [part for r in recordings for part in (read_sound(r.path), pause)]
    once = np.concatenate(parts)
    samples = round(hours * 3600 * RATE_HZ)
    if not path.exists():
        write_sound(path, np.resize(once, samples))
    return Recording(path.stem, path, samples, "", "en", np.zeros(0, np.int8))


def research_recordings(folder: Path) -> list[Recording]:
    """English recordings that came with the research, where they are."""
    return [
        recording
        for names in ("espeak_en*", "kokoro_en*")
        for recording in recordings_in(folder, "en", names)
    ]


def _damaged(recording: Recording, name: str, kind: damage.Damage, folder: Path) -> Recording:
    # Another version of the damages or of the recording is another file.
    digest = hashlib.sha256(Path(damage.__file__).read_bytes() + recording.path.read_bytes())
    place = folder / "damaged" / name.replace(", ", "_").replace(" ", "_")
    path = place / f"{recording.name}.{digest.hexdigest()[:12]}.wav"
    if not path.exists():
        rng = np.random.default_rng([ord(letter) for letter in name + recording.name])
        write_sound(path, kind(read_sound(recording.path), rng))
    return replace(recording, path=path)


def _steady(sound: np.ndarray) -> np.ndarray:
    """With a root mean square of 1."""
    return sound / sound.std()
