# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a mesh into a picture of numbers: which triangle is seen at each pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

# Candidate pixels handled at once, so that memory stays below about 200 MB.
_CHUNK = 3_000_000


@dataclass(frozen=True)
class View:
    """A parallel projection along a direction.

    Attributes:
        rotation: (3, 3), character's axes to the camera's: x right in the picture, y into the
            picture, z up.
        centre: (3,) the point in the middle of the picture.
        span: Width and height of what is seen.
        size: Pixels along a side.
    """

    rotation: np.ndarray
    centre: np.ndarray
    span: float
    size: int

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3): pixel x to the right, pixel y downwards, depth away from the viewer."""
        local = (points - self.centre) @ self.rotation.T
        scale = self.size / self.span
        half = self.size / 2
        return np.stack([half + local[:, 0] * scale, half - local[:, 2] * scale, local[:, 1]], 1)

    @property
    def towards_viewer(self) -> np.ndarray:
        """(3,) unit vector in the character's axes."""
        return -self.rotation[1]


def view_from(yaw_deg: float, pitch_deg: float, centre: np.ndarray, span: float, size: int) -> View:
    """A view of the face: positive yaw shows more of the character's left side, positive pitch
    more of it from above. At 0, 0 the character's left (+x) is on the right of the picture.
    """
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    turn = np.array([[cy, sy, 0], [-sy, cy, 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return View(tilt @ turn, np.asarray(centre, np.float64), float(span), int(size))


class Picture(NamedTuple):
    """What is seen at each pixel.

    Attributes:
        faces: (size, size) int64, the triangle in front, -1 where there is none.
        depth: (size, size) float64, away from the viewer; inf where there is none.
    """

    faces: np.ndarray
    depth: np.ndarray


def draw(vertices: np.ndarray, triangles: np.ndarray, view: View) -> Picture:
    """Draw the triangles that face the viewer.

    Args:
        vertices: (N, 3).
        triangles: (T, 3), counter-clockwise from outside.
        view: From where.
    """
    size = view.size
    corners = view.project(vertices)[triangles]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    # The picture's y runs downwards, so what faces the viewer is clockwise there.
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    low = np.clip(np.ceil(corners[:, :, :2].min(1) - 0.5), 0, size).astype(np.int64)
    high = np.clip(np.floor(corners[:, :, :2].max(1) + 0.5), 0, size).astype(np.int64)
    extent = np.maximum(high - low, 0)
    counts = np.where(area < -1e-12, extent[:, 0] * extent[:, 1], 0)
    picture = Picture(np.full(size * size, -1, np.int64), np.full(size * size, np.inf))
    order = np.flatnonzero(counts)
    cuts = np.cumsum(counts[order]) // _CHUNK
    for block in np.split(order, np.flatnonzero(np.diff(cuts)) + 1):
        which = np.repeat(np.arange(len(block)), counts[block])
        number = np.arange(len(which)) - np.repeat(
            np.cumsum(counts[block]) - counts[block], counts[block]
        )
        wide = extent[block, 0][which]
        row = number // wide
        px = low[block, 0][which] + number - row * wide
        py = low[block, 1][which] + row
        # Weights and depth are linear in x and y: three numbers a triangle each.
        planes = _planes(corners[block], area[block])
        x, y = px + 0.5, py + 0.5
        wb, wc, z = (p[which, 0] * x + p[which, 1] * y + p[which, 2] for p in planes)
        inside = (wb >= -1e-7) & (wc >= -1e-7) & (wb + wc <= 1 + 1e-7)
        _put(picture, (py * size + px)[inside], z[inside], block[which[inside]])
    return Picture(picture.faces.reshape(size, size), picture.depth.reshape(size, size))


def _planes(corners: np.ndarray, area: np.ndarray) -> list[np.ndarray]:
    """Weight of the second and third corner, and depth, as functions (t, 3) of x, y and 1."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    second = np.stack([c[:, 1] - a[:, 1], a[:, 0] - c[:, 0]], 1) / area[:, None]
    third = np.stack([a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]], 1) / area[:, None]
    depth = second * (b[:, 2:] - a[:, 2:]) + third * (c[:, 2:] - a[:, 2:])
    starts = (0.0, 0.0, a[:, 2])
    return [
        np.concatenate([p, (start - (p * a[:, :2]).sum(1))[:, None]], 1)
        for p, start in zip((second, third, depth), starts, strict=True)
    ]


def _put(picture: Picture, pixel: np.ndarray, z: np.ndarray, which: np.ndarray) -> None:
    """Write what is nearer than what is there; of several in one pixel the nearest stays."""
    nearer = z < picture.depth[pixel]
    pixel, z, which = pixel[nearer], z[nearer], which[nearer]
    np.minimum.at(picture.depth, pixel, z)
    first = z == picture.depth[pixel]
    picture.faces[pixel[first]] = which[first]


def back_project(
    vertices: np.ndarray, triangles: np.ndarray, view: View, faces: np.ndarray, pixels: np.ndarray
) -> np.ndarray:
    """Points (n, 3) on given triangles that appear at given places of the picture.

    Args:
        faces: (n,) triangle of each.
        pixels: (n, 2) x and y; places outside their triangle are moved to its plane's border.
    """
    flat = view.project(vertices)
    corners = flat[triangles[faces]]
    a, b, c = (corners[:, i, :2] for i in range(3))
    cross = lambda p, q: p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]  # noqa: E731
    area = cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-12, 1e-12, area)
    wb = cross(pixels - a, c - a) / area
    wc = cross(b - a, pixels - a) / area
    weights = np.clip(np.stack([1 - wb - wc, wb, wc], 1), 0, None)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-12)
    return np.einsum("nk,nkd->nd", weights, vertices[triangles[faces]])
