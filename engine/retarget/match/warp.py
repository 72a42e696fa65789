# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays one face onto another: first an affine step, then a smooth warp.

What is the same place is told by what keys do there: the vertices that the keys taken for
``mouthSmileLeft`` and ``jawOpen`` move in the same way are the same part of the mouth.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .motion import Motion, key_mass, lengths

# All in units of the face's spread. Pull of the affine step towards no change at all:
HOLD = 0.05
# a step this long costs as much as a whole key that does something else:
STEP = 0.6
# how far around a point its neighbours' steps are averaged, and over how many of them.
SMOOTH = 0.7
NEIGHBOURS = 150


def affine(
    motion: Motion, template: Motion, pairs: list[tuple[int, int]], trust: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The matrix (3, 3) and origin (3,) for ``Motion.moved`` that bring keys' middles together.

    Weighted least squares with a pull towards the identity.

    Args:
        motion, template: in nearly the same frame, spread 1.
        pairs: (key, name) that are believed.
        trust: (len(pairs),) their weights.
    """
    own = key_mass(motion)[[key for key, _ in pairs]] @ motion.points
    other = key_mass(template)[[name for _, name in pairs]] @ template.points
    share = trust / trust.sum()
    middle, aim = share @ own, share @ other
    own, other = own - middle, other - aim
    weighted = (own * share[:, None]).T
    held = HOLD * np.eye(3)
    matrix = np.linalg.solve(weighted @ own + held, weighted @ other + held).T
    return matrix, middle - np.linalg.solve(matrix, aim)


def warped(
    motion: Motion, template: Motion, pairs: list[tuple[int, int]], trust: np.ndarray
) -> Motion:
    """The motion with its points carried smoothly to where the template does the same."""
    from scipy.spatial import cKDTree

    own = _function(motion, [key for key, _ in pairs], trust)
    other = _function(template, [name for _, name in pairs], trust)
    # Squared distances in place and function at once, as one product of two matrices.
    own = np.hstack([own, motion.points / STEP]).astype(np.float32)
    other = np.hstack([other, template.points / STEP]).astype(np.float32)
    cost = (other**2).sum(axis=1) - 2 * own @ other.T
    nearest = cost.argmin(axis=1)
    back = (cost + (own**2).sum(axis=1)[:, None]).argmin(axis=0)
    there_and_back = template.points[nearest] - template.points[nearest[back[nearest]]]
    sure = motion.weights * np.exp(-(there_and_back**2).sum(axis=1) / STEP**2)
    step = template.points[nearest] - motion.points
    count = min(NEIGHBOURS, len(motion.points))
    distance, index = cKDTree(motion.points).query(motion.points, k=np.arange(1, count + 1))
    share = np.exp(-0.5 * (distance / SMOOTH) ** 2) * sure[index] + 1e-12
    smooth = np.einsum("pk,pkc->pc", share, step[index]) / share.sum(axis=1)[:, None]
    return replace(motion, points=motion.points + smooth)


def _function(motion: Motion, keys: list[int], trust: np.ndarray) -> np.ndarray:
    """(P, 3 len(keys)): what the keys do at each point, each by its own largest displacement."""
    fields = motion.fields[:, :, keys]
    largest = lengths(fields).max(axis=0) + 1e-12
    fields = fields * (np.sqrt(trust) / largest).astype(np.float32)
    return fields.reshape(len(fields), -1)
