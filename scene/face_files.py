# SPDX-License-Identifier: GPL-3.0-or-later
"""Face files of other programs from Blender's side: in as takes, and out of takes."""

from __future__ import annotations

from pathlib import Path

from ..engine.core.errors import FacewrightError
from ..engine.core.same_file import is_same_file
from ..engine.formats.foreign import FORMATS, format_named, read_face_file, write_face_file
from ..engine.formats.foreign_take import ReadOptions, Start, WriteOptions
from ..engine.takes.imported import write_imported_take
from ..engine.takes.protect import refuse_take
from ..engine.takes.take_file import SUFFIX, read_header, read_track
from .free_path import free_path

READ_SUFFIXES = tuple(sorted({s for known in FORMATS for s in known.suffixes} | {SUFFIX}))
# For a menu: identifier, name, description.
WRITE_FORMATS = tuple(
    (known.name, known.title, f"{known.title} ({known.suffixes[0]})")
    for known in sorted(FORMATS, key=lambda known: known.name != "live-link-csv")
    if known.write
)


def as_take(file: Path, folder: Path, fps: float | None = None) -> tuple[Path, list[str]]:
    """A take of any face file.

    Args:
        file: A take, which is returned as it is, or a file of another program.
        folder: Where the new take goes; it gets the file's name, and a number if that is in use.
        fps: Frames per second of the file, where it tells none or a wrong one.

    Returns:
        The take, and sentences on what was guessed or left out.

    Raises:
        FacewrightError: The file cannot be read, or the take not be written.
    """
    if file.suffix.lower() == SUFFIX:
        read_header(file)
        return file, []
    read = read_face_file(file, ReadOptions(fps=fps))
    take = free_path(folder, file.stem, SUFFIX)
    write_imported_take(take, read.track, file, **read.facts())
    return take, read.notes


def export_take(
    take: Path, file: Path, format_name: str = "", fps: float | None = None
) -> list[str]:
    """Write a take's values for another program.

    Args:
        take: The take.
        file: The file, which is replaced; never a take.
        format_name: A format of ``WRITE_FORMATS``; empty: by the suffix.
        fps: Frames per second of the file, where the format has a rate; None: the take's.

    Returns:
        Sentences on what the file cannot hold.

    Raises:
        FacewrightError: ``same-file``, ``take-protected``, or the take cannot be read or the file
            not be written.
    """
    refuse_take(file)
    if is_same_file(take, file):
        raise FacewrightError(f"{file} is the take itself.", "Choose another name.", "same-file")
    header, track = read_header(take), read_track(take)
    if not track.valid.any():
        raise FacewrightError(
            f"{take.name} has no frame with a face, so there is nothing to write.", "", "no-face"
        )
    start = Start.from_json(header.get("import", {}).get("start"))
    return write_face_file(file, track, format_name, WriteOptions(take.stem, fps, start))


def suffix_of(format_name: str) -> str:
    """The usual suffix of a format."""
    return format_named(format_name).suffixes[0]
