# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bones and properties a mapping moves on a character, and what is in their way.

Nothing here changes a scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import bpy

from ..engine.retarget.mapping import AXES, BoneDrive, Mapping, PropertyDrive
from ..engine.retarget.poses import BonePose
from .armatures import armatures_of
from .bone_channels import MovedBone, MovedNumber, Moves
from .bone_obstacles import find_obstacles
from .bones import rotation_property
from .mapping_store import mapping_owner
from .pose_channels import Pose
from .rna_paths import Number, find_number
from .targets import APPROXIMATE, DRIVEN, LEFT_OUT, LOCKED, MAPPED, MISSING, WRITTEN, KeyEntry


def find_moves(
    mapping: Mapping,
    objects: Sequence[bpy.types.Object],
    pose: Pose | None = None,
    writes: Callable[[str], bool] | None = None,
) -> Moves:
    """Looks up the bones and properties of a mapping, and what is in their way.

    Args:
        mapping: Its keys are not looked at.
        objects: The character: the meshes and armatures that were chosen.
        pose: Head and eyes; what turns with them is left to them.
        writes: Whether an ARKit name is in a chosen part of the face; a bone that several parts
            move is written if one of them is chosen.

    Returns:
        What can be moved; everything else is in ``entries`` and ``warnings`` with its reason.
    """
    moves = Moves(mapping)
    finder = _Finder(moves, list(objects), pose)
    for name, row in mapping.rows.items():
        for drive in row.drives:
            if isinstance(drive, BoneDrive):
                finder.add_drive(name, drive)
            elif isinstance(drive, PropertyDrive):
                finder.add_number(name, drive)
    for name, stored in mapping.poses.items():
        for bone, stands in stored.items():
            finder.add_pose(name, bone, stands)
    finder.finish(writes or (lambda _name: True))
    return moves


class _Finder:
    """Collects a mapping's bones and properties into ``Moves``."""

    def __init__(self, moves: Moves, objects: list[bpy.types.Object], pose: Pose | None) -> None:
        self._moves, self._objects = moves, objects
        self._rigs = armatures_of(objects)
        # A mapping may be kept above the mesh that was chosen, and mean what it is kept on.
        kept_on = mapping_owner(objects)
        self._owners = list(dict.fromkeys(ob for ob in (*objects[:1], kept_on) if ob))
        self._bones: dict[tuple[str, str], MovedBone] = {}
        self._numbers: dict[Number, MovedNumber] = {}
        self._taken = _taken_by(pose) if pose else {}
        self._wanted: list[tuple[KeyEntry, MovedBone | Number, set[tuple[str, int]]]] = []

    def add_drive(self, name: str, drive: BoneDrive) -> None:
        """A bone's number follows an ARKit channel."""
        label = f"{drive.bone}: {drive.transform} {drive.axis}"
        bone = self._bone(name, label, drive.bone, drive.object)
        if bone is None:
            return
        at = drive.transform, AXES.index(drive.axis)
        amounts = bone.drives.setdefault(at, {})
        amounts[name] = amounts.get(name, 0.0) + drive.amount
        bone.rests[at] = bone.rests.get(at) or drive.rest
        self._want(name, label, drive.amount, bone, {at})

    def add_pose(self, name: str, bone_name: str, stands: BonePose) -> None:
        """A bone takes part in the stored pose of an ARKit channel."""
        bone = self._bone(name, bone_name, bone_name, self._moves.mapping.poses_object)
        if bone is None:
            return
        bone.poses[name] = stands
        parts = {("location", i) for i in range(3) if stands.location[i]}
        parts |= {("rotation", i) for i in range(3) if abs(stands.rotation[i + 1]) > 1e-6}
        parts |= {("scale", i) for i in range(3) if stands.scale[i] != 1}
        self._want(name, bone_name, 1.0, bone, parts)

    def add_number(self, name: str, drive: PropertyDrive) -> None:
        """A property follows an ARKit channel."""
        owners = [bpy.data.objects.get(drive.object)] if drive.object else self._owners
        if None in owners:
            self._missing(drive.object, name, drive.path, "There is no such object.")
            return
        number = None
        for owner in owners:
            try:
                number = find_number(owner, drive.path)
                break
            except ValueError as error:
                reason = f"The property {_reason(error)}."
        if number is None:
            self._missing(owners[0].name, name, drive.path, reason)
            return
        moved = self._numbers.setdefault(number, MovedNumber(number, {}, drive.rest))
        moved.amounts[name] = moved.amounts.get(name, 0.0) + drive.amount
        moved.rest = moved.rest or drive.rest
        entry = self._entry(owner.name, name, drive.path, drive.amount)
        self._wanted.append((entry, number, set()))

    def finish(self, writes: Callable[[str], bool]) -> None:
        """Judges everything that was added."""
        moves = self._moves
        for bone in self._bones.values():
            asked = set().union(*(at for _, b, at in self._wanted if b is bone))
            reasons = self._judge(bone, asked, writes)
            bone.blocked = set(reasons)
            for entry, whose, parts in self._wanted:
                if whose is bone:
                    stopped = [reasons[at] for at in sorted(_expand(parts)) if at in reasons]
                    free = parts - set(reasons)
                    if any((transform, -1) in reasons for transform, _ in parts):
                        free = {at for at in free if (at[0], -1) not in reasons}
                    moves.entries.append(_judged(entry, stopped, bool(free)))
            if any(e.status in WRITTEN for e in self._entries_of(bone)):
                moves.bones.append(bone)
        for number, moved in self._numbers.items():
            stopped = _number_obstacle(number, writes, moved)
            entries = [entry for entry, whose, _ in self._wanted if whose == number]
            moves.entries += [
                _judged(e, [stopped] if stopped else [], not stopped) for e in entries
            ]
            if not stopped:
                moves.numbers.append(moved)

    def _judge(self, bone: MovedBone, asked: set[tuple[str, int]], writes) -> dict:
        """What gets no keys -> status and reason."""
        if not any(map(writes, bone.names())):
            return dict.fromkeys(_expand(asked), (LEFT_OUT, ""))
        reasons, warnings = find_obstacles(bone.object, bone.bone, asked)
        self._moves.warnings += warnings
        for transform in {transform for transform, _ in asked}:
            path = bone.prefix + _property_of(transform, bone.mode)
            if path in self._taken.get(bone.object, ()):
                reason = "The head, neck or eyes turn this bone already."
                reasons[transform, -1] = LEFT_OUT, reason
        return reasons

    def _entries_of(self, bone: MovedBone) -> list[KeyEntry]:
        wanted = {(e.object, e.arkit, e.key) for e, whose, _ in self._wanted if whose is bone}
        return [e for e in self._moves.entries if (e.object, e.arkit, e.key) in wanted]

    def _bone(self, name: str, label: str, bone_name: str, rig_name: str) -> MovedBone | None:
        rigs = self._rigs
        if rig_name:
            named = bpy.data.objects.get(rig_name)
            rigs = [named] if named is not None and named.type == "ARMATURE" else []
        rig = next((rig for rig in rigs if bone_name in rig.pose.bones), None)
        if rig is None:
            where = f'"{rig_name}"' if rig_name else "The character"
            reason = f'{where} has no bone named "{bone_name}".'
            self._missing(rig_name, name, label, reason)
            return None
        key = rig.name, bone_name
        if key not in self._bones:
            mode = rig.pose.bones[bone_name].rotation_mode
            self._bones[key] = MovedBone(rig, bone_name, mode)
        return self._bones[key]

    def _want(self, name, label, weight, bone: MovedBone, parts: set[tuple[str, int]]) -> None:
        entry = self._entry(bone.object.name, name, label, weight)
        self._wanted.append((entry, bone, parts))

    def _entry(self, owner: str, name: str, label: str, weight: float) -> KeyEntry:
        row = self._moves.mapping.rows.get(name)
        if row is not None and row.approximate:
            return KeyEntry(owner, name, label, APPROXIMATE, row.note, weight)
        return KeyEntry(owner, name, label, MAPPED, "", weight)

    def _missing(self, owner: str, name: str, label: str, reason: str) -> None:
        self._moves.entries.append(KeyEntry(owner, name, label, MISSING, reason))


