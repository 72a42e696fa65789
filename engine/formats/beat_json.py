# SPDX-License-Identifier: GPL-3.0-or-later
"""The face JSON of the BEAT data set: ``{"names": [N], "frames": [{"weights": [N], "time": s}]}``.

51 names without ``tongueOut`` in BEAT, 52 in files of EmoTalk. A frame's ``rotation`` is not
documented and left alone.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..core.arkit import INDEX, MEDIAPIPE_NAMES
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
from .json_file import load_json, need, numbers
from .weights import arkit_columns, only_weights, without_gaps

_NAMES = (*MEDIAPIPE_NAMES[1:], "tongueOut")


def recognises(_start: bytes, data: bytes) -> bool:
    """Whether a file has the three keys together."""
    return all(key in data for key in (b'"names"', b'"frames"', b'"weights"'))


def read_beat_json(data: bytes, name: str, options: ReadOptions) -> ForeignTake:
    """Read a file. Its times tell the rate; ``options.fps`` takes their place where it is given.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    content = load_json(name, data)
    names = [str(spelled) for spelled in need(name, content, "names", list)]
    frames = need(name, content, "frames", list)
    if not frames:
        raise unreadable(name, "there is no frame in it")
    rows = [need(name, frame, "weights", list) for frame in frames]
    values = numbers(name, rows, "weights", (None, len(names)))
    weights, notes = arkit_columns(name, names, values)
    if options.fps:
        time_s = np.arange(len(values)) / options.fps
    else:
        time_s = numbers(name, [frame.get("time") for frame in frames], "times", (None,))
    track, said = build_track(name, time_s, weights)
    return ForeignTake(track, Path(name).stem, rate_of(track.time_s), [*notes, *said])


def write_beat_json(path: Path, track: FaceTrack, _options: WriteOptions) -> list[str]:
    """Write the frames with a face, in BEAT's order and ``tongueOut`` after it.

    Returns:
        Sentences on what the file cannot hold.

    Raises:
        FacewrightError: ``file-unwritable``.
    """
    seen, told = without_gaps(track)
    rows = np.round(seen.weights[:, [INDEX[name] for name in _NAMES]].astype(np.float64), 7)
    frames = [
        {"weights": row, "time": round(time_s, 9)}
        for row, time_s in zip(rows.tolist(), seen.time_s.tolist(), strict=True)
    ]
    with new_file(path) as file:
        file.write(json.dumps({"names": list(_NAMES), "frames": frames}))
    return [*told, *only_weights(track)]
