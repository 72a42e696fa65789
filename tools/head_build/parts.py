# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of the head: skin and tongue from the base mesh; eyes, teeth and lashes made here.

Frame of reference: MakeHuman's (decimetres, x to the actor's left, y up, z to the viewer).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from .geometry import Part, edge_loop, faces_within, rigid_fit, rotation_about, sphere_fit
from .source import BaseMesh

# The ring of 42 vertices around the neck where the base mesh is cut, found by its front vertex;
# below it the neck goes on downwards, widening a little, to a level end.
NECK_FRONT = 809
NECK_EXTRA, NECK_FLARE = 0.34, 0.14  # decimetres below the ring's lowest point; share of its width
PUPIL_ANGLE = 10.0  # degrees from the optical axis to the edge of the pupil
IRIS_ANGLE = 28.0  # degrees from the optical axis to the edge of the iris
EYE_UV_ANGLE = 110.0  # degrees from the optical axis that reach the edge of the iris texture
_RINGS = (3, 6.5, 10, 14, 18, 22, 25.5, 28, 30.5, 34, 40, 50, 63, 78, 95, 115, 140)
_SEGMENTS = 32
HAIR_POINTS = 8  # vertices of one lash: two at each of four places along it


@dataclass(frozen=True)
class Eye:
    """Centre (3,), radius and side (+1 the actor's left, -1 the right) of an eyeball."""

    centre: np.ndarray
    radius: float
    side: int


def skin_and_tongue(
    base: BaseMesh, vertices: np.ndarray, units: dict[str, np.ndarray]
) -> list[Part]:
    """The head and neck above the neck ring, and the tongue, with the face units as deltas."""
    body = [i for i, g in enumerate(base.groups) if g == "body"]
    faces = [base.faces[i] for i in body]
    second = min(
        (n for f in faces if NECK_FRONT in f for n in f if base.vertices[n, 0] > 1e-3),
        key=lambda n: (
            abs(base.vertices[n, 1] - base.vertices[NECK_FRONT, 1])
            + (0 if _adjacent(faces, NECK_FRONT, n) else 9)
        ),
    )
    loop = edge_loop(faces, NECK_FRONT, second)
    crown = int(base.vertices[:13380, 1].argmax())
    skin = [body[i] for i in faces_within(faces, loop, crown)]
    tongue = [i for i, g in enumerate(base.groups) if g == "helper-tongue"]
    part = _subset(base, vertices, units, skin, "skin")
    used = np.array(sorted({v for i in skin for v in base.faces[i]}))
    _extend_neck(part, [int(np.searchsorted(used, v)) for v in loop])
    return [part, _subset(base, vertices, units, tongue, "mouth")]


def _extend_neck(part: Part, loop: list[int], rings: int = 4) -> None:
    """Carry the neck on from its open ring, widening a little, to a level end."""
    edge_uv: dict[tuple[int, int], np.ndarray] = {}
    for face, uv in zip(part.faces, part.uvs, strict=True):
        for k, pair in enumerate(zip(face, face[1:] + face[:1], strict=True)):
            edge_uv[pair] = uv[[k, (k + 1) % len(face)]]
    if (loop[0], loop[1]) not in edge_uv:  # walk the border as its faces do
        loop = loop[::-1]
    start = part.vertices[loop]
    middle = start.mean(0)
    above, points = loop, [part.vertices]
    for ring in range(1, rings + 1):
        t = ring / rings
        new = middle + (start - middle) * (1 + NECK_FLARE * t * t)
        new[:, 1] = start[:, 1] + (start[:, 1].min() - NECK_EXTRA - start[:, 1]) * t
        first = sum(len(p) for p in points)
        below = list(range(first, first + len(loop)))
        points.append(new)
        for k in range(len(loop)):
            n = (k + 1) % len(loop)
            part.faces.append([above[n], above[k], below[k], below[n]])
            # Below the cut the texture goes on with the colours at the cut.
            a, b = edge_uv[loop[k], loop[n]]
            part.uvs.append(np.array([b, a, a, b]))
        above = below
    part.vertices = np.concatenate(points)
    for name, delta in part.deltas.items():
        part.deltas[name] = np.concatenate([delta, np.tile(delta[loop], (rings, 1))])


def _adjacent(faces: list[list[int]], a: int, b: int) -> bool:
    return any(
        {a, b} == {x, y}
        for face in faces
        if a in face
        for x, y in zip(face, face[1:] + face[:1], strict=True)
    )


