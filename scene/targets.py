# SPDX-License-Identifier: GPL-3.0-or-later
"""What the chosen objects offer: which shape key takes which ARKit name, and what prevents it.

Nothing here changes a scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import bpy

from ..engine.core.arkit import COUNT, NAMES
from ..engine.core.errors import FacewrightError
from ..engine.retarget.fit_mixing import FitMixer, with_fit
from ..engine.retarget.mapping import KeyDrive, Mapping
from ..engine.retarget.mixing import Mixer, make_mixer
from . import keyframes
from .matching import CharacterMatch, match_character
from .meshes import meshes_with_keys

# Statuses of one ARKit name on one mesh; those in WRITTEN get keys.
MAPPED, APPROXIMATE, MISSING, DUPLICATE = "mapped", "approximate", "missing", "duplicate"
MUTED, DRIVEN, LOCKED, WIDENED, CLIPPED = "muted", "driven", "locked", "widened", "clipped"
LEFT_OUT = "left-out"
WRITTEN = frozenset({MAPPED, APPROXIMATE, MUTED, DUPLICATE, WIDENED, CLIPPED})


@dataclass(frozen=True)
class KeyEntry:
    """What becomes of one ARKit name on one shape key of a mesh.

    Attributes:
        object: Name of the object.
        arkit: ARKit name.
        key: Name of the shape key, empty where there is none.
        status: One of the statuses of this file.
        reason: A sentence for the artist, empty where all is plain.
        weight: The key's value when the channel is at 1.
    """

    object: str
    arkit: str
    key: str
    status: str
    reason: str = ""
    weight: float = 1.0


@dataclass
class KeyTarget:
    """One shape-key data-block to animate.

    Attributes:
        keys: The data-block.
        object: The object through which it was chosen.
        mapping: What moves what.
        entries: What becomes of each ARKit name, in ARKit order; a name has several where it
            moves several keys.
    """

    keys: bpy.types.Key
    object: bpy.types.Object
    mapping: Mapping = field(default_factory=Mapping)
    entries: list[KeyEntry] = field(default_factory=list)

    def written(self) -> list[KeyEntry]:
        """The entries that get keyframes."""
        return [entry for entry in self.entries if entry.status in WRITTEN]

    def mixer(self) -> Mixer | FitMixer:
        """Turns channels into the values of the keys that get keyframes."""
        sources: dict[str, dict[str, float]] = {}
        for entry in self.written():
            sources.setdefault(entry.key, {})[entry.arkit] = entry.weight
        return with_fit(make_mixer(sources, list(sources)), self.mapping)

    def mark(self, status: str, reason: str, chosen: Callable[[KeyEntry], bool]) -> None:
        """Gives those of the written entries that are chosen another status and reason."""
        self.entries = [
            replace(entry, status=status, reason=reason)
            if entry.status in WRITTEN and chosen(entry)
            else entry
            for entry in self.entries
        ]


def key_path(key_name: str) -> str:
    """Data path of a shape key's value, from its ``Key`` data-block."""
    return f'key_blocks["{bpy.utils.escape_identifier(key_name)}"].value'


