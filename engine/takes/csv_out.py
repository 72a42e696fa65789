# SPDX-License-Identifier: GPL-3.0-or-later
"""A track as CSV in the manner of Live Link Face.

Columns: ``time_s`` (seconds), ``BlendShapeCount`` (61, or 0 where there is no face; all other
cells of such a row are empty), the 52 weights, then Live Link Face's nine angles in radians,
then the head's angles in degrees and position in centimetres as ``engine.core.types`` has them.
"""

from __future__ import annotations

import contextlib
import csv
from pathlib import Path

import numpy as np

from ..core.arkit import NAMES, live_link_name
from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from .protect import refuse_take

_ANGLES = tuple(
    f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll")
)
_HEAD = ("headPitchDeg", "headYawDeg", "headRollDeg", "headXCm", "headYCm", "headZCm")
HEADER = ("time_s", "BlendShapeCount", *(live_link_name(n) for n in NAMES), *_ANGLES, *_HEAD)
_BLEND_SHAPE_COUNT = len(NAMES) + len(_ANGLES)


def write_csv(path: Path | str, track: FaceTrack) -> None:
    """Write a track, one row a frame, replacing the file only when it is complete.

    Raises:
        FacewrightError: ``csv-unwritable``, or what ``protect.refuse_take`` raises.
    """
    path = Path(path)
    refuse_take(path)
    partial = path.with_name(f"{path.name}.part")
    try:
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            writer.writerows(_rows(track))
        partial.replace(path)
    except OSError as error:
        raise FacewrightError(
            f"{path} cannot be written ({error.strerror}).",
            "Choose a folder that exists, may be written to and has space.",
            "csv-unwritable",
        ) from error
    finally:
        with contextlib.suppress(OSError):  # after Ctrl-C, too
            partial.unlink(missing_ok=True)


def _rows(track: FaceTrack):
    """Text cells of each row; a face is never a repeat of the row before."""
    blank = [""] * (len(HEADER) - 2)
    gaze = np.radians(track.gaze_deg)
    zero = np.zeros(len(track))
    head = np.radians(track.head_deg)
    values = np.column_stack(
        [
            track.weights,
            head[:, [1, 0, 2]],
            *(column for eye in (0, 1) for column in (gaze[:, eye, 1], gaze[:, eye, 0], zero)),
            track.head_deg,
            track.head_cm,
        ]
    )
    for time_s, valid, row in zip(track.time_s, track.valid, values, strict=True):
        if valid:
            yield [f"{time_s:.6f}", _BLEND_SHAPE_COUNT, *(f"{value:.6f}" for value in row)]
        else:
            yield [f"{time_s:.6f}", 0, *blank]
