# SPDX-License-Identifier: GPL-3.0-or-later
"""Smooth noise in space, for textures without seams."""

from __future__ import annotations

import numpy as np

_M = np.uint32(0xFFFFFFFF)


def _hash(x: np.ndarray, y: np.ndarray, z: np.ndarray, seed: int) -> np.ndarray:
    h = (
        x.astype(np.uint32) * np.uint32(374761393)
        + y.astype(np.uint32) * np.uint32(668265263)
        + z.astype(np.uint32) * np.uint32(2147483647)
        + np.uint32(seed * 974711 & 0xFFFFFFFF)
    ) & _M
    h = ((h ^ (h >> np.uint32(13))) * np.uint32(1274126177)) & _M
    return ((h ^ (h >> np.uint32(16))).astype(np.float32)) / np.float32(0xFFFFFFFF)


def value_noise(points: np.ndarray, frequency: float, seed: int) -> np.ndarray:
    """Trilinear value noise, -1 to 1, of points (..., 3); ``frequency`` in cells per unit."""
    scaled = points * frequency + 1000.0
    cell = np.floor(scaled).astype(np.int64)
    f = (scaled - cell).astype(np.float32)
    f = f * f * (3 - 2 * f)
    total = np.zeros(points.shape[:-1], np.float32)
    for corner in range(8):
        dx, dy, dz = corner & 1, corner >> 1 & 1, corner >> 2
        weight = (
            (f[..., 0] if dx else 1 - f[..., 0])
            * (f[..., 1] if dy else 1 - f[..., 1])
            * (f[..., 2] if dz else 1 - f[..., 2])
        )
        total += weight * _hash(cell[..., 0] + dx, cell[..., 1] + dy, cell[..., 2] + dz, seed)
    return total * 2 - 1


def fractal(points: np.ndarray, frequency: float, octaves: int, seed: int) -> np.ndarray:
    """Sum of ``octaves`` of value noise, each twice as fine and half as strong."""
    return sum(
        value_noise(points, frequency * 2**k, seed + k) * np.float32(0.5**k) for k in range(octaves)
    )


def spots(points: np.ndarray, frequency: float, seed: int) -> np.ndarray:
    """Distance of points (N, 3) to the nearest of one random point per cell, in cells."""
    scaled = points * frequency + 1000.0
    cell = np.floor(scaled).astype(np.int64)
    nearest = np.full(len(points), np.inf)
    for step in np.ndindex(3, 3, 3):
        other = cell + np.array(step) - 1
        jitter = np.stack([_hash(*other.T, seed + k) for k in range(3)], 1)
        nearest = np.minimum(nearest, np.linalg.norm(other + jitter - scaled, axis=1))
    return nearest
