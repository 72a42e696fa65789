# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes as files in a folder: what a list shows of them, notes, renaming, deleting."""

from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..core.errors import FacewrightError
from .records import frame_records
from .speech import CUES_SUFFIX, SPEECH_KIND, is_live_speech
from .take_file import SUFFIX, read_header

# How long to wait for another process that is writing, seconds.
_PATIENCE_S = 1.0
# What SQLite leaves beside a take whose writer was killed; opening the take uses it up.
_JOURNAL = "-journal"
# What live capture records beside a take, by the header's entry that tells of it; and the cues of
# speech. A clip's own files are the person's.
_BESIDE = {"sound": ".wav", "speech": CUES_SUFFIX}
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')


@dataclass(frozen=True)
class TakeSummary:
    """What a list shows of a take.

    Attributes:
        path: The file.
        created: When it was begun, in UTC.
        length_s: From its first frame to its last, seconds.
        is_complete: Whether it was tracked or recorded to its end.
        star: Whether it is marked as a good one.
        note: A person's note, or empty.
        placed_frame: The frame of the timeline on which it was recorded; None for a clip.
        speech: "MADE" where a recording was made to speak, "LIVE" where it was spoken live, else
            empty: a face was seen.
        problem: Why it cannot be read, or empty.
    """

    path: Path
    created: datetime
    length_s: float = 0.0
    is_complete: bool = False
    star: bool = False
    note: str = ""
    placed_frame: float | None = None
    speech: str = ""
    problem: str = ""


def list_takes(folder: Path | str) -> list[TakeSummary]:
    """Every take in a folder, the newest first; none where there is no such folder."""
    found = [read_summary(path) for path in Path(folder).glob(f"*{SUFFIX}")]
    return sorted(found, key=lambda take: (take.created, take.path.name), reverse=True)


def read_summary(path: Path | str) -> TakeSummary:
    """What a list shows of a take; one that cannot be read says why."""
    path = Path(path)
    try:
        header = read_header(path)
        length_s = _length_s(path, header["schema"])
    except FacewrightError as error:
        return TakeSummary(path, _modified(path), problem=str(error))
    except sqlite3.Error as error:
        return TakeSummary(path, _modified(path), problem=f"{path.name} is damaged ({error}).")
    return TakeSummary(
        path,
        _created(header) or _modified(path),
        length_s,
        header.get("state") == "complete",
        bool(header.get("star", False)),
        str(header.get("note", "")),
        header.get("placed", {}).get("frame"),
        _speech(header),
    )


def annotate(path: Path | str, **values: object) -> None:
    """Sets header entries of a finished take, e.g. ``note="wider smile"`` or ``star=True``.

    Nothing else changes: a take of an older schema stays one.

    Args:
        path: The take.
        values: JSON values by name.

    Raises:
        FacewrightError: What ``read_header`` raises, and ``take-unwritable``.
    """
    path = Path(path)
    read_header(path)
    rows = [(key, json.dumps(value)) for key, value in values.items()]
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as database, database:
            database.executemany("INSERT OR REPLACE INTO header VALUES (?, ?)", rows)
    except sqlite3.Error as error:
        raise FacewrightError(
            f"{path.name} cannot be written on ({error}).",
            "Wait until nothing writes on it any more, and check that the file is not read-only.",
            "take-unwritable",
        ) from error


def companions(path: Path | str) -> list[Path]:
    """The files beside a take that were made with it: its sound, its cues.

    Raises:
        FacewrightError: What ``read_header`` raises.
    """
    path = Path(path)
    header = read_header(path)
    # Without its entry, a file of that name would be somebody else's.
    beside = [path.with_suffix(suffix) for entry, suffix in _BESIDE.items() if header.get(entry)]
    return [file for file in beside if file.is_file()]


