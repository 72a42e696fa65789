# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of Catmull and Clark's subdivision as a matrix, for meshes whose shapes are linear.

Catmull and Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes",
Computer-Aided Design 10, 1978; open borders become cubic B-spline curves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from scipy.sparse import csr_array, lil_array


def subdivision(count: int, faces: list[list[int]]) -> tuple[csr_array, list[list[int]]]:
    """Matrix from old to new vertices, and the new quads.

    Args:
        count: Number of vertices.
        faces: Polygons.

    Returns:
        Sparse (new, count): rows are the old vertices in their new places, then a point for each
        face, then one for each edge; and the polygons of the finer mesh.
    """
    sides: dict[tuple[int, int], list[int]] = defaultdict(list)
    around: dict[int, list[int]] = defaultdict(list)
    for number, face in enumerate(faces):
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            sides[min(a, b), max(a, b)].append(number)
            around[a].append(number)
    first_edge = count + len(faces)
    edge_at = {edge: first_edge + i for i, edge in enumerate(sides)}
    matrix = lil_array((first_edge + len(sides), count))
    for number, face in enumerate(faces):
        for corner in face:
            matrix[count + number, corner] = 1 / len(face)
    for edge, near in sides.items():
        _add(matrix, edge_at[edge], edge, 0.5 if len(near) == 1 else 0.25)
        for number in near if len(near) == 2 else ():
            _add(matrix, edge_at[edge], faces[number], 0.25 / len(faces[number]))
    _move_old(matrix, faces, sides, around)
    fine = [
        [b, edge_at[min(b, c), max(b, c)], count + number, edge_at[min(a, b), max(a, b)]]
        for number, face in enumerate(faces)
        for a, b, c in zip(face[-1:] + face[:-1], face, face[1:] + face[:1], strict=True)
    ]
    return csr_array(matrix), fine


def _move_old(
    matrix: lil_array,
    faces: list[list[int]],
    sides: dict[tuple[int, int], list[int]],
    around: dict[int, list[int]],
) -> None:
    """Fills the rows of the old vertices; those on a border keep to it."""
    edges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for edge in sides:
        for end in edge:
            edges[end].append(edge)
    for vertex in range(matrix.shape[1]):
        border = [edge for edge in edges[vertex] if len(sides[edge]) == 1]
        if border or not around[vertex]:
            matrix[vertex, vertex] = 1 - 0.125 * len(border)
            for edge in border:
                matrix[vertex, edge[0] + edge[1] - vertex] += 0.125
            continue
        n = len(around[vertex])
        matrix[vertex, vertex] = (n - 3) / n
        for number in around[vertex]:
            _add(matrix, vertex, faces[number], 1 / (n * n * len(faces[number])))
        for edge in edges[vertex]:
            _add(matrix, vertex, edge, 1 / (n * n))


def _add(matrix: lil_array, row: int, columns: Sequence[int], share: float) -> None:
    for column in columns:
        matrix[row, column] += share
