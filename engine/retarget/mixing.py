# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of shape keys from the channels that drive them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.arkit import COUNT, DIRECTIONS, INDEX, mirror_name
from .mapping import KeyDrive, Mapping


@dataclass(frozen=True)
class Mixer:
    """Turns channels into the values of a mesh's keys.

    A key's value is the sum of its channels times their weights. The two sides of a pair, e.g.
    both eyelids on one key that closes both eyes, do not add up: the one that moves it further
    counts.

    Attributes:
        keys: Names of the K shape keys.
        matrix: float64 (K, 52), weights of the channels that add up.
        pairs: Key, left channel, right channel and their weights, for those that do not.
    """

    keys: tuple[str, ...]
    matrix: np.ndarray
    pairs: tuple[tuple[int, int, int, float, float], ...]

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """float64 (..., K) from channels float (..., 52), responses applied."""
        channels = np.asarray(channels, np.float64)
        values = channels @ self.matrix.T
        for key, left, right, of_left, of_right in self.pairs:
            a, b = channels[..., left] * of_left, channels[..., right] * of_right
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


def unmixing(
    sources: dict[str, dict[str, float]], keys: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """The way back: channels from the values of the keys that they drive.

    Args:
        sources: See ``key_sources``.
        keys: Which keys, in which order.

    Returns:
        The C channels that drive them, and float64 (C, K), the least-squares inverse. Two sides
        that share all their keys are told as moving alike, for a key cannot tell them apart.
    """
    found = dict.fromkeys(name for key in keys for name in sources[key])
    columns: dict[tuple, list[str]] = {}
    for name in found:
        stem = name.removesuffix("Left").removesuffix("Right")
        alike = tuple(sources[key].get(name, 0.0) for key in keys)
        is_side = stem != name and name not in DIRECTIONS
        columns.setdefault((alike, stem if is_side else name), []).append(name)
    matrix = np.array([alike for alike, _ in columns]).T.reshape(len(keys), len(columns))
    back = np.linalg.pinv(matrix) if matrix.size else np.zeros((len(columns), len(keys)))
    names = [name for alike in columns.values() for name in alike]
    rows = [i for i, alike in enumerate(columns.values()) for _ in alike]
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
        for name in list(weights):
            other = mirror_name(name)
            paired = name.endswith("Left") and name not in DIRECTIONS and other in weights
            if paired:
                left, right = weights.pop(name), weights.pop(other)
                pairs.append((k, INDEX[name], INDEX[other], left, right))
        for name, weight in weights.items():
            matrix[k, INDEX[name]] = weight
    return Mixer(tuple(keys), matrix, tuple(pairs))
