# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 keys: MakeHuman's face units, made exactly symmetric, and mended where they are weak.

Frame of reference: MakeHuman's (decimetres, x to the actor's left, y up, z to the viewer).
"""

from __future__ import annotations

import numpy as np

from engine.core.arkit import NAMES, mirror_name

from .geometry import symmetrize
from .source import Wheel

# Degrees the eyeball turns at weight 1. The units turn it 10 to 15 degrees only; people reach
# about 30 to the sides and a little less up and down.
LOOK = {"In": 28.0, "Out": 28.0, "Up": 22.0, "Down": 26.0}
# The lids follow the gaze. For a look upwards the unit raises the lower lid more than the upper
# one; people do it the other way round, so part of eyeWide, which raises the upper lid, is added.
LID_GAIN = {"eyeLookUp": 0.7, "eyeLookDown": 1.15, "eyeLookIn": 1.5, "eyeLookOut": 1.5}
LOOK_UP_WIDE = 0.9
# Units that hardly read at the size of a thumbnail.
GAIN = {"browInnerUp": 1.4, "cheekSquintLeft": 1.2, "cheekSquintRight": 1.2}


def symmetric_units(wheel: Wheel, count: int, mirror: np.ndarray) -> dict[str, np.ndarray]:
    """All 52 units as (count, 3) deltas; each Left key is exactly the mirror image of its Right."""
    raw = {name: wheel.face_unit(name, count) for name in NAMES}
    units = {name: symmetrize(raw[name], raw[mirror_name(name)], mirror) for name in NAMES}
    for name, gain in GAIN.items():
        units[name] = units[name] * gain
    for stem, gain in LID_GAIN.items():
        for side in ("Left", "Right"):
            units[stem + side] = units[stem + side] * gain
    for side in ("Left", "Right"):
        units[f"eyeLookUp{side}"] += LOOK_UP_WIDE * units[f"eyeWide{side}"]
    return units


def eye_turns(side: int) -> dict[str, tuple[str, float]]:
    """Rotation of one eyeball in each eyeLook key: name -> (axis, degrees).

    Args:
        side: +1 for the actor's left eye, -1 for the right.
    """
    name = "Left" if side > 0 else "Right"
    # About y, a positive angle turns the gaze (along +z) towards +x, the actor's left.
    return {
        f"eyeLookIn{name}": ("y", -LOOK["In"] * side),
        f"eyeLookOut{name}": ("y", LOOK["Out"] * side),
        f"eyeLookUp{name}": ("x", -LOOK["Up"]),
        f"eyeLookDown{name}": ("x", LOOK["Down"]),
    }
