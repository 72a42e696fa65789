# SPDX-License-Identifier: GPL-3.0-or-later
"""All face files that are read and written: which format a file has, and who reads it.

A file is taken for what its content is; its suffix decides only where the content does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from . import (
    audio2face_csv,
    audio2face_json,
    beat_json,
    face_cap_txt,
    gesichter,
    live_link_csv,
    mediapipe_json,
)
from .foreign_take import ForeignTake, ReadOptions, WriteOptions, unreadable

# Ten minutes at 60 frames a second are 40 MB of the largest format.
MAX_BYTES = 256 * 2**20
_START = 65536
_PREFACE = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t,;]*\r?\n|sep=.\r?\n)+", re.IGNORECASE)


@dataclass(frozen=True)
class FaceFormat:
    """A format of files.

    Attributes:
        name: For ``--from`` and ``--to``.
        title: For people.
        suffixes: Usual ones, in lower case; the first one is written.
        recognises: Whether a file is one, by its first 64 KB and by all of it.
        read: ``(data, file name, options) -> ForeignTake``.
        write: ``(path, track, options) -> sentences on what is lost``, or None.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes, bytes], bool]
    read: Callable[[bytes, str, ReadOptions], ForeignTake]
    write: Callable[[Path, FaceTrack, WriteOptions], list[str]] | None = None


# The order is that in which content is asked: what is told most surely comes first.
FORMATS: tuple[FaceFormat, ...] = (
    FaceFormat(
        "gesichter",
        "recorded Live Link Face packets",
        (".gesichter",),
        gesichter.recognises,
        gesichter.read_gesichter,
        gesichter.write_gesichter,
    ),
    FaceFormat(
        "audio2face-csv",
        "Audio2Face-3D CSV",
        (".csv",),
        audio2face_csv.recognises,
        audio2face_csv.read_audio2face_csv,
        audio2face_csv.write_audio2face_csv,
    ),
    FaceFormat(
        "live-link-csv",
        "Live Link Face CSV",
        (".csv",),
        live_link_csv.recognises,
        live_link_csv.read_live_link_csv,
        live_link_csv.write_live_link_csv,
    ),
    FaceFormat(
        "face-cap",
        "Face Cap TXT",
        (".txt",),
        face_cap_txt.recognises,
        face_cap_txt.read_face_cap_txt,
        face_cap_txt.write_face_cap_txt,
    ),
    FaceFormat(
        "audio2face-json",
        "Audio2Face JSON",
        (".json",),
        audio2face_json.recognises,
        audio2face_json.read_audio2face_json,
        audio2face_json.write_audio2face_json,
    ),
    FaceFormat(
        "beat",
        "BEAT JSON",
        (".json",),
        beat_json.recognises,
        beat_json.read_beat_json,
        beat_json.write_beat_json,
    ),
    FaceFormat(
        "mediapipe",
        "MediaPipe JSON",
        (".json", ".jsonl"),
        mediapipe_json.recognises,
        mediapipe_json.read_mediapipe_json,
        mediapipe_json.write_mediapipe_json,
    ),
)
# What a suffix means where several formats share it and none is named.
_USUAL = {".csv": "live-link-csv", ".json": "audio2face-json"}


def format_named(name: str) -> FaceFormat:
    """A format by its name.

    Raises:
        FacewrightError: ``format-unknown``.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in FORMATS)
    raise FacewrightError(f'There is no format "{name}".', f"There are {names}.", "format-unknown")


def format_to_write(path: Path | str, name: str = "") -> FaceFormat:
    """The format that a file is written in: the named one, or by the suffix.

    Raises:
        FacewrightError: ``format-unknown`` or ``format-read-only``.
    """
    suffix = Path(path).suffix.lower()
    if name:
        chosen = format_named(name)
    else:
        usual = [f for f in FORMATS if suffix in f.suffixes and f.write]
        usual.sort(key=lambda known: known.name != _USUAL.get(suffix))
        chosen = usual[0] if usual else None
        if chosen is None:
            known = ", ".join(sorted({s for f in FORMATS if f.write for s in f.suffixes}))
            raise FacewrightError(
                f'No format is known for the suffix "{suffix}".',
                f"Name the format, or use one of {known}.",
                "format-unknown",
            )
    if chosen.write is None:
        raise FacewrightError(
            f"{chosen.title} can be read and not written.",
            "Choose another one.",
            "format-read-only",
        )
    return chosen


def read_face_file(path: Path | str, options: ReadOptions | None = None) -> ForeignTake:
    """Read a file of any known format.

    Raises:
        FacewrightError: ``file-missing``, ``file-too-large``, ``file-unreadable`` or
            ``format-unknown``.
    """
    path, options = Path(path), options or ReadOptions()
    if options.fps is not None and not 1.0 <= options.fps <= 1000.0:
        raise FacewrightError(
            f"{options.fps:g} is no frame rate.", "Use 1 to 1000 frames a second.", "fps-unusable"
        )
    data = _without_preface(_read_bytes(path))
    if not data:
        raise unreadable(path.name, "it is empty", "Export it again.")
    if options.format:
        return format_named(options.format).read(data, path.name, options)
    found = _recognised(data)
    if found is None:
        same = [f for f in FORMATS if path.suffix.lower() in f.suffixes]
        if len(same) != 1:
            raise unreadable(
                path.name,
                "it is of no format that Facewright knows",
                "Known are: " + ", ".join(known.title for known in FORMATS) + ".",
            )
        found = same[0]
    return found.read(data, path.name, options)


def is_recognised(path: Path | str) -> bool:
    """Whether a file is one of the formats by its content; an empty or cut off one counts, too.

    Raises:
        FacewrightError: ``file-missing``, ``file-too-large`` or ``file-unreadable``.
    """
    path = Path(path)
    data = _without_preface(_read_bytes(path))
    return not data or path.suffix.lower() == ".gesichter" or _recognised(data) is not None


def write_face_file(
    path: Path | str, track: FaceTrack, format_name: str = "", options: WriteOptions | None = None
) -> list[str]:
    """Write a track, replacing the file once it is complete.

    Args:
        path: The file.
        track: At least one frame.
        format_name: Name of the format; empty: by the suffix.
        options: How.

    Returns:
        Sentences on what of the track the file cannot hold.

    Raises:
        FacewrightError: ``format-unknown``, ``format-read-only``, ``track-empty`` or
            ``file-unwritable``.
    """
    chosen = format_to_write(path, format_name)
    if not len(track):
        raise FacewrightError(
            f"There is no frame to write into {Path(path).name}.", "", "track-empty"
        )
    return chosen.write(Path(path), track, options or WriteOptions())


def _recognised(data: bytes) -> FaceFormat | None:
    """The format that the content of a file tells."""
    start = data[:_START]
    return next((known for known in FORMATS if known.recognises(start, data)), None)


def _without_preface(data: bytes) -> bytes:
    """Without the empty lines and the ``sep=,`` that spreadsheets write before a table."""
    found = _PREFACE.match(data)
    return data[found.end() :] if found else data


def _read_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise FacewrightError(f"There is no file {path}.", "Check the path.", "file-missing")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise unreadable(path.name, error.strerror or "it cannot be opened") from error
    if len(data) > MAX_BYTES:
        raise FacewrightError(
            f"{path.name} has more than {MAX_BYTES >> 20} MB, too much for a face file.",
            "Cut the take into parts.",
            "file-too-large",
        )
    return data
