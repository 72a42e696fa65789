# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes and shapes on their way between Blender and the worker: arrays in one .npz file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import FacewrightError


@dataclass(frozen=True)
class MeshArrays:
    """One object of a character at rest.

    Attributes:
        name: The object's name, unique.
        vertices: float64 (N, 3), in axes that all objects share: the character looks along -y,
            z is up, +x is its left.
        face_sizes: int32 (F,), corners of each polygon.
        face_vertices: int32 (C,), vertex of each corner.
        role: What the person says it is, or "auto" (``retarget.transfer.request.ROLES``).
    """

    name: str
    vertices: np.ndarray
    face_sizes: np.ndarray
    face_vertices: np.ndarray
    role: str = "auto"


# Object -> ARKit name -> float32 (N, 3) displacements.
Shapes = Mapping[str, Mapping[str, np.ndarray]]


def write_meshes(path: str | Path, meshes: Iterable[MeshArrays]) -> None:
    """Write the objects; FacewrightError ``scratch-unwritable``."""
    arrays: dict[str, np.ndarray] = {}
    meshes = list(meshes)
    arrays["names"] = np.array([mesh.name for mesh in meshes])
    arrays["roles"] = np.array([mesh.role for mesh in meshes])
    for i, mesh in enumerate(meshes):
        for field in ("vertices", "face_sizes", "face_vertices"):
            arrays[f"{field}_{i}"] = getattr(mesh, field)
    _save(path, arrays)


def read_meshes(path: str | Path) -> list[MeshArrays]:
    """Read the objects; FacewrightError ``scratch-unreadable``."""
    data = _load(path)
    return [
        MeshArrays(
            str(name),
            data[f"vertices_{i}"],
            data[f"face_sizes_{i}"],
            data[f"face_vertices_{i}"],
            str(role),
        )
        for i, (name, role) in enumerate(zip(data["names"], data["roles"], strict=True))
    ]


def write_shapes(path: str | Path, shapes: Shapes) -> None:
    """Write shapes; FacewrightError ``scratch-unwritable``."""
    arrays: dict[str, np.ndarray] = {"objects": np.array(list(shapes))}
    for i, keys in enumerate(shapes.values()):
        arrays[f"keys_{i}"] = np.array(list(keys))
        if keys:
            arrays[f"deltas_{i}"] = np.stack([np.asarray(d, np.float32) for d in keys.values()])
    _save(path, arrays)


def read_shapes(path: str | Path) -> dict[str, dict[str, np.ndarray]]:
    """Read shapes; FacewrightError ``scratch-unreadable``."""
    data = _load(path)
    return {
        str(name): dict(zip(map(str, data[f"keys_{i}"]), data[f"deltas_{i}"], strict=True))
        if len(data[f"keys_{i}"])
        else {}
        for i, name in enumerate(data["objects"])
    }


def _save(path: str | Path, arrays: dict[str, np.ndarray]) -> None:
    try:
        with Path(path).open("wb") as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise FacewrightError(
            f"The temporary file {path} cannot be written: {error.strerror}.",
            "Is the disk full? Blender's temporary folder is chosen in its preferences.",
            "scratch-unwritable",
        ) from error


def _load(path: str | Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise FacewrightError(
            f"The temporary file {path} cannot be read.", "Try again.", "scratch-unreadable"
        ) from error
