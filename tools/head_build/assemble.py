# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins the parts into one mesh in Blender's frame and writes the asset file."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.arkit import NAMES

from .geometry import Part
from .source import PACKAGE, WHEEL_SHA256

MATERIALS = ("skin", "eye", "iris", "pupil", "teeth", "mouth", "lash")
# Deltas below this length (metres) are dropped from the sparse keys.
EPSILON = 2e-6


@dataclass(frozen=True)
class Head:
    """The whole head in Blender's frame: metres, x the actor's left, -y the view, z up.

    Attributes:
        vertices: (N, 3).
        faces: vertex indices of each polygon.
        uvs: (corners, 2).
        materials: (faces,) index into ``MATERIALS``.
        deltas: key -> (N, 3).
        ranges: part name -> (first, end) vertex.
    """

    vertices: np.ndarray
    faces: list[list[int]]
    uvs: np.ndarray
    materials: np.ndarray
    deltas: dict[str, np.ndarray]
    ranges: dict[str, tuple[int, int]]


def to_blender(values: np.ndarray) -> np.ndarray:
    """Decimetres, y up, z forward -> metres, z up, -y forward. Works for points and offsets."""
    return np.stack([values[..., 0], -values[..., 2], values[..., 1]], -1) * 0.1


def join(parts: dict[str, Part], origin: np.ndarray) -> Head:
    """Put the parts into one mesh whose origin is ``origin`` (3,), MakeHuman's frame."""
    total = sum(len(p.vertices) for p in parts.values())
    deltas = {name: np.zeros((total, 3)) for name in NAMES}
    vertices, faces, uvs, materials, ranges, first = [], [], [], [], {}, 0
    for name, part in parts.items():
        end = first + len(part.vertices)
        ranges[name] = (first, end)
        vertices.append(to_blender(part.vertices - origin))
        faces += [[i + first for i in face] for face in part.faces]
        uvs += part.uvs
        materials += [MATERIALS.index(m) for m in part.materials()]
        for key, delta in part.deltas.items():
            deltas[key][first:end] = to_blender(delta)
        first = end
    return Head(
        np.concatenate(vertices),
        faces,
        np.concatenate(uvs),
        np.array(materials, np.uint8),
        deltas,
        ranges,
    )


def write_asset(
    head: Head, bones: dict[str, list[list[float]]], neck: np.ndarray, path: Path
) -> None:
    """Write the compressed asset.

    Args:
        head: the joined mesh.
        bones: name -> [head, tail], metres.
        neck: (N,) weight of the neck bone; the head bone has the rest.
        path: the ``.npz`` file.
    """
    arrays: dict[str, np.ndarray] = {
        "vertices": head.vertices.astype("<f4"),
        "face_sizes": np.array([len(f) for f in head.faces], "u1"),
        "face_vertices": np.array([i for f in head.faces for i in f], "<u2"),
        "face_materials": head.materials,
        "uvs": head.uvs.astype("<f4"),
        "material_names": np.array(MATERIALS),
        "neck_weights": neck.astype("<f2"),
        "key_names": np.array(NAMES),
        "bone_names": np.array(list(bones)),
        "bone_points": np.array(list(bones.values()), "<f4"),
        "part_names": np.array(list(head.ranges)),
        "part_ranges": np.array(list(head.ranges.values()), "<u4"),
    }
    counts, indices, offsets = [], [], []
    for name in NAMES:
        moved = np.flatnonzero(np.linalg.norm(head.deltas[name], axis=1) > EPSILON)
        counts.append(len(moved))
        indices.append(moved)
        # Millimetres: float16 then resolves better than 0.01 mm at 20 mm.
        offsets.append(head.deltas[name][moved] * 1000)
    arrays["key_counts"] = np.array(counts, "<u4")
    arrays["key_vertices"] = np.concatenate(indices).astype("<u2")
    arrays["key_deltas_mm"] = np.concatenate(offsets).astype("<f2")
    path.parent.mkdir(parents=True, exist_ok=True)
    # zipfile instead of np.savez: fixed time stamps, so the same head gives the same bytes.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (2020, 1, 1, 0, 0, 0)),
                buffer.getvalue(),
                zipfile.ZIP_DEFLATED,
                9,
            )


def write_record(folder: Path, names: tuple[str, ...]) -> None:
    """Write ``facewright_head.json``: origin, licence and the sha256 of each file."""
    record = {
        "licence": "CC0-1.0",
        "origin": "MakeHuman base mesh hm08, macro targets and Face Units pack (all CC0)",
        "taken_from": PACKAGE,
        "taken_from_sha256": WHEEL_SHA256,
        "written_by": "tools/build_head.py",
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names},
    }
    (folder / "facewright_head.json").write_text(json.dumps(record, indent=2) + "\n")
