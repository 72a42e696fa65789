# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSV of Live Link Face, of programs that imitate it, and of ``engine.takes.csv_out``.

Header ``Timecode,BlendShapeCount,`` 52 names, nine angles; rows ``HH:MM:SS:FF.sub,61,…``. Columns
are found by name, in any case and order: the app's own order has ``JawRight`` before ``JawLeft``
and ``MouthRight`` before ``MouthLeft``, unlike its packets. ``BlendShapeCount`` 0 is a row without
a face. ``Timecode`` may also be the number of a frame; ``FrameRate`` (Unreal's own writer) tells
the rate. With ``headPitchDeg`` the file is one of ours: its times are ``time_s`` and its angles
have our signs (``core.types.FaceTrack``); else ``live_link_angles`` tells the signs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.arkit import COUNT, INDEX, NAMES, live_link_name
from ..core.types import FaceTrack
from .foreign_take import (
    ForeignTake,
    ReadOptions,
    Start,
    WriteOptions,
    build_track,
    missing_note,
    new_file,
    rate_of,
    unreadable,
)
from .live_link_angles import ANGLES, from_live_link, to_live_link
from .names import arkit_index
from .table import Table, open_text, read_header, read_table, rows_of
from .timecode import (
    Counting,
    counting_of,
    find_counting,
    label_of,
    parse_labels,
    seconds_of,
    start_of,
)
from .weights import fill_holes

_OWN = ("headPitchDeg", "headYawDeg", "headRollDeg", "headXCm", "headYCm", "headZCm")
_USUAL_FPS = 60.0
# The app's order: as ``NAMES`` but right before left where a thing moves as a whole.
_SWAPPED = {"jawLeft": "jawRight", "mouthLeft": "mouthRight"}
_SWAPPED |= {right: left for left, right in _SWAPPED.items()}
ORDER = tuple(_SWAPPED.get(name, name) for name in NAMES)
HEADER = ("Timecode", "BlendShapeCount", *(live_link_name(name) for name in ORDER), *ANGLES)


def recognises(start: bytes, _data: bytes) -> bool:
    """Whether the first line of a file has the names of times and of shapes."""
    line = start.split(b"\n", 1)[0].replace(b"\0", b"").lower()
    timed = b"timecode" in line or b"time_s" in line
    return timed and b"{" not in line and any(name.lower().encode() in line for name in NAMES)


def read_live_link_csv(data: bytes, name: str, options: ReadOptions) -> ForeignTake:
    """Read a CSV.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    rows = rows_of(name, open_text(name, data))
    columns = read_header(name, rows)
    time_column = columns.get("time_s", columns.get("timecode"))
    if time_column is None:
        raise unreadable(name, 'it has no column "Timecode"')
    shapes = {}
    for cell, column in columns.items():
        index = arkit_index(cell)
        if index is not None:
            shapes.setdefault(index, column)
    if not shapes:
        raise unreadable(name, "none of its columns is one of the 52 shapes")
    others = [cell for cell in ("blendshapecount", "framerate") if cell in columns]
    angles = [cell.lower() for cell in ANGLES if cell.lower() in columns]
    own = [cell.lower() for cell in _OWN]
    own = own if all(cell in columns for cell in own) else []
    cells = [*others, *angles, *own]
    wanted = [*shapes.values(), *(columns[cell] for cell in cells)]
    # itemgetter gives a bare cell for one column: the time is no number, but always there.
    table = read_table(name, rows, time_column, wanted if len(wanted) > 1 else wanted * 2)
    if not table.texts:
        raise unreadable(name, "it has a header and no rows")
    rest = len(shapes) + len(others)
    value = dict(zip(others, table.numbers[:, len(shapes) : rest].T, strict=False))
    # A row without a count has a face if it has weights.
    valid = ~(value["blendshapecount"] <= 0) if "blendshapecount" in value else None
    weighted = ~np.isnan(table.numbers[:, : len(shapes)]).all(axis=1)
    seen = weighted if valid is None else weighted & valid
    measured = np.delete(table.numbers, np.s_[len(shapes) : rest], axis=1)
    measured, empty, filled = fill_holes(measured, seen)
    weights = np.zeros((len(table.texts), COUNT))
    weights[:, list(shapes)] = measured[:, : len(shapes)]
    notes = missing_note(
        {shape for shape, gone in zip(shapes, empty, strict=False) if not gone}, NAMES
    )
    value |= dict(zip([*angles, *own], measured[:, len(shapes) :].T, strict=False))
    turns = np.zeros((len(table.texts), len(ANGLES)))
    for index, cell in enumerate(ANGLES):
        if cell.lower() in value:
            turns[:, index] = value[cell.lower()]
    gone = sum(empty[len(shapes) : len(shapes) + len(angles)])
    if len(angles) - gone < len(ANGLES):
        notes.append("Not all angles of head and eyes are in the file; the others rest.")
    head_deg, gaze_deg = from_live_link(turns)
    head_cm = None
    if own:
        head_deg = np.stack([value[cell] for cell in own[:3]], axis=1)
        head_cm = np.stack([value[cell] for cell in own[3:]], axis=1)
        eyes = np.degrees(turns[:, 3:]).reshape(-1, 2, 3)
        gaze_deg = eyes[:, :, [1, 0]]
    fps = options.fps
    if fps is None and "framerate" in value:
        fps = _named_rate(value["framerate"])
    time_s, label, start, told = _times(name, table, "time_s" in columns, fps)
    track, said = build_track(
        name,
        time_s,
        weights,
        valid=valid,
        head_deg=head_deg,
        head_cm=head_cm,
        gaze_deg=gaze_deg,
    )
    notes = [*told, *notes, *filled, *said]
    return ForeignTake(track, Path(name).stem, rate_of(track.time_s), notes, label, start)


def write_live_link_csv(path: Path, track: FaceTrack, options: WriteOptions) -> list[str]:
    """Write a CSV as the app does; a frame without a face has BlendShapeCount 0 and zeros.

    Returns:
        Sentences on what the file cannot hold.

    Raises:
        FacewrightError: ``file-unwritable``.
    """
    counting = _counting_to_write(options)
    time_s = track.time_s - min(float(track.time_s[0]), 0.0)
    if options.start:
        time_s = time_s + options.start.seconds
    numbers = time_s * float(counting.rate)
    turns = to_live_link(track.head_deg, track.gaze_deg)
    order = [INDEX[name] for name in ORDER]
    values = np.nan_to_num(np.concatenate([track.weights[:, order], turns], axis=1))
    count = COUNT + len(ANGLES)
    line = ",".join(["%s", "%d", *["%.10f"] * count]) + "\n"
    with new_file(path) as file:
        file.write(",".join(HEADER) + "\n")
        for number, valid, row in zip(numbers, track.valid, values.tolist(), strict=True):
            file.write(line % (label_of(number, counting), count if valid else 0, *row))
    lost = []
    if np.nan_to_num(track.head_cm).any():
        lost.append("The position of the head is not in the file: the format has none.")
    return lost


def _counting_to_write(options: WriteOptions) -> Counting:
    """The counting that was asked for, else that of the file that the take came from."""
    start = options.start
    asked = counting_of(options.fps or _USUAL_FPS, drop=True)
    if start and (not options.fps or asked.rate == start.rate):
        return Counting(max(1, round(start.rate)), start.rate, start.drop)
    return asked


def _named_rate(column: np.ndarray) -> float | None:
    """The rate of a column FrameRate, if it is one."""
    rate = float(column[0])
    return rate if 1.0 <= rate <= 1000.0 else None


def _times(
    name: str, table: Table, is_seconds: bool, fps: float | None
) -> tuple[np.ndarray, str, Start | None, list[str]]:
    """Seconds (T,), the timecode of the first row or empty, as a time, and sentences."""
    if is_seconds:
        return _numbers(name, table.texts), "", None, []
    if ":" in table.texts[0]:
        labels = parse_labels(name, table.texts)
        counting, told = find_counting(labels, fps)
        time_s = seconds_of(name, labels, counting)
        return time_s, table.texts[0].strip(), start_of(labels, counting), [told]
    frames = _numbers(name, table.texts)
    rate = float(counting_of(fps or _USUAL_FPS).rate)
    told = "as asked for" if fps else "a guess; name another rate if that is wrong"
    return (
        (frames - frames[0]) / rate,
        "",
        None,
        [f"Its timecode is the number of a frame, read at {rate:g} frames/s ({told})."],
    )


def _numbers(name: str, texts: list[str]) -> np.ndarray:
    try:
        return np.array([float(text) for text in texts])
    except ValueError as error:
        raise unreadable(name, f"a time is no number ({error})") from None
