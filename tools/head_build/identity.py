# SPDX-License-Identifier: GPL-3.0-or-later
"""Who the head is: a mean of MakeHuman's young adults, with a few facial targets on top."""

from __future__ import annotations

import numpy as np

from .source import Wheel

MALE = 0.55
# height of the cropped hair, decimetres
HAIR_SIDES, HAIR_TOP = 0.035, 0.075
RACES = {"caucasian": 0.45, "african": 0.25, "asian": 0.30}
# target -> weight; ``l-``/``r-`` pairs are written once, with ``*``
DETAILS: dict[str, float] = {
    "eyes/*-eye-scale-incr": 0.20,
    "eyes/*-eye-height2-incr": 0.35,
    "eyes/*-eye-height1-incr": 0.20,
    "mouth/mouth-angles-up": 0.30,
    "ears/*-ear-wing-decr": 0.25,
    "ears/*-ear-scale-decr": 0.1,
    "head/head-oval": 0.25,
}
# share of the eyeWide units in the neutral face, so that it does not look sleepy
LIDS_OPEN = 0.35


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
    for side in ("Left", "Right"):
        total += LIDS_OPEN * wheel.face_unit(f"eyeWide{side}", count)
    return total


def lift_scalp(vertices: np.ndarray, faces: list[list[int]], mask: np.ndarray) -> np.ndarray:
    """Vertices raised along their normals where hair grows, as a short crop stands.

    Args:
        vertices: (N, 3) decimetres.
        faces: polygons.
        mask: (N,) share of hair.
    """
    normals = np.zeros_like(vertices)
    for face in faces:
        corner = vertices[face]
        normal = np.cross(corner[2] - corner[0], corner[-1] - corner[1])
        normals[face] += normal
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    top = np.clip(normals[:, 1], 0, 1)
    return vertices + normals * (mask * (HAIR_SIDES + HAIR_TOP * top))[:, None]
