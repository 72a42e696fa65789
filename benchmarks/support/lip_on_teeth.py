# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lower lip of the shipped head is to its upper teeth, as F and V need it."""

from __future__ import annotations

import numpy as np

from engine.core.arkit import NAMES
from engine.retarget.head_asset import load_asset

# The middle of the mouth and what lies there, in mm at rest: half its width, the skin in front of
# the teeth, the heights of the lips, the front teeth.
HALF_MM, SKIN_FRONT_MM, TEETH_FRONT_MM = 6.0, -90.0, -88.0
LOWEST_MM, HIGHEST_MM = -45.0, -15.0


def lip_on_teeth_mm(weights: np.ndarray) -> tuple[float, float]:
    """How far the lower lip covers the upper teeth, and how much of them shows above it.

    Args:
        weights: (52,) in ARKit order.

    Returns:
        Millimetres in height: the lip's highest place above the teeth's edge (below 0 where the
        teeth end above the lip), and from there to the upper lip (below 0 where the lips overlap).
    """
    head = load_asset()
    first, end = head.parts["skin"]
    teeth = slice(*head.parts["upper_teeth"])
    rest = head.vertices * 1000
    moved = rest + 1000 * sum(
        float(weight) * head.deltas[name] for name, weight in zip(NAMES, weights, strict=True)
    )
    drop = -1000 * head.deltas["jawOpen"][first:end, 2]
    skin = rest[first:end]
    here = (np.abs(skin[:, 0]) < HALF_MM) & (skin[:, 1] < SKIN_FRONT_MM)
    here &= (skin[:, 2] > LOWEST_MM) & (skin[:, 2] < HIGHEST_MM)
    # What the jaw moves is the lower lip, what it leaves is the upper one.
    lower = moved[first:end][here & (drop > 15), 2].max()
    upper = moved[first:end][here & (drop < 5), 2].min()
    front = (np.abs(rest[teeth, 0]) < HALF_MM) & (rest[teeth, 1] < TEETH_FRONT_MM)
    edge = moved[teeth][front, 2].min()
    return float(lower - edge), float(upper - lower)
