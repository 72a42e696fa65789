# SPDX-License-Identifier: GPL-3.0-or-later
"""The takes of a folder from Blender's side: who uses them, and what must not happen to them."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.takes import manage
from ..engine.takes.manage import TakeSummary
from .cue_record import follow_rename
from .jobs import running_job
from .live import live_session


def find_takes(folder: Path, used: Path | None) -> list[TakeSummary]:
    """The takes of a folder, the newest first, and with them one from elsewhere that is in use.

    Args:
        folder: The folder; may be missing.
        used: A take that is listed wherever it is, or None.
    """
    found = manage.list_takes(folder)
    if used is not None and used.is_file() and used not in [take.path for take in found]:
        found.append(manage.read_summary(used))
        found.sort(key=lambda take: take.created, reverse=True)
    return found


def read_take(take: Path) -> TakeSummary:
    """What the list shows of a take.

    Raises:
        FacewrightError: The take cannot be read.
    """
    summary = manage.read_summary(take)
    if summary.problem:
        raise FacewrightError(summary.problem, "Choose another take.", "take-unreadable")
    return summary


def annotate_take(take: Path, **values: object) -> None:
    """Stores a note or a star in a take (``engine.takes.manage.annotate``).

    Raises:
        FacewrightError: The take cannot be written on.
    """
    manage.annotate(take, **values)


def rename_take(take: Path, name: str) -> Path:
    """Renames a take with what was recorded with it; the shots that use it follow.

    Returns:
        The new path.

    Raises:
        FacewrightError: What ``engine.takes.manage.rename_take`` raises, and ``take-busy``.
    """
    _check_idle(take)
    new = manage.rename_take(take, name)
    for shot in _shots_with(take):
        shot.take = str(Path(shot.take).with_name(new.name))
    follow_rename(take, new)
    return new


def delete_take(take: Path) -> None:
    """Deletes a take with what was recorded with it; no shot uses it any more.

    Raises:
        FacewrightError: What ``engine.takes.manage.delete_take`` raises, and ``take-busy``.
    """
    _check_idle(take)
    shots = _shots_with(take)
    manage.delete_take(take)
    for shot in shots:
        shot.take = ""


def _check_idle(take: Path) -> None:
    job, session = running_job(), live_session()
    written = [Path(getattr(job.request, "take", ""))] if job else []  # not every job writes one
    if session and session.recording:
        written.append(Path(session.recording.take))
    if take.absolute() in written:
        raise FacewrightError(
            f"{take.name} is being written just now.",
            "Wait until that is done, or cancel it.",
            "take-busy",
        )


def _shots_with(take: Path) -> list[bpy.types.PropertyGroup]:
    """The shots of all scenes that use a take."""
    shots = [scene.facewright for scene in bpy.data.scenes]
    return [
        shot
        for shot in shots
        if shot.take and Path(bpy.path.abspath(shot.take)).absolute() == take.absolute()
    ]
