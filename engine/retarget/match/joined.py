# SPDX-License-Identifier: GPL-3.0-or-later
"""The meshes of a character as one: face, eyes, lashes and teeth move together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .result import MeshKeys

# Below this share of a key's largest displacement a vertex counts as still.
_STILL = 1e-4
# What programs call keys of themselves: "Key 12", "shape_003", "BlendShape.4", "target7", "17".
_NAMELESS = re.compile(
    r"(?:[\W_\d]|key|shape|blend|target|morph|bs|exp|pose|channel|weight|unnamed|new|object)*", re.I
)


def is_nameless(name: str) -> bool:
    """Whether a key's name says nothing about what it does."""
    return _NAMELESS.fullmatch(name) is not None


@dataclass(frozen=True)
class JoinedKeys:
    """All keys over all vertices.

    Attributes:
        names: The names of all keys, each once, in order. Of a key whose name says nothing and
            that other meshes have for something else, the object follows after a line break.
        base: float64 (N, 3), vertices of all meshes one after the other; None where a mesh's are
            not known.
        deltas: For each key the moved vertices, int64 (M,), and how far, float64 (M, 3).
    """

    names: tuple[str, ...]
    base: np.ndarray | None
    deltas: list[tuple[np.ndarray, np.ndarray]]

    def moving_count(self) -> int:
        """How many vertices some key moves."""
        moved = [where for where, _ in self.deltas]
        return len(np.unique(np.concatenate(moved))) if moved else 0


def join(meshes: Sequence[MeshKeys]) -> JoinedKeys:
    """Joins the meshes of one character; keys of equal name become one.

    Names that say nothing are only the same where meshes have the same list of them, as exports
    of one character do.
    """
    lists = Counter(tuple(filter(is_nameless, mesh.keys)) for mesh in meshes)
    common = {key for keys, count in lists.items() if count > 1 for key in keys}
    seen = Counter(key for mesh in meshes for key in mesh.keys)

    def label(mesh: MeshKeys, key: str) -> str:
        apart = seen[key] > 1 and is_nameless(key) and key not in common
        return f"{key}\n{mesh.object}" if apart else key

    names = tuple(dict.fromkeys(label(mesh, key) for mesh in meshes for key in mesh.keys))
    shaped = [mesh for mesh in meshes if mesh.base is not None and len(mesh.base)]
    if not shaped:
        return JoinedKeys(names, None, [])
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in names}
    bases, first = [], 0
    for mesh in shaped:
        base = np.asarray(mesh.base, np.float64)
        sound = np.isfinite(base).all(axis=1)
        bases.append(np.where(sound[:, None], base, base[sound].mean(axis=0) if sound.any() else 0))
        for key, delta in zip(mesh.keys, mesh.deltas, strict=True):
            length = np.linalg.norm(np.nan_to_num(delta), axis=1) * sound
            moved = np.flatnonzero(length > _STILL * length.max(initial=0.0))
            delta = np.nan_to_num(delta[moved].astype(np.float64))
            parts[label(mesh, key)].append((moved + first, delta))
        first += len(base)
    nothing = (np.zeros(0, np.int64), np.zeros((0, 3)))
    deltas = [
        (np.concatenate([w for w, _ in parts[name]]), np.concatenate([m for _, m in parts[name]]))
        if parts[name]
        else nothing
        for name in names
    ]
    return JoinedKeys(names, np.concatenate(bases), deltas)
