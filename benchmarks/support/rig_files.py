# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters to try matching on: shape keys read from glTF binaries and from ICT-FaceKit.

They are looked for in the folder that the environment variable FACEWRIGHT_RIGS names, else in
``shared/data`` beside the checkout: ``rigs/*.glb`` and ``ict/ict_facekit_light.npz``. None of them
is part of this project.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(
    os.environ.get("FACEWRIGHT_RIGS") or Path(__file__).resolve().parents[3] / "shared" / "data"
)
# ICT-FaceKit splits these in two; ARKit has one.
JOINED = ("browInnerUp", "cheekPuff")

_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


@dataclass(frozen=True)
class RigFile:
    """A character: (N, 3) vertices, K key names, (K, N, 3) deltas, in the file's axes and units.

    All meshes with keys are in one; names are spelled as ARKit's where they differ in the suffix
    alone.
    """

    base: np.ndarray
    names: list[str]
    deltas: np.ndarray


def rig_files() -> dict[str, Path]:
    """Name -> glTF binary, of the rigs that are there."""
    return {path.stem: path for path in sorted((FOLDER / "rigs").glob("*.glb"))}


def ict_file() -> Path | None:
    """ICT-FaceKit's light model, if it is there."""
    path = FOLDER / "ict" / "ict_facekit_light.npz"
    return path if path.exists() else None


def read_glb(path: Path) -> RigFile:
    """Read the shape keys of a glTF binary; nodes' transforms are not applied."""
    data = path.read_bytes()
    (length,) = struct.unpack("<I", data[12:16])
    file = _Gltf(json.loads(data[20 : 20 + length]), data[28 + length :])
    bases: list[np.ndarray] = []
    parts: dict[str, list[tuple[int, np.ndarray]]] = {}
    count = 0
    for mesh in file.tree["meshes"]:
        names = mesh.get("extras", {}).get("targetNames") or []
        for primitive in mesh["primitives"] if names else []:
            bases.append(file.accessor(primitive["attributes"]["POSITION"]))
            for name, target in zip(names, primitive["targets"], strict=True):
                parts.setdefault(name, []).append((count, file.accessor(target["POSITION"])))
            count += len(bases[-1])
    deltas = np.zeros((len(parts), count, 3))
    for key, found in enumerate(parts.values()):
        for first, moves in found:
            deltas[key, first : first + len(moves)] = moves
    return RigFile(np.concatenate(bases), [spelled(name) for name in parts], deltas)


def read_ict(path: Path, identity: int | None = None) -> RigFile:
    """Read ICT-FaceKit: the mean face, or a random identity of that seed."""
    with np.load(path, allow_pickle=False) as file:
        base, moves, ids = (file[name].astype(np.float64) for name in ("base", "exp", "ids"))
        names = [str(name) for name in file["names"]]
    if identity is not None:
        weights = np.random.default_rng(identity).normal(size=len(ids)) * 0.8
        base = base + np.tensordot(weights, ids, 1)
    keys: dict[str, np.ndarray] = {}
    for name, move in zip(names, moves, strict=True):
        arkit = name[:-2] if name[:-2] in JOINED else spelled(name)
        keys[arkit] = keys.get(arkit, 0) + move
    return RigFile(base, list(keys), np.stack(list(keys.values())))


def spelled(name: str) -> str:
    """``_L`` and ``_R`` as ARKit spells them."""
    for suffix, side in (("_L", "Left"), ("_R", "Right")):
        if name.endswith(suffix):
            return name.removesuffix(suffix) + side
    return name


@dataclass(frozen=True)
class _Gltf:
    tree: dict
    binary: bytes

    def accessor(self, number: int) -> np.ndarray:
        """(count, width) float64, sparse ones filled in."""
        entry = self.tree["accessors"][number]
        kind, width, count = entry["componentType"], _WIDTHS[entry["type"]], entry["count"]
        if "bufferView" in entry:
            first = entry.get("byteOffset", 0)
            values = self._view(entry["bufferView"], first, kind, width, count)
        else:
            values = np.zeros((count, width), _TYPES[kind])
        if "sparse" in entry:
            sparse = entry["sparse"]
            where, what = sparse["indices"], sparse["values"]
            first = where.get("byteOffset", 0)
            index = self._view(
                where["bufferView"], first, where["componentType"], 1, sparse["count"]
            )
            first = what.get("byteOffset", 0)
            values[index[:, 0]] = self._view(
                what["bufferView"], first, kind, width, sparse["count"]
            )
        return values.astype(np.float64)

    def _view(self, number: int, first: int, kind: int, width: int, count: int) -> np.ndarray:
        view = self.tree["bufferViews"][number]
        dtype = np.dtype(_TYPES[kind])
        step = view.get("byteStride") or dtype.itemsize * width
        first += view.get("byteOffset", 0)
        strides = (step, dtype.itemsize)
        return np.ndarray((count, width), dtype, self.binary, first, strides).copy()