def rename_take(path: Path | str, name: str) -> Path:
    """Gives a take another name, and with it the files that were recorded with it.

    Args:
        path: The take.
        name: The new name without a folder; the suffix may be left out.

    Returns:
        The new path.

    Raises:
        FacewrightError: What ``read_header`` and ``annotate`` raise, ``bad-name``,
            ``take-exists`` or ``take-unwritable``; everything is as it was.
    """
    path = Path(path)
    stem = name.strip().removesuffix(SUFFIX).strip()
    if not stem or stem.startswith(".") or _NOT_IN_NAMES.intersection(stem):
        raise FacewrightError(
            f'"{name}" cannot be the name of a take.',
            "Use letters, digits, spaces, dashes and dots.",
            "bad-name",
        )
    if stem == path.stem:
        return path
    header, beside = read_header(path), companions(path)
    # What follows the take's name: cues have two suffixes.
    endings = {file: file.name.removeprefix(path.stem) for file in (path, *beside)}
    moves = {file: file.with_name(f"{stem}{ending}") for file, ending in endings.items()}
    for new in moves.values():
        if new.exists() and not _is_same_file(new, moves):
            raise FacewrightError(
                f"There is a {new.name} already.", "Choose another name.", "take-exists"
            )
    # A take knows by name and path what was recorded with it.
    names = {file.name: moves[file].name for file in beside}
    names |= {str(file.absolute()): str(moves[file].absolute()) for file in beside}
    changed = {key: _renamed(value, names) for key, value in header.items()}
    changed = {key: value for key, value in changed.items() if value != header[key]}
    with ExitStack() as undo:
        for old, new in moves.items():
            try:
                old.rename(new)
            except OSError as error:
                raise FacewrightError(
                    f"{old.name} cannot be renamed ({error.strerror}).",
                    "Close what uses it, and check that the folder may be written to.",
                    "take-unwritable",
                ) from error
            undo.callback(new.rename, old)
        if changed:
            annotate(moves[path], **changed)
        undo.pop_all()
    return moves[path]


def delete_take(path: Path | str) -> list[Path]:
    """Deletes a take and the files that were recorded with it, for good.

    Args:
        path: The take; one that cannot be read any more is deleted alone.

    Returns:
        What was deleted.

    Raises:
        FacewrightError: ``take-missing``, ``take-unwritable``.
    """
    path = Path(path)
    if not path.is_file():
        raise FacewrightError(f"There is no take {path}.", "Refresh the list.", "take-missing")
    try:
        beside = companions(path)
    except FacewrightError:
        beside = []
    journal = path.with_name(path.name + _JOURNAL)
    files = [path, *beside, *([journal] if journal.exists() else [])]
    for file in files:
        try:
            file.unlink()
        except OSError as error:
            raise FacewrightError(
                f"{file.name} cannot be deleted ({error.strerror}).",
                "Close what uses it, and check that the folder may be written to.",
                "take-unwritable",
            ) from error
    return files


def _length_s(path: Path, schema: str) -> float:
    query = "SELECT data FROM frames ORDER BY first"
    with closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as database:
        first = database.execute(f"{query} LIMIT 1").fetchone()
        last = database.execute(f"{query} DESC LIMIT 1").fetchone()
    if first is None:
        return 0.0
    begin = frame_records(first[0], schema)["time_s"][0]
    return float(frame_records(last[0], schema)["time_s"][-1] - begin)


def _created(header: dict) -> datetime | None:
    try:
        created = datetime.fromisoformat(str(header.get("created")))
    except ValueError:
        return None
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _modified(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)


def _is_same_file(new: Path, moves: dict[Path, Path]) -> bool:
    """Whether a new name is the old one in other letters, on a disk that sees no difference."""
    return any(moves[old] == new and old.samefile(new) and old != new for old in moves)


def _renamed(value: object, names: dict[str, str]) -> object:
    if isinstance(value, dict):
        return {key: _renamed(part, names) for key, part in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


def _speech(header: dict) -> str:
    if is_live_speech(header):
        return "LIVE"
    return "MADE" if header.get("source", {}).get("kind") == SPEECH_KIND else ""