def find_targets(
    objects: Iterable[bpy.types.Object], onto_existing: bool = False
) -> tuple[list[KeyTarget], Mapping, list[str]]:
    """Every shape-key data-block that the chosen objects lead to, with what moves it.

    Args:
        objects: Meshes with shape keys; an armature or empty stands for the meshes below it.
        onto_existing: Whether keys will go onto existing actions, where locked curves count.

    Returns:
        The targets, what moves what, and warnings in plain sentences. No targets, where the
        mapping moves bones and properties alone.

    Raises:
        FacewrightError: nothing chosen, no shape keys, none that matches, absolute shape keys,
            or data that is linked and cannot be animated here.
    """
    chosen = list(objects)
    if not chosen:
        raise FacewrightError(
            "No object is chosen.", "Choose the mesh that has the face's shape keys.", "no-object"
        )
    warnings: list[str] = []
    meshes = meshes_with_keys(chosen, warnings)
    match = match_character(chosen, meshes)
    warnings += match.notes
    if not meshes:
        if match.mapping.moves_other_than_keys:
            return [], match.mapping, warnings
        names = ", ".join(f'"{ob.name}"' for ob in chosen)
        raise FacewrightError(
            f"{names} has no shape keys.",
            "Choose a mesh with shape keys, or map the face to bones in the Mapping panel.",
            "no-shape-keys",
        )
    targets = [
        KeyTarget(ob.data.shape_keys, ob, match.mapping, key_entries(ob, match, onto_existing))
        for ob in meshes
    ]
    found = [target for target in targets if any(entry.key for entry in target.entries)]
    if not found and match.mapping.moves_other_than_keys:
        return [], match.mapping, warnings
    if not found:
        names = ", ".join(f'"{ob.name}"' for ob in meshes)
        raise FacewrightError(
            f"None of the {COUNT} ARKit channels was recognised among the shape keys of {names}.",
            "Choose another mesh, or choose the keys yourself in the Mapping panel.",
            "no-arkit-keys",
        )
    warnings += [
        f'"{target.object.name}" has shape keys, but none that the face moves.'
        for target in targets
        if target not in found
    ]
    for target in found:
        _require_editable(target)
        _require_relative(target)
    warnings += [
        f'"{target.object.name}" shows only its active shape key (the pin), so nothing moves.'
        for target in found
        if target.object.show_only_shape_key
    ]
    return found, match.mapping, warnings


def key_entries(
    ob: bpy.types.Object, match: CharacterMatch, onto_existing: bool = False
) -> list[KeyEntry]:
    """What becomes of each ARKit name on a mesh, in ARKit order.

    Args:
        ob: A mesh with shape keys.
        match: What moves what.
        onto_existing: Whether locked curves of the existing action count.
    """
    keys = ob.data.shape_keys
    entries: list[KeyEntry] = []
    base = keys.reference_key.name
    driven = {d.data_path for d in keys.animation_data.drivers} if keys.animation_data else set()
    locked = (
        {curve.data_path for curve in keyframes.current_curves(keys) if keyframes.is_locked(curve)}
        if onto_existing
        else set()
    )
    for name in NAMES:
        row = match.mapping.rows.get(name)
        drives = [
            drive
            for drive in (row.drives if row else ())
            if isinstance(drive, KeyDrive)
            and drive.object in ("", ob.name)
            and drive.key in keys.key_blocks
            and drive.key != base
        ]
        for drive in drives:
            status, reason = _status(keys.key_blocks[drive.key], driven, locked)
            others = [key for key in match.duplicates.get(name, ()) if key in keys.key_blocks]
            if status == MAPPED and others:
                listed = ", ".join(f'"{other}"' for other in others)
                status = DUPLICATE
                reason = f'"{drive.key}" is used; {listed} could stand for it as well.'
            elif status == MAPPED and row.approximate:
                status, reason = APPROXIMATE, row.note
            entries.append(KeyEntry(ob.name, name, drive.key, status, reason, drive.weight))
        if not drives:
            reason = "The mesh has no shape key for this."
            entries.append(KeyEntry(ob.name, name, "", MISSING, reason))
    return entries


def _status(block: bpy.types.ShapeKey, driven: set[str], locked: set[str]) -> tuple[str, str]:
    path = key_path(block.name)
    if path in driven:
        return DRIVEN, "A driver moves this key; keyframes would have no effect, so none are set."
    if block.lock_shape:
        return LOCKED, "The shape key is locked."
    if path in locked:
        return LOCKED, "The key's curve is locked in the existing action."
    if block.mute:
        return MUTED, "The key gets keyframes but is muted, so they do not show."
    return MAPPED, ""


def _require_editable(target: KeyTarget) -> None:
    keys, name = target.keys, target.object.name
    if not keys.is_editable:
        raise FacewrightError(
            f'The shape keys of "{name}" are linked from another file and cannot be animated here.',
            "Make a library override of the object with its mesh, or work in the file it is from.",
            "linked-data",
        )


def _require_relative(target: KeyTarget) -> None:
    if not target.keys.use_relative:
        raise FacewrightError(
            f'The shape keys of "{target.object.name}" are absolute: they follow each other in '
            "time and have no values to animate.",
            "Switch on Relative in the mesh's Shape Keys panel.",
            "absolute-keys",
        )
