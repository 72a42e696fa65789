# SPDX-License-Identifier: GPL-3.0-or-later
"""``animation_frames.csv`` of Audio2Face-3D: a numbered table, seconds and weights.

Columns: one without a name (the row's number), ``timeCode`` in seconds, ``blendShapes.JawOpen`` …
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.arkit import NAMES, live_link_name
from ..core.types import FaceTrack
from .foreign_take import (
    ForeignTake,
    ReadOptions,
    WriteOptions,
    build_track,
    new_file,
    rate_of,
    unreadable,
)
from .table import open_text, read_header, read_table, rows_of
from .weights import arkit_columns, fill_holes, only_weights, without_gaps

_PREFIX = "blendshapes."


def recognises(start: bytes, _data: bytes) -> bool:
    """Whether the first line of a file has its column names."""
    line = start.split(b"\n", 1)[0].replace(b"\0", b"").lower()
    return b"timecode" in line and _PREFIX.encode() in line and b"{" not in line


def read_audio2face_csv(data: bytes, name: str, options: ReadOptions) -> ForeignTake:
    """Read a table. Its times tell the rate; ``options.fps`` takes their place where it is given.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    rows = rows_of(name, open_text(name, data))
    columns = read_header(name, rows)
    shapes = [cell for cell in columns if cell.startswith(_PREFIX)]
    if "timecode" not in columns or not shapes:
        raise unreadable(name, 'it has no column "timeCode", or none of "blendShapes."')
    time_column = columns["timecode"]
    table = read_table(name, rows, time_column, [time_column, *(columns[c] for c in shapes)])
    names = [cell.removeprefix(_PREFIX) for cell in shapes]
    values = table.numbers[:, 1:]
    values, empty, filled = fill_holes(values, ~np.isnan(values).all(axis=1))
    there = np.flatnonzero(~empty)
    weights, notes = arkit_columns(name, [names[column] for column in there], values[:, there])
    time_s = table.numbers[:, 0]
    if options.fps:
        time_s = np.arange(len(time_s)) / options.fps
    track, said = build_track(name, time_s, weights)
    return ForeignTake(track, Path(name).stem, rate_of(track.time_s), [*notes, *filled, *said])


def write_audio2face_csv(path: Path, track: FaceTrack, _options: WriteOptions) -> list[str]:
    """Write a table, a row each frame with a face.

    Returns:
        Sentences on what the file cannot hold.

    Raises:
        FacewrightError: ``file-unwritable``.
    """
    seen, told = without_gaps(track)
    names = ",".join(f"blendShapes.{live_link_name(name)}" for name in NAMES)
    line = ",".join(["%d", "%.9f", *["%.9f"] * len(NAMES)]) + "\n"
    with new_file(path) as file:
        file.write(f",timeCode,{names}\n")
        for number, (time_s, row) in enumerate(
            zip(seen.time_s, seen.weights.tolist(), strict=True)
        ):
            file.write(line % (number, time_s, *row))
    return [*told, *only_weights(track)]
