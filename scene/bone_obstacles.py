# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps keys on a pose bone from taking effect: drivers, locks, links, constraints.

Nothing here changes a scene.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from .bones import rotation_property
from .targets import DRIVEN, LOCKED

# Constraints that put something else in the place of what the bone's own properties say.
_REPLACE = {
    "COPY_TRANSFORMS": ("location", "rotation", "scale"),
    "COPY_LOCATION": ("location",),
    "COPY_ROTATION": ("rotation",),
    "COPY_SCALE": ("scale",),
    "IK": ("rotation",),
    "SPLINE_IK": ("location", "rotation", "scale"),
    "TRACK_TO": ("rotation",),
    "DAMPED_TRACK": ("rotation",),
    "LOCKED_TRACK": ("rotation",),
    "LIMIT_LOCATION": ("location",),
    "LIMIT_ROTATION": ("rotation",),
    "LIMIT_SCALE": ("scale",),
    "ARMATURE": ("location", "rotation", "scale"),
}


def find_obstacles(
    rig: bpy.types.Object, bone_name: str, asked: Iterable[tuple[str, int]]
) -> tuple[dict[tuple[str, int], tuple[str, str]], list[str]]:
    """What is in the way of moving a bone.

    Args:
        rig: The armature object.
        bone_name: A pose bone of it.
        asked: The numbers to move: ("location", "rotation" or "scale", axis 0 to 2).

    Returns:
        Number -> status of ``targets`` and a sentence, for those that get no keys; axis -1 is all
        three. And sentences about what gets keys that may not show.
    """
    bone = rig.pose.bones[bone_name]
    label = f'bone "{bone_name}" of "{rig.name}"'
    asked = sorted(set(asked))
    stopped: dict[tuple[str, int], tuple[str, str]] = {}
    if not rig.is_editable:
        reason = f'"{rig.name}" is linked from another file and cannot be animated here.'
        return {(transform, -1): (LOCKED, reason) for transform, _ in asked}, []
    driven = _driven(rig, bone)
    for transform, axis in asked:
        at = (transform, axis) if _is_free(bone, transform) else (transform, -1)
        if not driven.isdisjoint({(transform, axis), (transform, -1)}):
            stopped[at] = DRIVEN, f"A driver moves {transform} of {label}; it gets no keyframes."
        elif _is_locked(bone, transform, axis):
            stopped[at] = LOCKED, f"{transform.capitalize()} of {label} is locked."
    return stopped, _doubts(bone, label, {transform for transform, _ in asked})


def _driven(rig: bpy.types.Object, bone: bpy.types.PoseBone) -> set[tuple[str, int]]:
    prefix = f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"].'
    turn = rotation_property(bone.rotation_mode)
    found = set()
    for driver in rig.animation_data.drivers if rig.animation_data else ():
        if not driver.data_path.startswith(prefix):
            continue
        name = driver.data_path.removeprefix(prefix)
        if name == turn:
            found.add(("rotation", driver.array_index if turn == "rotation_euler" else -1))
        elif name in ("location", "scale"):
            found.add((name, driver.array_index))
    return found


def _is_free(bone: bpy.types.PoseBone, transform: str) -> bool:
    """Whether the axes of a property stand each by itself."""
    return transform != "rotation" or rotation_property(bone.rotation_mode) == "rotation_euler"


def _is_locked(bone: bpy.types.PoseBone, transform: str, axis: int) -> bool:
    locks = getattr(bone, f"lock_{transform}")
    return locks[axis] if _is_free(bone, transform) else all(locks)


def _doubts(bone: bpy.types.PoseBone, label: str, moved: set[str]) -> list[str]:
    warnings = []
    if "location" in moved and bone.bone.use_connect:
        warnings.append(
            f"The {label} is connected to its parent, so its position keys have no effect."
        )
    for constraint in bone.constraints:
        if "facewright_control_panel" in bone.id_data:
            break  # a slider's limits are its own
        replaced = moved.intersection(_REPLACE.get(constraint.type, ()))
        if replaced and not constraint.mute and constraint.influence > 0 and _stands(constraint):
            what = " and ".join(sorted(replaced))
            warnings.append(
                f'The constraint "{constraint.name}" may overrule the {what} of {label}.'
            )
    return warnings


def _stands(constraint: bpy.types.Constraint) -> bool:
    """Whether a constraint replaces what is there, rather than adding to it."""
    adds = getattr(constraint, "use_offset", False)
    return not adds and getattr(constraint, "mix_mode", "REPLACE") == "REPLACE"
