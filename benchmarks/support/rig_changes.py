# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to a character that matching must not mind: axes, scales, mirroring, other vertices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.retarget.match.face_frame import ROTATIONS
from engine.retarget.match.template import mirrored

from .rig_files import RigFile


def shuffled(rig: RigFile, rng: np.random.Generator) -> RigFile:
    """Keys in another order."""
    order = rng.permutation(len(rig.names))
    return replace(rig, names=[rig.names[i] for i in order], deltas=rig.deltas[order])


def turned(rig: RigFile, rng: np.random.Generator) -> RigFile:
    """One of the 24 ways to name axes."""
    return _linear(rig, ROTATIONS[rng.integers(len(ROTATIONS))])


def tilted(rig: RigFile, rng: np.random.Generator, degrees: float = 12.0) -> RigFile:
    """A small rotation about a random axis (Rodrigues' formula)."""
    x, y, z = rng.normal(size=3)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / np.sqrt(x * x + y * y + z * z)
    angle = np.radians(degrees)
    return _linear(rig, np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def scaled(rig: RigFile, rng: np.random.Generator) -> RigFile:
    """Another scale for each axis, and another unit."""
    return _linear(rig, np.diag(rng.uniform(0.6, 1.6, 3)) * 10 ** rng.uniform(-2, 2))


def mirrored_export(rig: RigFile, rng: np.random.Generator) -> RigFile:
    """Mirrored along one axis; the names in the result are what the keys are now."""
    signs = np.ones(3)
    signs[rng.integers(3)] = -1
    changed = _linear(rig, np.diag(signs))
    return replace(changed, names=[mirrored(name) for name in rig.names])


def fewer_vertices(rig: RigFile, rng: np.random.Generator, share: float = 0.4) -> RigFile:
    """A random part of the vertices, each a bit elsewhere."""
    kept = rng.random(len(rig.base)) < share
    size = np.linalg.norm(np.ptp(rig.base[kept], axis=0))
    shaken = rig.base[kept] + rng.normal(size=(kept.sum(), 3)) * 0.001 * size
    return replace(rig, base=shaken, deltas=rig.deltas[:, kept])


def noisy(rig: RigFile, rng: np.random.Generator, share: float = 0.01) -> RigFile:
    """Every vertex trembles in every key that moves, as after coarse quantisation."""
    size = np.linalg.norm(rig.deltas, axis=2).max(axis=1)
    noise = rng.normal(size=rig.deltas.shape) * share * np.median(size)
    return replace(rig, deltas=rig.deltas + noise * (size > 0)[:, None, None])


def stylised(
    rig: RigFile, rng: np.random.Generator, warp: float = 0.25, gain: float = 0.25
) -> RigFile:
    """A smooth warp of the face and other strengths of the keys: another, stranger character.

    The warp is a sum of sines, alike on both sides; displacements go with its derivative. The face
    must be symmetric about x = 0.
    """
    spread = rig.base.std(axis=0)
    middle = rig.base.mean(axis=0) * np.array([0, 1, 1])
    even = (rig.base - middle) / spread
    waves = rng.normal(size=(6, 3)) * 1.3
    sizes = rng.normal(size=(6, 3)) * warp / np.sqrt(6)
    folded = even.copy()
    folded[:, 0] = np.sqrt(even[:, 0] ** 2 + 0.01)
    phase = folded @ waves.T + rng.uniform(0, 2 * np.pi, 6)
    step = np.sin(phase) @ sizes
    slope = np.einsum("nk,ki,kj->nij", np.cos(phase), sizes, waves)
    slope[:, :, 0] *= (even[:, 0] / folded[:, 0])[:, None]
    side = np.tanh(even[:, 0] * 3)
    slope[:, 0] *= side[:, None]
    slope[:, 0, 0] += step[:, 0] * 3 * (1 - side**2)
    step[:, 0] *= side
    slope += np.eye(3)
    deltas = np.einsum("nij,knj->kni", slope, rig.deltas / spread) * spread
    gains = np.exp(rng.normal(size=len(rig.names)) * gain)
    return RigFile(rig.base + step * spread, rig.names, deltas * gains[:, None, None])


def _linear(rig: RigFile, matrix: np.ndarray) -> RigFile:
    return replace(rig, base=rig.base @ matrix.T, deltas=rig.deltas @ matrix.T)
