# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads MediaPipe's face geometry metadata (a protocol buffer) without its schema compiler.

Message layout, from MediaPipe's ``geometry_pipeline_metadata.proto`` and ``mesh_3d.proto``:
canonical_mesh = 1 {vertex_buffer = 3: float x, y, z, u, v; index_buffer = 4: uint32};
procrustes_landmark_basis = 2 {landmark_id = 1, weight = 2}.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

# MediaPipe, face_blendshapes_graph.cc: the landmarks that the blend-shape network reads.
BLENDSHAPE_LANDMARKS = (
    *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65),
    *(66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136),
    *(144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168),
    *(172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276),
    *(282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318),
    *(321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380),
    *(381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466),
    *range(468, 478),
)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and raw values of one message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
        elif wire == 2:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        elif wire == 5:
            value, at = data[at : at + 4], at + 4
        else:
            raise ValueError(f"wire type {wire} is not known")
        yield number, value


def _floats(values: list) -> np.ndarray:
    return np.frombuffer(b"".join(values), "<f4")


def _integers(values: list) -> list[int]:
    numbers: list[int] = []
    for value in values:
        if isinstance(value, int):
            numbers.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            numbers.append(number)
    return numbers


def read(data: bytes) -> dict:
    """Vertices (468 x 3, cm), texture coordinates, triangles, Procrustes landmarks and weights."""
    fields = list(_fields(data))
    mesh = list(_fields(next(value for number, value in fields if number == 1)))
    points = _floats([value for number, value in mesh if number == 3]).reshape(-1, 5)
    triangles = _integers([value for number, value in mesh if number == 4])
    basis = {}
    for number, value in fields:
        if number == 2:
            entry = dict(_fields(value))
            basis[entry[1]] = struct.unpack("<f", entry[2])[0]

    def rounded(array: np.ndarray) -> list:
        return [[float(f"{v:.7g}") for v in row] for row in array]

    return {
        "unit": "centimetre",
        "vertices": rounded(points[:, :3]),
        "texture": rounded(points[:, 3:]),
        "triangles": [triangles[i : i + 3] for i in range(0, len(triangles), 3)],
        "procrustes_landmarks": sorted(basis),
        "procrustes_weights": [float(f"{basis[i]:.9g}") for i in sorted(basis)],
        "blendshape_landmarks": list(BLENDSHAPE_LANDMARKS),
    }
