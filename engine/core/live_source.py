# SPDX-License-Identifier: GPL-3.0-or-later
"""What the source of a ``LiveRequest`` gives: told by its name, before anything is opened."""

from __future__ import annotations

from pathlib import Path

MICROPHONE = "mic"
# Files that hold sound and no pictures: of others, the pictures are captured.
# fmt: off
SOUND_SUFFIXES = frozenset({
    ".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a", ".aac",
    ".aif", ".aiff", ".wma", ".mka", ".w64", ".caf",
})
# fmt: on


def is_sound_file(path: str) -> bool:
    """Whether a file's name is that of sound without pictures."""
    return Path(path).suffix.lower() in SOUND_SUFFIXES


def is_live_sound(source: str) -> bool:
    """Whether a SPEC of ``LiveRequest`` names sound: ``mic:``, ``file:a.wav`` or ``a.wav``."""
    kind, _, rest = source.partition(":")
    return kind == MICROPHONE or is_sound_file(rest if kind == "file" else source)
