# SPDX-License-Identifier: GPL-3.0-or-later
"""Response curves as points: presets, and few points for a smooth curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Points = tuple[tuple[float, float], ...]

# A smooth curve is told by straight pieces that stay this near to it.
_TOLERANCE = 0.002
# A preset is for being changed by hand, so it has few points.
_PRESET_TOLERANCE = 0.01
_STEPS = 20
_LINE: Points = ((0.0, 0.0), (1.0, 1.0))


def preset(name: str) -> Points:
    """The points of a response by its name; empty for a straight line.

    Args:
        name: "LINEAR"; "EASE" is slow at both ends, 3 x^2 - 2 x^3; "STRONG" answers early,
            1 - (1 - x)^2; "SOFT" answers late, x^2.

    Raises:
        KeyError: There is none of that name.
    """
    if name == "LINEAR":
        return ()
    x = np.linspace(0, 1, _STEPS + 1)
    y = {"EASE": x * x * (3 - 2 * x), "STRONG": 1 - (1 - x) ** 2, "SOFT": x * x}[name]
    return simplify(list(zip(x.tolist(), y.tolist(), strict=True)), _PRESET_TOLERANCE)


def simplify(points: Sequence[tuple[float, float]], tolerance: float = _TOLERANCE) -> Points:
    """Fewer points of a curve that is straight in between (Douglas and Peucker 1973, upright).

    Args:
        points: (x, y) with increasing x, at least two.
        tolerance: How far, in y, the result may be from the curve at any of the points.

    Returns:
        The first, the last, and those in between that are needed.
    """
    x, y = np.array(points, np.float64).T
    kept = {0, len(x) - 1}
    waiting = [(0, len(x) - 1)]
    while waiting:
        first, last = waiting.pop()
        inner = slice(first + 1, last)
        ends = [first, last]
        off = np.abs(y[inner] - np.interp(x[inner], x[ends], y[ends]))
        if off.size and off.max() > tolerance:
            furthest = first + 1 + int(off.argmax())
            kept.add(furthest)
            waiting += [(first, furthest), (furthest, last)]
    return tuple((round(float(x[i]), 6), round(float(y[i]), 6)) for i in sorted(kept))


def without_line(points: Points) -> Points:
    """The points; none for those of the straight line that is there without any."""
    return () if points == _LINE else points