def _taken_by(pose: Pose) -> dict[bpy.types.Object, set[str]]:
    """Data paths that head, neck and eyes move, by object."""
    taken: dict[bpy.types.Object, set[str]] = {}
    for target in pose.all():
        paths = taken.setdefault(target.object, set())
        if target is not pose.head or pose.settings.rotation:
            paths.add(target.prefix + rotation_property(target.mode))
        if target is pose.head and pose.settings.position:
            paths.add(f"{target.prefix}location")
    return taken


def _judged(entry: KeyEntry, stopped: list[tuple[str, str]], is_free: bool) -> KeyEntry:
    """An entry after what stands in its way; what is partly free stays written."""
    if not stopped:
        return entry
    status, _ = stopped[0]
    text = " ".join(dict.fromkeys(reason for _, reason in stopped if reason))
    if is_free:
        return replace(entry, reason=f"{entry.reason} {text}".strip())
    return replace(entry, status=status, reason=text)


def _number_obstacle(number: Number, writes, moved: MovedNumber) -> tuple[str, str] | None:
    if not any(map(writes, moved.amounts)):
        return LEFT_OUT, ""
    if not number.owner.is_editable:
        return LOCKED, f'"{number.owner.name}" is linked from another file.'
    data = number.owner.animation_data
    drivers = data.drivers if data else ()
    if any(d.data_path == number.data_path and d.array_index == number.index for d in drivers):
        return DRIVEN, "A driver moves this property; keyframes would have no effect."
    return None


def _expand(parts: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """The parts, and the whole that each belongs to."""
    return {(transform, i) for transform, axis in parts for i in (axis, -1)}


def _property_of(transform: str, mode: str) -> str:
    return rotation_property(mode) if transform == "rotation" else transform


def _reason(error: ValueError) -> str:
    """Blender's own sentences about paths are for programmers."""
    text = str(error)
    return text if text.startswith(("is ", "has ", "cannot ")) else "is not there"
