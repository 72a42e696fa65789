# SPDX-License-Identifier: GPL-3.0-or-later
"""What matching is given and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..mapping import KeyDrive, Mapping, Row


@dataclass(frozen=True)
class MeshKeys:
    """The shape keys of one mesh of a character.

    Attributes:
        object: Name of the object.
        keys: Names of its K keys, the base left out.
        base: float32 (N, 3), vertices at rest, in axes that all meshes of the character share;
            None where only names are known.
        deltas: float32 (K, N, 3), how far each key moves them at 1; None without ``base``.
    """

    object: str
    keys: tuple[str, ...]
    base: np.ndarray | None = None
    deltas: np.ndarray | None = None


@dataclass(frozen=True)
class ChannelMatch:
    """What was found for one ARKit channel.

    Attributes:
        arkit: Its name.
        drives: The shape keys that it moves.
        how: "exact", "spelling", "family", "words", "shape"; see docs/mapping.md.
        approximate: A likeness, not the same movement.
        reason: A sentence for the artist.
        duplicates: Further keys that could stand for it as well.
    """

    arkit: str
    drives: tuple[KeyDrive, ...]
    how: str
    approximate: bool = False
    reason: str = ""
    duplicates: tuple[str, ...] = ()


@dataclass(frozen=True)
class MatchResult:
    """What was found for a character.

    Attributes:
        channels: ARKit name -> what was found, in ARKit order; names without a key are missing.
        left_over: Keys that no channel moves.
        notes: Sentences about the character as a whole.
    """

    channels: dict[str, ChannelMatch] = field(default_factory=dict)
    left_over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def mapping(self, name: str = "") -> Mapping:
        """As a mapping to use or to edit."""
        rows = {
            arkit: Row(found.drives, approximate=found.approximate, note=found.reason)
            for arkit, found in self.channels.items()
        }
        return Mapping(rows, name, " ".join(self.notes))
