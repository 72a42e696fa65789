# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a folder show a performer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".avi", ".webm", ".mpg", ".mpeg"})


def videos_in(folder: Path) -> list[Path]:
    """The videos of a folder, by name."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)


def captured_in(folder: Path) -> list[Path]:
    """The takes of a folder in which a face was seen, by name; those of sound alone are not."""
    from .manage import list_takes

    return sorted(take.path for take in list_takes(folder) if not take.speech)


def recordings_in(paths: Iterable[Path | str]) -> tuple[str, ...]:
    """Folders give their captured takes, or their videos where they hold none; files themselves."""
    found: list[Path] = []
    for path in map(Path, paths):
        found += (captured_in(path) or videos_in(path)) if path.is_dir() else [path]
    return tuple(str(path) for path in dict.fromkeys(found))
