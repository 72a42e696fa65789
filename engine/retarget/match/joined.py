# SPDX-License-Identifier: GPL-3.0-or-later
"""The meshes of a character as one: face, eyes, lashes and teeth move together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .result import MeshKeys

# Below this share of a key's largest displacement a vertex counts as still.
_STILL = 1e-4


@dataclass(frozen=True)
class JoinedKeys:
    """All keys over all vertices.

    Attributes:
        names: The names of all keys, each once, in order.
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
    """Joins the meshes of one character; keys of equal name become one."""
    names = tuple(dict.fromkeys(key for mesh in meshes for key in mesh.keys))
    shaped = [mesh for mesh in meshes if mesh.base is not None and len(mesh.base)]
    if not shaped:
        return JoinedKeys(names, None, [])
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in names}
    first = 0
    for mesh in shaped:
        for name, delta in zip(mesh.keys, mesh.deltas, strict=True):
            length = np.linalg.norm(delta, axis=1)
            moved = np.flatnonzero(length > _STILL * length.max(initial=0.0))
            parts[name].append((moved + first, delta[moved].astype(np.float64)))
        first += len(mesh.base)
    nothing = (np.zeros(0, np.int64), np.zeros((0, 3)))
    deltas = [
        (np.concatenate([w for w, _ in parts[name]]), np.concatenate([m for _, m in parts[name]]))
        if parts[name]
        else nothing
        for name in names
    ]
    return JoinedKeys(names, np.concatenate([m.base for m in shaped]).astype(np.float64), deltas)
