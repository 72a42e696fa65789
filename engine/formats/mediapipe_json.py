# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumps of MediaPipe's face landmarker results. There is no standard; these layouts are usual:

- frames as a list, as ``{"frames": [...]}`` or ``{"results": [...]}``, or one on each line;
- in a frame ``faceBlendshapes`` (JavaScript) or ``face_blendshapes`` (Python), one entry a face:
  a list of categories or ``{"categories": [...]}``; or ``blendshapes`` with such a list or with
  scores by name; a category is ``{"categoryName" or "category_name", "score"}``;
- times as ``timestampMs``, ``timestamp_ms``, ``timestamp``, ``time`` and the like;
- ``facialTransformationMatrixes``, canonical face to camera: the head.

A frame without a face, an empty list, is a gap. The first face counts.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..core.arkit import COUNT, NAMES
from ..core.axes import euler_deg, rotation_from_euler_deg
from ..core.types import FaceTrack
from .foreign_take import (
    ForeignTake,
    ReadOptions,
    WriteOptions,
    build_track,
    missing_note,
    new_file,
    rate_of,
    unreadable,
)
from .json_file import load_json
from .names import arkit_index

_USUAL_FPS = 30.0
# Keys of times, with seconds in a unit; None: the steps tell.
_TIMES = {
    "timestampMs": 1e-3,
    "timestamp_ms": 1e-3,
    "timeMs": 1e-3,
    "time_ms": 1e-3,
    "time_s": 1.0,
    "seconds": 1.0,
    "timestamp": None,
    "time": None,
    "t": None,
}
_SHAPES = ("faceBlendshapes", "face_blendshapes", "blendshapes", "blendShapes")
_HEADS = (
    "facialTransformationMatrixes",
    "facial_transformation_matrixes",
    "facialTransformationMatrices",
)


def recognises(_start: bytes, data: bytes) -> bool:
    """Whether one of the keys of results is there."""
    return any(f'"{key}"'.encode() in data for key in _SHAPES) or b'"categoryName"' in data


