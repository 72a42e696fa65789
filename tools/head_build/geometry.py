# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesh helpers: mirror maps, the neck cut, rigid fits, and the ``Part`` that all makers return.

Frame of reference: MakeHuman's (decimetres, x to the actor's left, y up, z to the viewer).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Part:
    """A piece of the head before assembly.

    Attributes:
        vertices: (N, 3) float64, neutral pose.
        faces: vertex indices of each polygon.
        uvs: one (corners, 2) array for each polygon.
        material: name of the material slot, or one name per polygon.
        deltas: key name -> (N, 3) displacement at weight 1; absent means unmoved.
    """

    vertices: np.ndarray
    faces: list[list[int]]
    uvs: list[np.ndarray]
    material: str | list[str]
    deltas: dict[str, np.ndarray] = field(default_factory=dict)

    def materials(self) -> list[str]:
        """The material name of each polygon."""
        if isinstance(self.material, str):
            return [self.material] * len(self.faces)
        return self.material


def mirror_map(vertices: np.ndarray, tolerance: float = 2e-3) -> np.ndarray:
    """Index of each vertex's partner under x -> -x.

    Raises:
        ValueError: a vertex has no partner within ``tolerance`` (same unit as the vertices).
    """
    flipped = vertices * (-1, 1, 1)
    partner = np.empty(len(vertices), int)
    for start in range(0, len(vertices), 1024):
        block = flipped[start : start + 1024]
        distance = ((block[:, None, :] - vertices[None, :, :]) ** 2).sum(-1)
        partner[start : start + 1024] = distance.argmin(1)
    worst = np.abs(vertices[partner] - flipped).max()
    if worst > tolerance or not (partner[partner] == np.arange(len(vertices))).all():
        raise ValueError(f"the mesh is not symmetric: partner is {worst:.4f} away")
    return partner


def symmetrize(values: np.ndarray, other: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Mean of ``values`` and the mirror image of ``other``; both (N, 3)."""
    return (values + other[mirror] * (-1, 1, 1)) / 2


def edge_loop(faces: list[list[int]], start: int, second: int) -> list[int]:
    """Vertices of the edge loop through the edge ``start``-``second`` of a quad mesh.

    At a vertex of four edges the loop goes on along the edge that shares no face with the last.
    """
    edge_faces: dict[frozenset[int], list[int]] = defaultdict(list)
    neighbours: dict[int, set[int]] = defaultdict(set)
    for index, face in enumerate(faces):
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            edge_faces[frozenset((a, b))].append(index)
            neighbours[a].add(b)
            neighbours[b].add(a)
    loop = [start, second]
    while True:
        before, here = loop[-2:]
        last = set(edge_faces[frozenset((before, here))])
        ahead = [
            n
            for n in neighbours[here]
            if n != before and not last & set(edge_faces[frozenset((here, n))])
        ]
        if len(ahead) != 1:
            raise ValueError(f"the loop ends at vertex {here} with {len(ahead)} ways on")
        if ahead[0] == start:
            return loop
        loop.append(ahead[0])


def faces_within(faces: list[list[int]], loop: list[int], seed: int) -> list[int]:
    """Indices of the faces connected with vertex ``seed`` without crossing the edge loop."""
    fence = {frozenset(edge) for edge in zip(loop, loop[1:] + loop[:1], strict=True)}
    by_edge: dict[frozenset[int], list[int]] = defaultdict(list)
    for index, face in enumerate(faces):
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            by_edge[frozenset((a, b))].append(index)
    todo = [index for index, face in enumerate(faces) if seed in face]
    found = set(todo)
    while todo:
        face = faces[todo.pop()]
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            edge = frozenset((a, b))
            if edge in fence:
                continue
            fresh = [i for i in by_edge[edge] if i not in found]
            found.update(fresh)
            todo.extend(fresh)
    return sorted(found)


def rigid_fit(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and translation (3,) that best move ``before`` onto ``after``, both (N, 3).

    Kabsch, "A solution for the best rotation to relate two sets of vectors", 1976.
    """
    a, b = before.mean(0), after.mean(0)
    u, _, vt = np.linalg.svd((before - a).T @ (after - b))
    sign = np.sign(np.linalg.det(vt.T @ u.T))
    rotation = vt.T @ np.diag([1.0, 1.0, sign]) @ u.T
    return rotation, b - rotation @ a


def sphere_fit(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre (3,) and radius of the least-squares sphere through ``points`` (N, 3)."""
    system = np.c_[2 * points, np.ones(len(points))]
    solution, *_ = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


def rotation_about(axis: str, degrees: float) -> np.ndarray:
    """Right-handed rotation matrix (3, 3) about ``x`` or ``y``."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    if axis == "x":
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
