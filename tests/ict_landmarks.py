# SPDX-License-Identifier: GPL-3.0-or-later
"""iBUG's 68 points on ICT-FaceKit's head, and how its shapes move them: another head than ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.core.arkit import NAMES

FILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "ict" / "ict_facekit_light.npz"
# Vertices of the 68 points: README of github.com/ICT-VGL/ICT-FaceKit ("Facial Landmarks", MIT).
VERTICES = (
    *(1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272),
    *(4088, 3443, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942),
    *(4857, 1140, 2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756),
    *(3721, 3725, 3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841),
    *(5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966),
)


def read_ict() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The points at rest, float64 (68, 3), and ARKit name -> displacements (68, 3), cm."""
    with np.load(FILE, allow_pickle=False) as file:
        rest = file["base"][list(VERTICES)].astype(np.float64)
        moves = file["exp"][:, list(VERTICES)].astype(np.float64)
        names = [str(name) for name in file["names"]]
    found: dict[str, np.ndarray] = {}
    for name, move in zip(names, moves, strict=True):
        whole = name.replace("_L", "Left").replace("_R", "Right")
        if whole not in NAMES:  # browInnerUp and cheekPuff have two halves there
            whole = whole.removesuffix("Left").removesuffix("Right")
        found[whole] = found.get(whole, 0) + move
    return rest, found
