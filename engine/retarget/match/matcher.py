# SPDX-License-Identifier: GPL-3.0-or-later
"""Matches a character's shape keys to the 52 channels: by name, then by what the keys do."""

from __future__ import annotations

from collections.abc import Sequence

from ..mapping import KeyDrive
from ..names import match_names
from .result import ChannelMatch, MatchResult, MeshKeys


def match_keys(meshes: Sequence[MeshKeys]) -> MatchResult:
    """Finds the shape keys of each ARKit channel.

    Args:
        meshes: The meshes of one character.
    """
    names = list(dict.fromkeys(key for mesh in meshes for key in mesh.keys))
    found = match_names(names)
    channels = {
        arkit: ChannelMatch(
            arkit, (KeyDrive(key),), "exact", duplicates=found.duplicates.get(arkit, ())
        )
        for arkit, key in found.keys.items()
    }
    used = {drive.key for channel in channels.values() for drive in channel.drives}
    return MatchResult(channels, tuple(name for name in names if name not in used))
