# SPDX-License-Identifier: GPL-3.0-or-later
"""Teeth and gums along an elliptic dental arch.

Crown sizes are the usual mean values of human permanent teeth (Wheeler's Dental Anatomy), in mm.
Frame of reference: MakeHuman's (decimetres, x to the actor's left, y up, z to the viewer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import Part

# (mesio-distal width, crown height, labio-lingual depth), from the middle to the second molar.
UPPER = (
    (8.6, 10.0, 6.5),
    (6.6, 9.0, 5.8),
    (7.6, 9.8, 7.2),
    (7.0, 8.2, 8.6),
    (6.8, 7.8, 8.6),
    (10.0, 7.2, 10.0),
    (9.4, 6.8, 9.6),
)
LOWER = (
    (5.3, 8.6, 5.6),
    (5.8, 8.8, 5.9),
    (6.8, 9.6, 7.0),
    (7.0, 8.2, 7.4),
    (7.1, 7.8, 7.9),
    (10.6, 7.2, 9.8),
    (10.2, 6.8, 9.6),
)
_SEGMENTS = 12


@dataclass(frozen=True)
class Arch:
    """The outer line of a row of teeth.

    Attributes:
        half_width: x at the back end.
        front: z of the foremost point.
        back: z of the back end.
        edge_front, edge_back: y of the biting edge in front and at the back end.
        up: +1 when the crowns point up (the lower row), -1 for the upper row.
    """

    half_width: float
    front: float
    back: float
    edge_front: float
    edge_back: float
    up: int

    def point(self, t: np.ndarray) -> np.ndarray:
        """Points (..., 3) at angle ``t`` from the middle, at the height of the biting edge."""
        depth = self.front - self.back
        y = self.edge_front + (self.edge_back - self.edge_front) * (1 - np.cos(t))
        return np.stack([self.half_width * np.sin(t), y, self.back + depth * np.cos(t)], -1)


def row_of_teeth(arch: Arch, sizes: tuple[tuple[float, float, float], ...]) -> list[Part]:
    """The crowns (material ``teeth``) and the gum (material ``mouth``) of one jaw."""
    t = np.linspace(0, np.pi / 2, 400)
    line = arch.point(t)
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    scale = length[-1] / (sum(w for w, _, _ in sizes) * 0.01) * 0.985
    crowns, at = [], 0.0
    for index, (width, height, depth) in enumerate(sizes):
        w = width * 0.01 * scale
        middle = np.interp(at + w / 2, length, t)
        at += w
        size = (w, height * 0.01, depth * 0.01)
        crowns += [_crown(arch, middle, side, size, index) for side in (1, -1)]
    return [_join(crowns), _gum(arch, sizes)]


def _crown(
    arch: Arch, t: float, side: int, size: tuple[float, float, float], index: int
) -> tuple[np.ndarray, list[list[int]]]:
    width, height, depth = size
    outer = arch.point(np.array(t))
    tangent = arch.point(np.array(t + 0.01)) - outer
    tangent[1] = 0
    tangent /= np.linalg.norm(tangent)
    outward = np.array([-tangent[2], 0, tangent[0]])
    outward *= np.sign(outward[2]) or 1
    incisor = index < 3
    angle = np.arange(_SEGMENTS) * 2 * np.pi / _SEGMENTS
    power = 0.6
    c = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    s = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    # from root to biting edge: (height fraction, width factor, depth factor, lingual shift)
    edge_depth = 0.3 if incisor else 0.72
    profile = (
        (1.25, 0.72, 0.75),
        (0.95, 0.82, 0.9),
        (0.6, 0.95, 1.0),
        (0.3, 1.0, 0.72 if incisor else 1.0),
        (0.08, 0.985, edge_depth + 0.12),
        (0.0, 0.9, edge_depth),
    )
    cusp = 0.012 if index == 2 else 0.0
    rings = []
    for h, fw, fd in profile:
        half_depth = depth / 2 * fd
        # The labial face stays near the arch line; the lingual face moves with the thickness.
        shift = outward * (-half_depth - 0.006 * max(h - 0.3, 0))
        base = outer + shift + np.array([0, -arch.up * (h * height), 0])
        ring = base + np.outer(c * width / 2 * fw, tangent) + np.outer(s * half_depth, outward)
        if h < 0.2:
            ring[:, 1] += arch.up * cusp * (1 - np.abs(c))
        rings.append(ring)
    cap = rings[-1].mean(0) + np.array([0, arch.up * (0.004 if incisor else -0.012), 0])
    vertices = np.concatenate([*rings, cap[None]])
    if side < 0:
        vertices = vertices * (-1, 1, 1)
    faces = []
    for r in range(len(profile) - 1):
        for k in range(_SEGMENTS):
            a, b = r * _SEGMENTS + k, r * _SEGMENTS + (k + 1) % _SEGMENTS
            faces.append([a, b, b + _SEGMENTS, a + _SEGMENTS])
    top = (len(profile) - 1) * _SEGMENTS
    faces += [[top + k, top + (k + 1) % _SEGMENTS, len(vertices) - 1] for k in range(_SEGMENTS)]
    return vertices, faces


def _join(crowns: list[tuple[np.ndarray, list[list[int]]]]) -> Part:
    vertices, faces, first = [], [], 0
    for points, polygons in crowns:
        outward_faces = _outward(points, polygons)
        faces += [[i + first for i in face] for face in outward_faces]
        vertices.append(points)
        first += len(points)
    uvs = [np.full((len(face), 2), 0.5) for face in faces]
    return Part(np.concatenate(vertices), faces, uvs, "teeth")


def _outward(points: np.ndarray, faces: list[list[int]]) -> list[list[int]]:
    """The faces of a convex-ish shell, turned so that their normals point away from its middle."""
    middle = points.mean(0)
    score = 0.0
    for face in faces:
        a, b, c = points[face[0]], points[face[1]], points[face[2]]
        score += float(np.cross(b - a, c - a) @ (a - middle))
    return faces if score > 0 else [face[::-1] for face in faces]


def _gum(arch: Arch, sizes: tuple[tuple[float, float, float], ...]) -> Part:
    """A band around the roots: an open profile of seven points swept along the arch."""
    t = np.linspace(-np.pi / 2, np.pi / 2, 57)
    line = arch.point(t)
    tangent = np.gradient(line, axis=0)
    tangent[:, 1] = 0
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    outward = np.stack([-tangent[:, 2], 0 * t, tangent[:, 0]], 1)
    outward *= np.sign((outward * (line - [0, 0, arch.back])).sum(1))[:, None]
    heights = np.interp(
        np.abs(t), np.linspace(0.1, np.pi / 2, len(sizes)), [h * 0.01 for _, h, _ in sizes]
    )
    depths = np.interp(
        np.abs(t), np.linspace(0.1, np.pi / 2, len(sizes)), [d * 0.01 for _, _, d in sizes]
    )
    # (distance outward from the crown's labial face, height from the neck of the crown)
    profile = (
        (0.012, 0.07),
        (0.014, 0.03),
        (0.008, 0.004),
        (-0.5, -0.008),
        (-1, 0.004),
        (-1.12, 0.04),
        (-1.15, 0.1),
    )
    rings = []
    for out, rise in profile:
        offset = np.where(out >= 0, out, out * depths)
        y = -arch.up * (heights * 0.93 + rise)
        rings.append(line + outward * offset[:, None] + np.stack([0 * t, y, 0 * t], 1))
    vertices = np.concatenate(rings)
    n = len(t)
    faces = [
        [r * n + k, r * n + k + 1, (r + 1) * n + k + 1, (r + 1) * n + k]
        for r in range(len(profile) - 1)
        for k in range(n - 1)
    ]
    a, b, c = (vertices[i] for i in faces[n // 2][:3])
    normal = np.cross(b - a, c - a)
    if normal[2] < 0:
        faces = [face[::-1] for face in faces]
    return Part(vertices, faces, [np.full((4, 2), 0.5)] * len(faces), "mouth")
