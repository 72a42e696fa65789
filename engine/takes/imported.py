# SPDX-License-Identifier: GPL-3.0-or-later
"""A take whose values come from another program's file: there is nothing in it to solve."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from .take_file import TakeWriter

IMPORT_ENGINE = "import"
_BLOCK_FRAMES = 4096


def write_imported_take(
    take: Path | str,
    track: FaceTrack,
    source: Path | str,
    *,
    rate: float,
    notes: list[str],
    start_timecode: str = "",
    start: dict | None = None,
) -> None:
    """Make a take of values that were read from a file.

    Args:
        take: The new take.
        track: Its values.
        source: The file that they were read from.
        rate: Frames per second, as the file says.
        notes: What was guessed or left out while reading.
        start_timecode: Timecode of second 0, where the file has one.
        start: The same as a time, ``formats.foreign_take.Start.to_json``. These four come from
            ``ForeignTake.facts``.

    Raises:
        FacewrightError: ``take-exists``, ``take-unwritable`` or ``disk-full``; no half take stays.
    """
    take, source = Path(take), Path(source)
    exact = Fraction(rate).limit_denominator(1001)
    header = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": {
            "kind": "import",
            "file": source.name,
            "path": str(source.absolute()),
            "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            "width": 0,
            "height": 0,
            "rate": [exact.numerator, exact.denominator],
            "frame_count": len(track),
            "codec": "",
            "has_audio": False,
            "audio_offset_s": 0.0,
        },
        "engine": IMPORT_ENGINE,
        "solver": "none",
        "models": {},
        "provider": "",
        "settings": {},
        "state": "complete",
        "faces_seen": 1,
        "import": {"notes": notes, "start_timecode": start_timecode, "start": start},
    }
    write_values(take, header, track)


def write_values(take: Path, header: dict, track: FaceTrack) -> None:
    """Make a take of values alone.

    Args:
        take: The new take.
        header: All of its header.
        track: Its values.

    Raises:
        FacewrightError: As ``write_imported_take``; no half take stays.
    """
    if take.exists():
        raise FacewrightError(
            f"The take {take} exists already.", "Choose another name.", "take-exists"
        )
    try:
        with TakeWriter(take, header) as writer:
            for first in range(0, len(track), _BLOCK_FRAMES):
                writer.append_values(track[first : first + _BLOCK_FRAMES])
    except BaseException:
        take.unlink(missing_ok=True)
        raise
