# SPDX-License-Identifier: GPL-3.0-or-later
"""The iBUG landmarks on MakeHuman's skin: brows, eyes' rims and lips."""

from __future__ import annotations

import numpy as np

from tools.head_build import mend
from tools.head_build.geometry import Part

# The ring of vertices that is the lids' margin, counted from the seam of the socket; the contact
# of the lips and the border of their red, counted from the seam of the mouth.
_LID, _INNER_LIP, _OUTER_LIP = 2, 2, 6
# Of the left brow from the nose outwards: distance from the middle line and height above the
# middle of the eye, in widths of the eye.
_BROW = ((0.48, 0.76), (0.95, 0.93), (1.45, 0.97), (1.9, 0.87), (2.2, 0.64))


def landmarks(skin: Part, islands: list[str]) -> list[int]:
    """The 68 landmarks as vertices of the skin, -1 for those of jaw and nose.

    Args:
        skin: The skin, in MakeHuman's frame.
        islands: island of the UV layout of each polygon.
    """
    at = skin.vertices
    marks = [-1] * 68
    for side, brow, eye in ((-1, range(21, 16, -1), 36), (1, range(22, 27), 42)):
        rings = mend.rings_around(skin, islands, "socket", side, _LID + 1)
        upper, lower = (rings.ordered(_LID, at, up) for up in (True, False))
        first, width = at[upper[0]], np.ptp(at[upper, 0])
        # iBUG goes around each eye from the actor's right, over the upper lid.
        marks[eye : eye + 6] = [
            int(upper[0]),
            *_nearest_x(at, upper, (0.33, 0.67)),
            int(upper[-1]),
            *_nearest_x(at, lower, (0.67, 0.33)),
        ]
        height = (first[1] + at[upper[-1], 1]) / 2
        for number, (out, up) in zip(brow, _BROW, strict=True):
            place = np.array([side * out * width, height + up * width])
            marks[number] = _in_front(at, place)
    mouth = mend.rings_around(skin, islands, "mouth", 0, _OUTER_LIP + 1)
    steps = {_OUTER_LIP: (48, (0.18, 0.36, 0.5, 0.64, 0.82)), _INNER_LIP: (60, (0.28, 0.5, 0.72))}
    for ring, (start, shares) in steps.items():
        upper, lower = (mouth.ordered(ring, at, up) for up in (True, False))
        line = [
            int(upper[0]),
            *_nearest_x(at, upper, shares),
            int(upper[-1]),
            *_nearest_x(at, lower, shares[::-1]),
        ]
        marks[start : start + len(line)] = line
    return marks


def _nearest_x(at: np.ndarray, line: np.ndarray, shares: tuple[float, ...]) -> list[int]:
    """Vertices of a line at shares of its width."""
    x = at[line, 0]
    goals = x.min() + np.array(shares) * np.ptp(x)
    return [int(line[np.abs(x - goal).argmin()]) for goal in goals]


def _in_front(at: np.ndarray, place: np.ndarray) -> int:
    """The vertex nearest to a place (x, y), seen from the front."""
    front = at[:, 2] > np.quantile(at[:, 2], 0.5)
    return int(np.where(front, np.hypot(*(at[:, :2] - place).T), np.inf).argmin())
