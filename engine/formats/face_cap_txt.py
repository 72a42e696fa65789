# SPDX-License-Identifier: GPL-3.0-or-later
"""The text recordings of Face Cap (Bannaflak).

Rows of cells, told apart by the first one: ``info,…``, ``bs,`` the names of the shapes in the order
of the weights, and ``k,`` milliseconds, head position (3), head angles (3), left eye (2), right
eye (2), weights. Shapes are spelled with ``_L`` and ``_R``. Angles are degrees about x, y and z of
a right-handed frame with y up, positions centimetres: the app's own frame is ARKit's, which is
that of ``core.types.FaceTrack``.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..core.arkit import INDEX
from ..core.types import FaceTrack
from .face_cap import ORDER
from .foreign_take import (
    MAX_FRAMES,
    ForeignTake,
    ReadOptions,
    WriteOptions,
    build_track,
    new_file,
    rate_of,
    unreadable,
)
from .names import short_name
from .table import open_text, rows_of
from .weights import arkit_columns, without_gaps

# Time, head position, head angles, both eyes.
_BEFORE = 11
# A first time beyond an hour is a clock's, not the recording's own.
_LONGEST_LEAD_S = 3600.0


def recognises(start: bytes, _data: bytes) -> bool:
    """Whether a line of names and, in a longer file, one of values come first."""
    return re.match(rb"(\xef\xbb\xbf)?(info,[^\n]*\n\s*)*bs,", start) is not None


def read_face_cap_txt(data: bytes, name: str, options: ReadOptions) -> ForeignTake:
    """Read a recording. Its times tell the rate; ``options.fps`` takes their place if given.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    names: list[str] = []
    values: list[list[float]] = []
    for number, row in enumerate(rows_of(name, open_text(name, data)), start=1):
        if not row:
            continue
        if row[0] == "bs":
            names = [cell.strip() for cell in row[1:] if cell.strip()]
            if len(names) > 1000:
                raise unreadable(name, f"it names {len(names)} shapes")
        elif row[0] == "k":
            cells = [cell for cell in row[1:] if cell.strip()]
            if not names or len(cells) != _BEFORE + len(names):
                raise unreadable(
                    name, f"row {number} has {len(cells)} values, not {_BEFORE + len(names)}"
                )
            try:
                values.append(list(map(float, cells)))
            except ValueError as error:
                raise unreadable(name, f"in row {number}: {error}") from None
            if len(values) > MAX_FRAMES:
                raise unreadable(name, f"it has more than {MAX_FRAMES} frames")
    if not values:
        raise unreadable(name, 'it has no row of values ("k")')
    table = np.array(values)
    weights, notes = arkit_columns(name, names, table[:, _BEFORE:])
    first = table[0, 0]
    if 0.0 <= first <= _LONGEST_LEAD_S * 1000.0:
        first = 0.0
    time_s = (table[:, 0] - first) / 1000.0
    if options.fps:
        time_s = np.arange(len(table)) / options.fps
    track, said = build_track(
        name,
        time_s,
        weights,
        head_cm=table[:, 1:4],
        head_deg=table[:, 4:7],
        gaze_deg=table[:, 7:11].reshape(-1, 2, 2),
    )
    return ForeignTake(track, Path(name).stem, rate_of(track.time_s), [*notes, *said])


def write_face_cap_txt(path: Path, track: FaceTrack, options: WriteOptions) -> list[str]:
    """Write the frames with a face, in the app's own order: some importers do not read names.

    Returns:
        Sentences on what the file cannot hold.

    Raises:
        FacewrightError: ``file-unwritable``.
    """
    seen, told = without_gaps(track)
    count = len(seen)
    weights = seen.weights[:, [INDEX[name] for name in ORDER]]
    table = np.column_stack([seen.head_cm, seen.head_deg, seen.gaze_deg.reshape(count, 4), weights])
    line = ",".join(["k", "%.3f", *["%.6f"] * table.shape[1]]) + "\n"
    # From second 0 on: a take may begin before the face is there.
    start = min(float(track.time_s[0]), 0.0)
    name = re.sub(r'[,"\r\n]', " ", options.name)
    with new_file(path) as file:
        file.write(f"info,{name}\nbs,{','.join(map(short_name, ORDER))}\n")
        for time_s, row in zip(seen.time_s, table.tolist(), strict=True):
            file.write(line % ((time_s - start) * 1000.0, *row))
    return told
