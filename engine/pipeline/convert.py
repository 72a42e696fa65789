# SPDX-License-Identifier: GPL-3.0-or-later
"""From one face file to another: takes and all formats of other programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.same_file import is_same_file
from ..formats.foreign import (
    FORMATS,
    format_named,
    format_to_write,
    is_recognised,
    read_face_file,
    write_face_file,
)
from ..formats.foreign_take import ForeignTake, ReadOptions, Start, WriteOptions
from ..takes.imported import write_imported_take
from ..takes.protect import refuse_take
from ..takes.take_file import SUFFIX, read_header, read_track

TAKE = "take"
SUFFIXES = frozenset({SUFFIX, *(suffix for known in FORMATS for suffix in known.suffixes)})


@dataclass(frozen=True)
class ConvertSettings:
    """How files are converted.

    Attributes:
        source_format, target_format: Names of ``formats.foreign.FORMATS``, or "take"; empty: the
            source is told by its content, the target by its suffix.
        source_fps: Frames per second of the source, where it does not tell or tells it wrong.
        target_fps: Frames per second of the target, where the format has a rate.
    """

    source_format: str = ""
    target_format: str = ""
    source_fps: float | None = None
    target_fps: float | None = None


@dataclass
class ConvertReport:
    """What happened.

    Attributes:
        source, target: Paths.
        frames: Frames read.
        valid_frames: Frames with a face.
        rate: Frames per second of the source.
        notes: What was guessed, left out or lost, as sentences.
        state: "complete".
    """

    source: str
    target: str
    frames: int = 0
    valid_frames: int = 0
    rate: float = 0.0
    notes: list[str] = field(default_factory=list)
    state: str = "complete"


def target_suffix(format_name: str) -> str:
    """The usual suffix of a format that can be written.

    Raises:
        FacewrightError: ``format-unknown`` or ``format-read-only``.
    """
    if format_name == TAKE:
        return SUFFIX
    suffix = format_named(format_name).suffixes[0]
    format_to_write(f"file{suffix}", format_name)
    return suffix


def convert_file(
    source: Path, target: Path, settings: ConvertSettings | None = None
) -> ConvertReport:
    """Read one file and write another, which is replaced unless it is a take.

    Raises:
        FacewrightError: ``same-file``, ``take-protected``, or the source cannot be read or the
            target not be written.
    """
    settings = settings or ConvertSettings()
    into_take = settings.target_format == TAKE or (
        not settings.target_format and target.suffix.lower() == SUFFIX
    )
    if not into_take:
        format_to_write(target, settings.target_format)
        refuse_take(target)
    if is_same_file(source, target):
        raise FacewrightError(
            f"{target} is the source itself.", "Choose another name.", "same-file"
        )
    read = read_any(source, settings)
    if into_take:
        write_imported_take(target, read.track, source, **read.facts())
        lost = []
    else:
        options = WriteOptions(read.name, settings.target_fps, read.start)
        lost = write_face_file(target, read.track, settings.target_format, options)
    return ConvertReport(
        str(source),
        str(target),
        len(read.track),
        int(read.track.valid.sum()),
        read.rate,
        [*read.notes, *lost],
    )


def is_other_file(source: Path, settings: ConvertSettings) -> bool:
    """Whether a file in a folder is none of ours: a table or a text about something else."""
    return (
        not settings.source_format
        and source.suffix.lower() != SUFFIX
        and source.is_file()
        and not is_recognised(source)
    )


def read_any(source: Path, settings: ConvertSettings) -> ForeignTake:
    """A take, or a file of another program.

    Raises:
        FacewrightError: It cannot be read.
    """
    is_take = source.suffix.lower() == SUFFIX and not settings.source_format
    if not is_take and settings.source_format != TAKE:
        return read_face_file(source, ReadOptions(settings.source_format, settings.source_fps))
    header, track = read_header(source), read_track(source)
    if not len(track):
        raise FacewrightError(f"The take {source} holds no frames.", "", "take-empty")
    numerator, denominator = header["source"]["rate"]
    told = header.get("import", {})
    start = Start.from_json(told.get("start"))
    label = told.get("start_timecode", "")
    return ForeignTake(track, source.stem, numerator / denominator, [], label, start)
