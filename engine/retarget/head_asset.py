# SPDX-License-Identifier: GPL-3.0-or-later
"""The head that ships with Facewright, as arrays: also what other heads are compared with.

Frame of reference: metres; the head looks along -y, z is up, +x is the actor's left; the origin
is where the head turns on the neck.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.errors import FacewrightError

ASSETS = Path(__file__).resolve().parents[2] / "assets"
ASSET = ASSETS / "facewright_head.npz"


@dataclass(frozen=True)
class HeadAsset:
    """What the asset file holds.

    Attributes:
        vertices: (N, 3) float32, metres.
        face_sizes: (F,) corners of each polygon.
        face_vertices: (C,) vertex of each corner.
        face_materials: (F,) index into ``material_names``.
        uvs: (C, 2) float32.
        material_names: ``skin``, ``eye``...
        neck_weights: (N,) share of the neck bone; the head bone has the rest.
        bones: name -> (head, tail), each (3,) metres.
        parts: name -> (first, end) vertex.
        deltas: ARKit name -> (N, 3) float32 metres, in ARKit order.
    """

    vertices: np.ndarray
    face_sizes: np.ndarray
    face_vertices: np.ndarray
    face_materials: np.ndarray
    uvs: np.ndarray
    material_names: tuple[str, ...]
    neck_weights: np.ndarray
    bones: dict[str, tuple[np.ndarray, np.ndarray]]
    parts: dict[str, tuple[int, int]]
    deltas: dict[str, np.ndarray]


def load_asset(path: Path = ASSET) -> HeadAsset:
    """Read the asset file.

    Raises:
        FacewrightError: the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise FacewrightError(
            f"The head's file {path.name} cannot be read: {error}",
            hint="Install Facewright again.",
            code="head-asset",
        ) from error
    deltas: dict[str, np.ndarray] = {}
    first = 0
    for name, count in zip(data["key_names"], data["key_counts"], strict=True):
        dense = np.zeros_like(data["vertices"])
        end = first + int(count)
        dense[data["key_vertices"][first:end]] = (
            data["key_deltas_mm"][first:end].astype(np.float32) / 1000
        )
        deltas[str(name)] = dense
        first = end
    return HeadAsset(
        vertices=data["vertices"],
        face_sizes=data["face_sizes"].astype(np.int32),
        face_vertices=data["face_vertices"].astype(np.int32),
        face_materials=data["face_materials"].astype(np.int32),
        uvs=data["uvs"],
        material_names=tuple(str(n) for n in data["material_names"]),
        neck_weights=data["neck_weights"].astype(np.float32),
        bones={
            str(n): (p[0], p[1])
            for n, p in zip(data["bone_names"], data["bone_points"], strict=True)
        },
        parts={
            str(n): (int(r[0]), int(r[1]))
            for n, r in zip(data["part_names"], data["part_ranges"], strict=True)
        },
        deltas=deltas,
    )