def read_mediapipe_json(data: bytes, name: str, options: ReadOptions) -> ForeignTake:
    """Read a dump.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    content = load_json(name, data)
    frames = _frames(name, content)
    count = len(frames)
    weights = np.zeros((count, COUNT))
    valid = np.zeros(count, bool)
    head = np.zeros((count, 4, 4))
    head[:] = np.eye(4)
    found: set[int] = set()
    for row, frame in enumerate(frames):
        scores = _scores(name, frame)
        valid[row] = bool(scores)
        for spelled, score in scores.items():
            index = arkit_index(spelled)
            if index is not None:
                weights[row, index] = score
                found.add(index)
        matrix = _matrix(frame)
        if matrix is not None:
            head[row] = matrix
    if not found:
        raise unreadable(name, "no frame of it has one of the 52 shapes")
    notes = missing_note(found, NAMES)
    fps = options.fps
    if fps is None and isinstance(content, dict) and isinstance(content.get("fps"), int | float):
        fps = float(content["fps"]) if 1 <= content["fps"] <= 1000 else None
    time_s = None if options.fps else _times(name, frames)
    if time_s is None:
        if fps is None:
            notes.append(f"The file tells no times; read at {_USUAL_FPS:g} frames/s.")
        time_s = np.arange(count) / (fps or _USUAL_FPS)
    track, said = build_track(
        name,
        time_s,
        weights,
        valid=valid,
        head_deg=euler_deg(head[:, :3, :3]),
        head_cm=head[:, :3, 3],
    )
    return ForeignTake(track, Path(name).stem, rate_of(track.time_s), [*notes, *said])


def write_mediapipe_json(path: Path, track: FaceTrack, _options: WriteOptions) -> list[str]:
    """Write results in the JavaScript layout, ``{"frames": [...]}`` with ``timestampMs``.

    Returns:
        Sentences on what the file cannot hold.

    Raises:
        FacewrightError: ``file-unwritable``.
    """
    rows = np.round(np.nan_to_num(track.weights).astype(np.float64), 7).tolist()
    matrix = np.zeros((len(track), 4, 4))
    matrix[:, :3, :3] = rotation_from_euler_deg(np.nan_to_num(track.head_deg))
    matrix[:, :3, 3] = np.nan_to_num(track.head_cm)
    matrix[:, 3, 3] = 1.0
    # MediaPipe packs columns.
    packed = np.round(matrix.transpose(0, 2, 1).reshape(-1, 16), 9).tolist()
    with new_file(path) as file:
        file.write('{"frames": [\n')
        for number, (time_s, valid) in enumerate(zip(track.time_s, track.valid, strict=True)):
            categories = [
                {"index": index, "score": score, "categoryName": name, "displayName": ""}
                for index, (name, score) in enumerate(zip(NAMES, rows[number], strict=True))
            ]
            face = {"categories": categories, "headIndex": -1, "headName": ""}
            head = {"rows": 4, "columns": 4, "data": packed[number]}
            frame = {
                "timestampMs": round(time_s * 1000.0, 6),
                "faceBlendshapes": [face] if valid else [],
                "facialTransformationMatrixes": [head] if valid else [],
            }
            file.write(("" if number == 0 else ",\n") + json.dumps(frame))
        file.write("\n]}\n")
    if np.nan_to_num(track.gaze_deg).any():
        return ["Eye angles are not in the file: the format has none."]
    return []


def _frames(name: str, content: object) -> list[dict]:
    if isinstance(content, dict):
        inner = next(
            (content[key] for key in ("frames", "results") if isinstance(content.get(key), list)),
            [content],
        )
    else:
        inner = content
    if not isinstance(inner, list) or not inner:
        raise unreadable(name, "there is no list of frames in it")
    if not all(isinstance(frame, dict) for frame in inner):
        raise unreadable(name, "a frame of it is no object")
    return inner


def _scores(name: str, frame: dict) -> dict[str, float]:
    """Scores of the first face by name; empty without a face."""
    shapes = next((frame[key] for key in _SHAPES if frame.get(key)), None)
    # A list of faces, of which one may be a list of categories in its turn.
    while isinstance(shapes, list) and shapes and not _is_category(shapes[0]):
        shapes = shapes[0]
        if isinstance(shapes, dict) and isinstance(shapes.get("categories"), list):
            shapes = shapes["categories"]
    if isinstance(shapes, dict) and isinstance(shapes.get("categories"), list):
        shapes = shapes["categories"]
    if not shapes:
        return {}
    if isinstance(shapes, dict):
        pairs = list(shapes.items())
    elif isinstance(shapes, list) and all(map(_is_category, shapes)):
        pairs = [(c.get("categoryName", c.get("category_name")), c.get("score")) for c in shapes]
    else:
        raise unreadable(name, "the blend shapes of a frame are neither scores nor categories")
    scores = {}
    for spelled, score in pairs:
        if not isinstance(spelled, str) or not isinstance(score, int | float):
            raise unreadable(name, "a score in it has no name or is no number")
        # An integer may be larger than any float.
        scores[spelled] = score if abs(score) < 1e9 else np.inf
    return scores


def _is_category(entry: object) -> bool:
    return isinstance(entry, dict) and ("categoryName" in entry or "category_name" in entry)


def _matrix(frame: dict) -> np.ndarray | None:
    """The head's transform (4, 4), or None where it is not there."""
    entry = next((frame[key] for key in _HEADS if frame.get(key)), None)
    if isinstance(entry, list) and entry and not isinstance(entry[0], int | float):
        entry = entry[0]
    if isinstance(entry, dict):
        entry = entry.get("data")
    packed = not (isinstance(entry, list) and entry and isinstance(entry[0], list))
    try:
        matrix = np.array(entry, np.float64).reshape(4, 4)
    except (TypeError, ValueError, OverflowError):
        return None
    # Packed numbers come by columns, nested lists by rows; a distance tells otherwise.
    by_columns = np.abs(matrix[3, :3]).max() > 1e-6
    if packed and np.abs(matrix[:3, 3]).max() <= 1e-6:
        by_columns = True
    if by_columns:
        matrix = matrix.T
    return matrix if np.isfinite(matrix).all() else None


def _times(name: str, frames: list[dict]) -> np.ndarray | None:
    """Seconds (T,) from the first frame on, or None where frames have no times."""
    key = next((key for key in _TIMES if key in frames[0]), None)
    if key is None:
        return None
    try:
        times = np.array([frame.get(key) for frame in frames], np.float64)
    except (TypeError, ValueError, OverflowError):
        raise unreadable(name, f'"{key}" is not a number in every frame') from None
    if times.ndim != 1:
        raise unreadable(name, f'"{key}" is not a number in every frame')
    unit = _TIMES[key]
    if unit is None:
        step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
        # Microseconds, milliseconds or seconds: a face is seen 1 to 1000 times a second.
        unit = 1e-6 if step > 2000.0 else 1e-3 if step > 1.0 else 1.0
    return (times - times[0]) * unit
