# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON that NVIDIA Audio2Face exports: a matrix of weights at a constant rate.

``{"exportFps", "trackPath", "numPoses", "numFrames", "facsNames": [P], "weightMat": [T][P]}``;
46 names in older versions, 52 in newer ones, always read by name. Older files tell no
``exportFps``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..core.arkit import NAMES
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
from .weights import arkit_columns, at_rate, hold_gaps, only_weights

_USUAL_FPS = 60.0


def recognises(_start: bytes, data: bytes) -> bool:
    """Whether a file has both keys that no other format has."""
    return b'"weightMat"' in data and b'"facsNames"' in data


def read_audio2face_json(data: bytes, name: str, options: ReadOptions) -> ForeignTake:
    """Read an export.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    content = load_json(name, data)
    names = [str(spelled) for spelled in need(name, content, "facsNames", list)]
    matrix = need(name, content, "weightMat", list)
    if not matrix:
        raise unreadable(name, "there is no frame in it")
    values = numbers(name, matrix, "weights", (None, len(names)))
    notes = []
    fps = options.fps
    if fps is None:
        named = content.get("exportFps")
        fps = float(named) if isinstance(named, int | float) and 1 <= named <= 1000 else None
    if fps is None:
        fps = _USUAL_FPS
        notes.append(f"The file tells no frame rate; read at {fps:g}. Name another if it is wrong.")
    weights, told = arkit_columns(name, names, values)
    track, said = build_track(name, np.arange(len(values)) / fps, weights)
    return ForeignTake(track, Path(name).stem, fps, [*notes, *told, *said])


def write_audio2face_json(path: Path, track: FaceTrack, options: WriteOptions) -> list[str]:
    """Write an export with 52 names; frames come at a constant rate.

    Returns:
        Sentences on what the file cannot hold.

    Raises:
        FacewrightError: ``file-unwritable``.
    """
    fps = options.fps or rate_of(track.time_s)
    weights, told = hold_gaps(at_rate(track, fps))
    content = {
        "exportFps": fps,
        "trackPath": options.name,
        "numPoses": len(NAMES),
        "numFrames": len(weights),
        "facsNames": list(NAMES),
        "weightMat": np.round(weights.astype(np.float64), 7).tolist(),
    }
    with new_file(path) as file:
        file.write(json.dumps(content))
    return [*told, *only_weights(track)]
