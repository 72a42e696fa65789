# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns of weights by other programs' names and orders."""

from __future__ import annotations

import numpy as np

from ..core.arkit import COUNT, NAMES
from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from .foreign_take import MAX_FRAMES, missing_note, pauses_as_gaps, unreadable
from .names import arkit_index


def arkit_columns(name: str, names: list[str], values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Weights in ARKit order, and sentences on what has no place or is missing.

    Args:
        name: The file's.
        names: C names as the file spells them.
        values: float64 (T, C).

    Raises:
        FacewrightError: ``file-unreadable``: none of the names is one of the 52.
    """
    weights = np.zeros((len(values), COUNT))
    found: set[int] = set()
    strange = []
    for column, spelled in enumerate(names):
        index = arkit_index(spelled)
        if index is None:
            strange.append(spelled)
        elif index not in found:
            found.add(index)
            weights[:, index] = values[:, column]
    if not found:
        raise unreadable(name, "none of its names is one of the 52 shapes")
    notes = missing_note(found, NAMES)
    strange = [spelled[:40] for spelled in strange if spelled != "_neutral"]
    if strange:
        listed = ", ".join(strange[:6]) + (" …" if len(strange) > 6 else "")
        notes.append(f"{len(strange)} names are none of the 52 shapes and left out: {listed}.")
    return weights, notes


def fill_holes(values: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A table without empty cells in the rows of a face: one of them must not cost the row.

    Args:
        values: float64 (T, C), an empty cell is NaN.
        seen: bool (T,): rows with a face and at least one weight; others stay as they are.

    Returns:
        The table, where an empty cell lies on the line between the rows beside it and an empty
        column is 0; which columns are empty, bool (C,); and a sentence about cells.
    """
    there = ~np.isnan(values)
    if there[seen].all():
        return values, np.zeros(values.shape[1], bool), []
    empty = ~there[seen].any(axis=0)
    values = np.where(seen[:, None] & empty, 0.0, values)
    holes = seen[:, None] & ~there & ~empty
    count = int(holes.sum())
    for column in np.flatnonzero(holes.any(axis=0)):
        rows = np.flatnonzero(holes[:, column])
        known = np.flatnonzero(seen & np.isfinite(values[:, column]))
        values[rows, column] = np.interp(rows, known, values[known, column]) if len(known) else 0.0
    told = [f"{count} empty cells take the values of the rows beside them."]
    return values, empty, told if count else []


def at_rate(track: FaceTrack, fps: float) -> FaceTrack:
    """The track at whole frames of a rate from its first frame on.

    Between two frames with a face values are on a straight line; else the nearest frame counts.
    A long pause between frames is a gap.

    Args:
        track: At least one frame.
        fps: Frames per second.

    Raises:
        FacewrightError: ``track-too-long``.
    """
    track = pauses_as_gaps(track)
    start, end = float(track.time_s[0]), float(track.time_s[-1])
    count = int(np.floor((end - start) * fps + 1e-3)) + 1
    if count > MAX_FRAMES:
        raise FacewrightError(
            f"At {fps:g} frames/s the take has {count} frames, more than {MAX_FRAMES}.",
            "Write it at a lower frame rate, or in parts.",
            "track-too-long",
        )
    time_s = start + np.arange(count) / fps
    after = np.clip(np.searchsorted(track.time_s, time_s - 1e-9), 0, len(track) - 1)
    before = np.maximum(after - 1, 0)
    span = track.time_s[after] - track.time_s[before]
    share = np.divide(time_s - track.time_s[before], span, out=np.ones(count), where=span > 0).clip(
        0, 1
    )
    nearest = np.where(share < 0.5, before, after)
    between = track.valid[before] & track.valid[after]
    columns = {}
    for name in FaceTrack.SHAPES:
        values = getattr(track, name)
        if name == "time_s":
            columns[name] = time_s
        elif name == "valid":
            columns[name] = values[nearest]
        else:
            wide = share.reshape(-1, *(1,) * (values.ndim - 1))
            mixed = values[before] * (1 - wide) + values[after] * wide
            keep = between.reshape(wide.shape)
            columns[name] = np.where(keep, mixed, values[nearest]).astype(np.float32)
    return FaceTrack(**columns)


def hold_gaps(track: FaceTrack) -> tuple[np.ndarray, list[str]]:
    """Weights (T, 52) of a format that knows no gaps: the last ones stay, 0 before the first.

    Returns:
        The weights, and a sentence if there was a gap.
    """
    last = np.maximum.accumulate(np.where(track.valid, np.arange(len(track)), -1))
    weights = np.where((last >= 0)[:, None], np.nan_to_num(track.weights[last]), 0.0)
    gaps = int((~track.valid).sum())
    told = [f"{gaps} frames without a face hold the values before them: the format has no gaps."]
    return weights, told if gaps else []


def without_gaps(track: FaceTrack) -> tuple[FaceTrack, list[str]]:
    """Only the frames with a face, for formats that tell each frame's time but no gaps."""
    gaps = int((~track.valid).sum())
    told = [f"{gaps} frames without a face are left out: the format has no gaps."]
    return track[track.valid], told if gaps else []


def only_weights(track: FaceTrack) -> list[str]:
    """A sentence, where a track has a head or eyes that turn, for formats without them."""
    turns = any(np.nan_to_num(values).any() for values in (track.head_deg, track.gaze_deg))
    return ["Head and eye angles are not in the file: the format has none."] if turns else []