def _subset(
    base: BaseMesh,
    vertices: np.ndarray,
    units: dict[str, np.ndarray],
    faces: list[int],
    material: str,
) -> Part:
    used = np.array(sorted({v for i in faces for v in base.faces[i]}))
    new = {int(old): n for n, old in enumerate(used)}
    return Part(
        vertices[used],
        [[new[v] for v in base.faces[i]] for i in faces],
        [base.uvs[base.face_uvs[i]] for i in faces],
        material,
        {name: delta[used] for name, delta in units.items()},
    )


def eyes_of(base: BaseMesh, vertices: np.ndarray) -> tuple[Eye, Eye]:
    """Eyeball spheres, mirror images of each other, from the extents of the helper's sclera."""
    points = vertices[base.group_vertices("helper-l-eye")]
    centre, _ = sphere_fit(points[points[:, 2] < np.quantile(points[:, 2], 0.65)])
    radius = float(np.ptp(points[:, :2], axis=0).mean() / 2)
    return Eye(centre, radius, 1), Eye(centre * (-1, 1, 1), radius, -1)


def eyeball(eye: Eye, cornea: float, turns: dict[str, tuple[str, float]]) -> Part:
    """A sphere with its pole on the optical axis and a slight bulge of the cornea.

    Args:
        eye: where and how large.
        cornea: height of the bulge, as a part of the radius.
        turns: key name -> (axis ``x`` or ``y``, degrees) of the eyeball's rotation.
    """
    angles = np.radians(_RINGS)
    around = np.arange(_SEGMENTS) * 2 * np.pi / _SEGMENTS
    bulge = np.clip(1 - (np.array(_RINGS) / 34.0) ** 2, 0, None) ** 1.5
    radii = 1 + cornea * bulge
    rings = np.stack(
        [
            np.outer(radii * np.sin(angles), np.cos(around)),
            np.outer(radii * np.sin(angles), np.sin(around)),
            np.outer(radii * np.cos(angles), np.ones(_SEGMENTS)),
        ],
        -1,
    )
    unit = np.concatenate([[[0, 0, 1 + cornea]], rings.reshape(-1, 3), [[0, 0, -1.0]]])
    unit *= (eye.side, 1, 1)
    scale = np.degrees(angles) / EYE_UV_ANGLE / 2
    flat = np.concatenate(
        [
            [[0.5, 0.5]],
            0.5
            + np.stack(
                [np.outer(scale, np.cos(around)), np.outer(scale, np.sin(around))], -1
            ).reshape(-1, 2),
            [[0.5, 0.5]],
        ]
    )
    faces = pole_faces(len(_RINGS), _SEGMENTS)
    if eye.side < 0:
        faces = [face[::-1] for face in faces]
    # Own slots, so that the gaze can be read in a viewport that shows no textures.
    pupil = _SEGMENTS * (1 + sum(angle <= PUPIL_ANGLE for angle in _RINGS[1:]))
    iris = _SEGMENTS * sum(angle <= IRIS_ANGLE for angle in _RINGS)
    materials = ["pupil"] * pupil + ["iris"] * (iris - pupil) + ["eye"] * (len(faces) - iris)
    local = unit * eye.radius
    deltas = {
        name: local @ rotation_about(axis, degrees).T - local
        for name, (axis, degrees) in turns.items()
    }
    return Part(local + eye.centre, faces, [flat[face] for face in faces], materials, deltas)


def pole_faces(rings: int, segments: int) -> list[list[int]]:
    """Faces of a sphere: a pole, rings of vertices, the other pole."""

    def at(ring: int, k: int) -> int:
        return 1 + ring * segments + k % segments

    last = 1 + rings * segments
    faces = [[0, at(0, k), at(0, k + 1)] for k in range(segments)]
    for ring in range(rings - 1):
        faces += [
            [at(ring, k), at(ring + 1, k), at(ring + 1, k + 1), at(ring, k + 1)]
            for k in range(segments)
        ]
    faces += [[at(rings - 1, k), last, at(rings - 1, k + 1)] for k in range(segments)]
    return faces


