# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of shape keys from the channels that drive them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass

import numpy as np

from ..core.arkit import COUNT, DIRECTIONS, GAZE_PARTNERS, INDEX, mirror_name
from .mapping import KeyDrive, Mapping


@dataclass(frozen=True)
class Mixer:
    """Turns channels into the values of a mesh's keys.

    A key's value is the sum of its channels times their weights. The two sides of a pair, e.g.
    both eyelids on one key that closes both eyes, do not add up (``partners``): the one that moves
    it further counts.

    Attributes:
        keys: Names of the K shape keys.
        matrix: float64 (K, 52), weights of the channels that add up.
        pairs: Key, two channels and their weights, for those that do not.
    """

    keys: tuple[str, ...]
    matrix: np.ndarray
    pairs: tuple[tuple[int, int, int, float, float], ...]

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """float64 (..., K) from channels float (..., 52), responses applied."""
        channels = np.asarray(channels, np.float64)
        values = channels @ self.matrix.T
        for key, one, other, of_one, of_other in self.pairs:
            a, b = channels[..., one] * of_one, channels[..., other] * of_other
            values[..., key] += np.where(np.abs(a) >= np.abs(b), a, b)
        return values


def key_sources(
    mapping: Mapping, object_name: str, keys: Collection[str]
) -> dict[str, dict[str, float]]:
    """Key -> channel -> weight on one mesh.

    Args:
        mapping: The mapping.
        object_name: The mesh object's name.
        keys: Its keys; drives of others are left out.
    """
    sources: dict[str, dict[str, float]] = {}
    for name, row in mapping.rows.items():
        for drive in row.drives:
            if not isinstance(drive, KeyDrive) or drive.key not in keys:
                continue
            if drive.object in ("", object_name):
                sources.setdefault(drive.key, {})[name] = drive.weight
    return sources


def partners(weights: Dictionary[str, float]) -> list[tuple[str, str]]:
    """Which channels on one target are one movement of two sides, so that they don't add up.

    Those are both eyes' ways of looking to one side, where they move the target the same way, and
    the two sides of a pair.

    Args:
        weights: ARKit name -> weight, of one target.

    Returns:
        Pairs of names, each name at most once.
    """
    pairs: list[tuple[str, str]] = []
    left = dict.fromkeys(weights)
    for name in weights:
        other = GAZE_PARTNERS.get(name)
        if name in left and other in left and weights[name] * weights[other] > 0:
            del left[name], left[other]
            pairs.append((name, other))
    for name in weights:
        other = mirror_name(name)
        if name in left and other in left and name not in {other, *DIRECTIONS}:
            del left[name], left[other]
            pairs.append((name, other))
    return pairs


def unmixing(
    sources: dict[str, dict[str, float]], keys: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """The way back: channels from the values of the keys that they drive.

    Args:
        sources: See ``key_sources``.
        keys: Which keys, in which order.

    Returns:
        The C channels that drive them, and float64 (C, K), the least-squares inverse. Partners
        that share all their keys are told as moving alike, for a key cannot tell them apart.
    """
    found = dict.fromkeys(name for key in keys for name in sources[key])
    alike: dict[tuple[float, ...], dict[str, float]] = {}
    for name in found:
        column = tuple(sources[key].get(name, 0.0) for key in keys)
        alike.setdefault(column, {})[name] = 1.0
    columns: list[tuple[tuple[float, ...], tuple[str, ...]]] = []
    for column, group in alike.items():
        pairs = partners(group)
        alone = group.keys() - {name for pair in pairs for name in pair}
        columns += [(column, pair) for pair in pairs]
        columns += [(column, (name,)) for name in group if name in alone]
    matrix = np.array([column for column, _ in columns]).T.reshape(len(keys), len(columns))
    back = np.linalg.pinv(matrix) if matrix.size else np.zeros((len(columns), len(keys)))
    names = [name for _, group in columns for name in group]
    rows = [i for i, (_, group) in enumerate(columns) for _ in group]
    return names, back[rows]


def make_mixer(sources: dict[str, dict[str, float]], keys: Sequence[str]) -> Mixer:
    """A mixer of chosen keys.

    Args:
        sources: See ``key_sources``.
        keys: Which keys, in which order.
    """
    matrix = np.zeros((len(keys), COUNT))
    pairs = []
    for k, key in enumerate(keys):
        weights = dict(sources.get(key, {}))
        for name, other in partners(weights):
            pairs.append((k, INDEX[name], INDEX[other], weights.pop(name), weights.pop(other)))
        for name, weight in weights.items():
            matrix[k, INDEX[name]] = weight
    return Mixer(tuple(keys), matrix, tuple(pairs))
