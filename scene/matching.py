# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves what on a character: the artist's own mapping, or else the automatic one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import bpy
import numpy as np

from ..engine.core.errors import FacewrightError
from ..engine.retarget.mapping import Mapping
from ..engine.retarget.match.matcher import match_keys
from ..engine.retarget.match.result import MatchResult
from .armatures import armatures_of
from .key_shapes import read_mesh_keys, signature
from .mapping_store import stored_mapping
from .rigify import make_rigify_poses, rigify_generation


@dataclass(frozen=True)
class CharacterMatch:
    """What moves what.

    Attributes:
        mapping: The channels.
        duplicates: ARKit name -> further keys that could stand for it; of an automatic match.
        found: The automatic match; None for a mapping that the artist has chosen.
        notes: Sentences about the character as a whole.
    """

    mapping: Mapping
    duplicates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    found: MatchResult | None = None
    notes: tuple[str, ...] = ()


# Matching reads whole meshes, so the last results are kept, by what they were made from.
_KEPT = 8
_matches: dict[tuple, MatchResult] = {}
_rigify: dict[tuple, Mapping] = {}
# A character with fewer channels on keys than this is moved by its bones, if they are Rigify's.
_FACE_OF_KEYS = 12


def match_character(
    chosen: Sequence[bpy.types.Object], meshes: Sequence[bpy.types.Object]
) -> CharacterMatch:
    """The mapping of a character.

    Args:
        chosen: The objects that the artist chose: one of them may keep a mapping.
        meshes: The meshes with shape keys that they lead to.

    Raises:
        FacewrightError: ``mapping-invalid``; what ``rigify_poses`` raises, where the character
            has nothing but a Rigify face. A linked one beside shape keys is a note.
    """
    stored = stored_mapping([*chosen, *meshes])
    if stored is not None:
        return CharacterMatch(stored)
    found = find_match(meshes)
    duplicates = {name: channel.duplicates for name, channel in found.channels.items()}
    mapping = found.mapping()
    notes: tuple[str, ...] = ()
    if len(found.channels) < _FACE_OF_KEYS and (rig := find_rigify(chosen)):
        try:
            mapping = replace(rigify_poses(rig), rows=mapping.rows)
        except FacewrightError as error:
            # The keys that were found still move the face; with none, the rig is all there is.
            if error.code != "linked-data" or not found.channels:
                raise
            notes = (f"{error} Only shape keys are moved.",)
    return CharacterMatch(mapping, duplicates, found, notes)


def find_rigify(chosen: Sequence[bpy.types.Object]) -> bpy.types.Object | None:
    """The armature of a character with a generated Rigify face."""
    return next((rig for rig in armatures_of(chosen) if rigify_generation(rig)), None)


def rigify_poses(rig: bpy.types.Object) -> Mapping:
    """The mapping of a Rigify face; made once, which takes seconds, for each state of its bones.

    Raises:
        FacewrightError: ``linked-data``, ``edit-mode``, ``rig-still``.
    """
    heads = np.empty(3 * len(rig.data.bones), np.float32)
    rig.data.bones.foreach_get("head_local", heads)
    made_from = (rig.session_uid, rig.name, heads.tobytes())
    if made_from not in _rigify:
        made = make_rigify_poses(rig).mapping
        _rigify.clear()
        _rigify[made_from] = made
    return _rigify[made_from]


def find_match(meshes: Sequence[bpy.types.Object]) -> MatchResult:
    """Matches the shape keys of meshes to the ARKit channels, whatever mapping is kept."""
    made_from = tuple(signature(ob) for ob in meshes)
    if made_from not in _matches:
        found = match_keys([read_mesh_keys(ob, meshes[0]) for ob in meshes])
        while len(_matches) >= _KEPT:
            del _matches[next(iter(_matches))]
        _matches[made_from] = found
    return _matches[made_from]