def lashes(
    base: BaseMesh,
    vertices: np.ndarray,
    units: dict[str, np.ndarray],
    group: str,
    count: int,
    length: float,
) -> Part:
    """Separate tapered hairs that lie on one of the base mesh's lash strips and move with it.

    Args:
        base: the base mesh.
        vertices: its vertices with the chosen identity.
        units: the face units.
        group: the strip, such as ``helper-l-eyelashes-2`` (the upper lid).
        count: number of hairs.
        length: of the longest, as a share of the strip's width.
    """
    grid = _strip_grid(base, vertices, group)
    across, along = np.linspace(0, grid.shape[0] - 1, count), (0.0, 0.45, 0.8, 1.0)
    widths = np.array([0.10, 0.08, 0.05, 0.01]) * (0.4 + 0.6 * length)
    rng = np.random.default_rng(3)
    across = across + rng.uniform(-0.12, 0.12, count)
    reach = length * (0.7 + 0.3 * np.sin(np.linspace(0, np.pi, count)))
    reach *= rng.uniform(0.75, 1.1, count)
    slant = 0.7 * (np.linspace(0, 1, count) - 0.35) + rng.normal(0, 0.16, count)
    rows, columns, faces, uvs = [], [], [], []
    for k, (centre, end) in enumerate(zip(across, reach, strict=True)):
        for v, width in zip(along, widths, strict=True):
            for side in (-1, 1):
                rows.append(centre + side * width + slant[k] * v)
                columns.append(v * end * (grid.shape[1] - 1))
        first = k * HAIR_POINTS
        faces += [[first + j, first + j + 1, first + j + 3, first + j + 2] for j in (0, 2, 4)]
        uvs += [np.full((4, 2), 0.5)] * 3
    weights = _bilinear(grid, np.array(rows), np.array(columns))
    deltas = {name: _gather(weights, delta) for name, delta in units.items()}
    return Part(_gather(weights, vertices), faces, uvs, "lash", deltas)


def _strip_grid(base: BaseMesh, vertices: np.ndarray, group: str) -> np.ndarray:
    """Vertex indices (along the lid, from root to tip) of a lash strip of quads."""
    faces = [f for f, g in zip(base.faces, base.groups, strict=True) if g == group]
    neighbours: dict[int, set[int]] = defaultdict(set)
    for face in faces:
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            neighbours[a].add(b)
            neighbours[b].add(a)
    corners = [v for v, near in neighbours.items() if len(near) == 2]
    paths = []
    for corner in corners:
        for step in neighbours[corner]:
            path = [corner, step]
            while len(neighbours[path[-1]]) == 3:
                path += [
                    n for n in neighbours[path[-1]] if n not in path and len(neighbours[n]) < 4
                ]
            paths.append(path)
    long = max(len(p) for p in paths)
    # The roots are the long border nearest the eyeball.
    middle = vertices[
        base.group_vertices("helper-l-eye" if "-l-" in group else "helper-r-eye")
    ].mean(0)
    roots = min(
        (p for p in paths if len(p) == long),
        key=lambda p: np.linalg.norm(vertices[p] - middle, axis=1).mean(),
    )
    rows = [roots]
    seen = set(roots)
    while True:
        ahead = [
            [n for n in neighbours[v] if n not in seen and n not in rows[-1]] for v in rows[-1]
        ]
        if not all(ahead):
            return np.array(rows).T
        row = [near[0] for near in ahead]
        rows.append(row)
        seen.update(row)


def _bilinear(
    grid: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.clip(rows, 0, grid.shape[0] - 1)
    r0 = np.minimum(rows.astype(int), grid.shape[0] - 2)
    c0 = np.minimum(columns.astype(int), grid.shape[1] - 2)
    fr, fc = rows - r0, columns - c0
    corners = np.stack([grid[r0, c0], grid[r0 + 1, c0], grid[r0, c0 + 1], grid[r0 + 1, c0 + 1]], 1)
    weights = np.stack([(1 - fr) * (1 - fc), fr * (1 - fc), (1 - fr) * fc, fr * fc], 1)
    return corners, weights


def _gather(weights: tuple[np.ndarray, np.ndarray], values: np.ndarray) -> np.ndarray:
    corners, factor = weights
    return (values[corners] * factor[..., None]).sum(1)


def jaw_motion(
    base: BaseMesh, vertices: np.ndarray, delta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rigid motion (rotation, translation) of the lower teeth in one key."""
    index = base.group_vertices("helper-lower-teeth")
    return rigid_fit(vertices[index], vertices[index] + delta[index])
