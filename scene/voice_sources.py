# SPDX-License-Identifier: GPL-3.0-or-later
"""What a performer's way to speak is learned from, and where its profile goes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.requests import VOICE_SUFFIX
from ..engine.takes.manage import TakeSummary
from ..engine.takes.recordings import recordings_in
from ..engine.takes.take_file import read_header
from .capture import find_sound
from .free_path import free_path


def sources_of_path(path: str) -> tuple[str, ...]:
    """A video, or what a folder holds.

    Raises:
        FacewrightError: ``file-missing``, ``voice-no-source``.
    """
    place = Path(bpy.path.abspath(path)).absolute()
    if not place.exists():
        raise FacewrightError(f"There is no {place}.", "Check the path.", "file-missing")
    found = recordings_in([place])
    if not found:
        raise FacewrightError(
            f"The folder {place} holds neither captured takes nor videos.",
            "Choose another folder.",
            "voice-no-source",
        )
    return found


def sources_of_takes(
    takes: Iterable[TakeSummary], *, starred: bool = False
) -> tuple[tuple[str, ...], list[str]]:
    """The takes that a performer can be learned from, the oldest first.

    Args:
        takes: Of the list.
        starred: Only those with a star.

    Returns:
        Paths, and sentences on takes that were left out for want of sound or because they cannot
        be read.

    Raises:
        FacewrightError: ``voice-no-source`` where none is left.
    """
    paths, left_out = [], []
    for take in sorted(takes, key=lambda take: (take.created, take.path.name)):
        if take.speech or (starred and not take.star):
            continue
        if take.problem:
            left_out.append(f"{take.path.name} was left out: {take.problem}")
        elif not _has_sound(take.path):
            left_out.append(f"{take.path.name} was left out: its sound is not there.")
        else:
            paths.append(str(take.path))
    if not paths:
        which = "with a star and with sound" if starred else "that was captured with sound"
        raise FacewrightError(
            " ".join([f"The list of takes has none {which}.", *left_out[:3]]),
            "Choose a video of the performer speaking.",
            "voice-no-source",
        )
    return tuple(paths), left_out


def voice_path(asked: str, name: str, folder: Path, *, replace: bool = False) -> Path:
    """Where the profile goes.

    Args:
        asked: A path; empty for a new file in ``folder``.
        name: Of the performer.
        folder: Of the takes.
        replace: Whether a profile that is there may be replaced.

    Raises:
        FacewrightError: ``voice-exists``, ``voice-unwritable``; before any work is done.
    """
    if not asked:
        return free_path(folder, bpy.path.clean_name(name), VOICE_SUFFIX)
    path = Path(bpy.path.abspath(asked)).absolute()
    if path.suffix.lower() != VOICE_SUFFIX:
        path = path.with_name(path.name + VOICE_SUFFIX)
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise FacewrightError(
            f"The voice profile {path} cannot be written.",
            "Choose a folder that exists and may be written to.",
            "voice-unwritable",
        )
    if path.exists() and not replace:
        raise FacewrightError(
            f"The voice profile {path} exists already.",
            "Choose another name, or turn on Replace.",
            "voice-exists",
        )
    return path


def _has_sound(take: Path) -> bool:
    header = read_header(take)
    known = header.get("sound") or header["source"].get("has_audio")
    return bool(known) and find_sound(take, header)[0] is not None
