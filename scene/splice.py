# SPDX-License-Identifier: GPL-3.0-or-later
"""New keys between those of an F-curve, the curve outside keeping its shape.

Keys are dictionaries of arrays as ``keyframes.read_keys`` gives them.
"""

from __future__ import annotations

import numpy as np

from ..engine.retarget.bezier import split_segment

# Values of the enumerations in Blender's DNA (BezTriple.ipo, .h1).
LINEAR, BEZIER = 1, 2
FREE, AUTO, ALIGNED, AUTO_CLAMPED = 0, 1, 3, 4
# Handles that Blender places anew when a neighbour changes.
_MOVED_BY_NEIGHBOURS = (AUTO, ALIGNED, AUTO_CLAMPED)
# Blender's own tolerance of a key's frame is a little more.
TOLERANCE = 0.005
# What of a key says how the curve goes on after it.
_ONWARD = ("interpolation", "easing", "back", "amplitude", "period")

Keys = dict[str, np.ndarray]


def splice(old: Keys, new: Keys) -> tuple[Keys, np.ndarray]:
    """Puts new keys in place of the old ones between the first and the last new frame.

    The first and the last new key must lie on the old curve. There the old curve is cut as a
    knife would: a Bezier segment becomes two of the same shape. That takes the handles that look
    towards the cut, which become free ones; the keys themselves stay.

    Args:
        old: All keys of the curve.
        new: At least one key, frames increasing.

    Returns:
        All keys, and a bool (n,) mask of those whose handles must stay where they are.
    """
    old = {name: values.copy() for name, values in old.items()}
    new = {name: values.copy() for name, values in new.items()}
    frames = old["co"][:, 0]
    first, last = float(new["co"][0, 0]), float(new["co"][-1, 0])
    before = np.flatnonzero(frames < first - TOLERANCE)
    after = np.flatnonzero(frames > last + TOLERANCE)
    # The end before the start: where one segment reaches across both, each is cut off the whole.
    whole = {name: values.copy() for name, values in old.items()}
    _end(whole, old, new, last)
    _start(whole, old, new, first)
    merged = {
        name: np.concatenate((old[name][before], new[name], old[name][after])) for name in old
    }
    outside = np.ones(len(merged["co"]), bool)
    outside[len(before) : len(before) + len(new["co"])] = False
    return merged, outside


def _start(whole: Keys, old: Keys, new: Keys, first: float) -> None:
    """Lets the curve come into the first new key as it went there before."""
    frames = whole["co"][:, 0]
    there, left, right = _around(frames, first)
    if there is not None:
        new["type"][0] = whole["type"][there]
        new["handle_left"][0] = whole["handle_left"][there]
        new["handle_left_type"][0] = whole["handle_left_type"][there]
        if there > 0 and whole["interpolation"][there - 1] == BEZIER:
            _hold(new, 0, "handle_left")
        return
    if left is None:
        return
    if left > 0 and whole["interpolation"][left - 1] == BEZIER:
        _hold(old, left, "handle_left")
    if whole["interpolation"][left] != BEZIER:
        return
    cut = _cut_at(whole, left, right, new["co"][0])
    _place(old, left, "handle_right", cut[1])
    _place(new, 0, "handle_left", cut[2])


def _end(whole: Keys, old: Keys, new: Keys, last: float) -> None:
    """Lets the curve leave the last new key as it did before."""
    frames = whole["co"][:, 0]
    there, left, right = _around(frames, last)
    if there is not None:
        new["type"][-1] = whole["type"][there]
        new["handle_right"][-1] = whole["handle_right"][there]
        new["handle_right_type"][-1] = whole["handle_right_type"][there]
        _go_on_as(new, whole, there)
        if there + 1 < len(frames) and whole["interpolation"][there] == BEZIER:
            _hold(new, -1, "handle_right")
        return
    if right is None:
        return
    if whole["interpolation"][right] == BEZIER:
        _hold(old, right, "handle_right")
    if left is None:  # the curve was extrapolated to here, in a straight line
        new["interpolation"][-1] = LINEAR
        return
    _go_on_as(new, whole, left)
    if whole["interpolation"][left] == BEZIER:
        cut = _cut_at(whole, left, right, new["co"][-1])
        _place(new, -1, "handle_right", cut[4])
        _place(old, right, "handle_left", cut[5])


def _around(frames: np.ndarray, frame: float) -> tuple[int | None, int | None, int | None]:
    """The key on a frame, or else the keys on both sides of it; None where there is none."""
    on = np.flatnonzero(np.abs(frames - frame) <= TOLERANCE)
    if len(on):
        return int(on[0]), None, None
    place = int(np.searchsorted(frames, frame))
    return None, place - 1 if place > 0 else None, place if place < len(frames) else None


def _cut_at(whole: Keys, left: int, right: int | None, key: np.ndarray) -> np.ndarray:
    """The segment after a key, cut at a new key; beyond the last key it is a straight line."""
    start = whole["co"][left].astype(np.float64)
    if right is None:
        return start + np.linspace(0, 2, 7)[:, None] * (key - start)
    points = [start, whole["handle_right"][left], whole["handle_left"][right], whole["co"][right]]
    return split_segment(np.array(points), float(key[0]))


def _place(keys: Keys, row: int, handle: str, at: np.ndarray) -> None:
    keys[handle][row] = at
    keys[f"{handle}_type"][row] = FREE


def _hold(keys: Keys, row: int, handle: str) -> None:
    """Frees a handle that Blender would move otherwise."""
    if keys[f"{handle}_type"][row] in _MOVED_BY_NEIGHBOURS:
        keys[f"{handle}_type"][row] = FREE


def _go_on_as(new: Keys, whole: Keys, row: int) -> None:
    for name in _ONWARD:
        new[name][-1] = whole[name][row]
