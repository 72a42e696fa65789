# SPDX-License-Identifier: GPL-3.0-or-later
"""The binary records of a take: one for each frame's small columns, one for what is large.

``docs/take_format.md`` has the layout. Records of the first schema are still read.
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import COUNT
from ..core.types import APPEARANCE, LANDMARKS, FaceTrack, Observations

SCHEMA = "FacewrightTake.2"
FIRST_SCHEMA = "FacewrightTake.1"

_SEEN = [
    ("time_s", "<f8"),
    ("valid", "u1"),
    ("presence", "<f4"),
    ("scores", "<f4", (COUNT,)),
    ("head", "<f4", (4, 4)),
]
_SOLVED = [
    ("confidence", "<f4"),
    ("channel_confidence", "<f2", (COUNT,)),
    ("weights", "<f4", (COUNT,)),
    ("head_deg", "<f4", (3,)),
    ("head_cm", "<f4", (3,)),
    ("gaze_deg", "<f4", (2, 2)),
]
# Landmarks as 16-bit steps of the face's own extent: 0.005 pixels on a face of 300 pixels,
# far below the networks' noise, at half the size of float32.
_POINTS = [("centre", "<f4", (3,)), ("step", "<f4"), ("offset", "<i2", (LANDMARKS, 3))]
_STEPS = 32767

FRAME = np.dtype(_SEEN + _SOLVED)
LARGE = np.dtype([*_POINTS, ("appearance", "<f2", (APPEARANCE,))])
_FIRST_FRAME = np.dtype(_SEEN + [column for column in _SOLVED if column[0] != "channel_confidence"])
_FIRST_LARGE = np.dtype(_POINTS)

_SEEN_NAMES = tuple(column[0] for column in _SEEN)
_SOLVED_NAMES = tuple(column[0] for column in _SOLVED)


def frame_records(data: bytes, schema: str) -> np.ndarray:
    """Records ``FRAME`` (T,) of a block, whatever schema it was written in."""
    if schema == SCHEMA:
        return np.frombuffer(data, FRAME)
    old = np.frombuffer(data, _FIRST_FRAME)
    records = np.empty(len(old), FRAME)
    for name in old.dtype.names:
        records[name] = old[name]
    records["channel_confidence"] = np.where(old["valid"][:, None] > 0, 1.0, np.nan)
    return records


def large_records(data: bytes, schema: str) -> np.ndarray:
    """Records ``LARGE`` (T,) of a block, whatever schema it was written in."""
    if schema == SCHEMA:
        return np.frombuffer(data, LARGE)
    old = np.frombuffer(data, _FIRST_LARGE)
    records = np.empty(len(old), LARGE)
    for name in old.dtype.names:
        records[name] = old[name]
    records["appearance"] = np.nan
    return records


def pack_frames(observations: Observations, track: FaceTrack) -> np.ndarray:
    """Records ``FRAME`` (T,)."""
    records = np.empty(len(observations), FRAME)
    for name in _SEEN_NAMES:
        records[name] = getattr(observations, name)
    pack_track(records, track)
    return records


def pack_values(track: FaceTrack) -> np.ndarray:
    """Records ``FRAME`` (T,) of values that were not tracked here: nothing was seen."""
    records = np.empty(len(track), FRAME)
    records["time_s"], records["valid"] = track.time_s, track.valid
    records["presence"] = track.valid
    records["scores"] = records["head"] = np.nan
    pack_track(records, track)
    return records


def pack_track(records: np.ndarray, track: FaceTrack) -> None:
    """Put solved values into records ``FRAME`` (T,)."""
    for name in _SOLVED_NAMES:
        records[name] = getattr(track, name)


def unpack_track(records: np.ndarray) -> FaceTrack:
    """The solved values of records ``FRAME`` (T,)."""
    return FaceTrack(
        records["time_s"].astype(np.float64),
        records["valid"].astype(bool),
        *(records[name].astype(np.float32) for name in _SOLVED_NAMES),
    )


def pack_large(observations: Observations) -> np.ndarray:
    """Records ``LARGE`` (T,); a frame without a face has step NaN."""
    landmarks = observations.landmarks
    records = np.zeros(len(landmarks), LARGE)
    lowest, highest = landmarks.min(axis=1), landmarks.max(axis=1)
    centre = (lowest + highest) / 2
    step = (highest - lowest).max(axis=1) / 2 / _STEPS
    records["centre"], records["step"] = centre, step
    scaled = (landmarks - centre[:, None]) / np.maximum(step, 1e-12)[:, None, None]
    records["offset"] = np.rint(np.nan_to_num(scaled)).astype("<i2")
    records["appearance"] = observations.appearance
    return records


def unpack_observations(index: np.ndarray, records: np.ndarray, large: np.ndarray) -> Observations:
    """What was seen in T frames.

    Args:
        index: int64 (T,), numbers of the frames.
        records: ``FRAME`` (T,).
        large: ``LARGE`` (T,).
    """
    offset = large["offset"].astype(np.float32)
    return Observations(
        index,
        records["time_s"].astype(np.float64),
        records["valid"].astype(bool),
        records["presence"].astype(np.float32),
        large["centre"][:, None] + offset * large["step"][:, None, None],
        records["scores"].astype(np.float32),
        records["head"].astype(np.float32),
        large["appearance"].astype(np.float32),
    )
