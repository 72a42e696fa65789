# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads and eyes that turn: a pose bone, or a whole object.

Nothing here changes a scene; ``remember_rest`` does, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector

from ..engine.core.errors import FacewrightError
from ..engine.retarget.axes import character_to_local
from ..engine.retarget.channels import RestFrame
from . import keyframes

# An object's own rotation and place before it was first animated, so that writing a second take
# does not add the first one's pose.
_REST_ROTATION, _REST_LOCATION = "facewright_rest_rotation", "facewright_rest_location"


@dataclass(frozen=True)
class PoseTarget:
    """Something that takes a rotation and a location.

    Attributes:
        object: The object that is animated; its action gets the channels.
        bone: Name of its pose bone, or empty for the object itself.
        prefix: What comes before the property in the data path.
        mode: Blender's rotation_mode.
        rest: How it stands at rest.
        location: float (3,), the location property at rest.
        unit_cm: Units of the location property per centimetre of the scene.
        group: Channel group for the animation editors.
    """

    object: bpy.types.Object
    bone: str
    prefix: str
    mode: str
    rest: RestFrame
    location: np.ndarray
    unit_cm: float
    group: str

    @property
    def label(self) -> str:
        """The target as a person would name it."""
        return f'bone "{self.bone}" of "{self.object.name}"' if self.bone else self.group


def find_pose_target(
    scene: bpy.types.Scene, object_name: str, bone_name: str = "", facing: str = "-Y"
) -> PoseTarget:
    """Looks up what shall turn.

    Args:
        scene: For its unit scale.
        object_name: An object's name; an armature where a bone is meant.
        bone_name: A pose bone of it, or empty for the object itself.
        facing: Where the character looks in its own upright axes (``retarget.axes``).

    Raises:
        FacewrightError: No such object or bone, or linked data that cannot be animated here.
    """
    ob = bpy.data.objects.get(object_name)
    if ob is None:
        raise FacewrightError(
            f'There is no object named "{object_name}".',
            "Choose the head's object or armature again.",
            "object-missing",
        )
    if not ob.is_editable:
        raise FacewrightError(
            f'"{ob.name}" is linked from another file and cannot be animated here.',
            "Make a library override of it, or work in the file it is from.",
            "linked-data",
        )
    up = np.array(ob.matrix_world.to_quaternion().to_matrix())[2]
    local_axes = character_to_local(up, facing)
    cm = 0.01 / scene.unit_settings.scale_length
    if bone_name:
        return _bone_target(ob, bone_name, local_axes, cm)
    rotation, location = _object_rest(ob)
    parent_size = _size(ob.parent.matrix_world) if ob.parent else 1.0
    rest = RestFrame(local_axes, np.eye(3), np.array(rotation.to_matrix()))
    return PoseTarget(
        ob,
        "",
        "",
        ob.rotation_mode,
        rest,
        np.array(location),
        cm / parent_size,
        f'object "{ob.name}"',
    )


def _bone_target(ob, bone_name: str, local_axes: np.ndarray, cm: float) -> PoseTarget:
    bone = ob.pose.bones.get(bone_name) if ob.pose else None
    if bone is None:
        raise FacewrightError(
            f'"{ob.name}" has no bone named "{bone_name}".',
            "Choose a bone of the character's armature.",
            "bone-missing",
        )
    orientation = np.array(bone.bone.matrix_local.to_3x3().normalized())
    return PoseTarget(
        ob,
        bone.name,
        f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"].',
        bone.rotation_mode,
        RestFrame(local_axes, orientation, np.eye(3)),
        np.zeros(3),
        cm / _size(ob.matrix_world),
        bone.name,
    )


def obstacles(target: PoseTarget, location: bool) -> tuple[set[str], list[str]]:
    """What keeps keyframes from taking effect.

    Args:
        target: The bone or object.
        location: Whether its location is to be animated.

    Returns:
        Data paths that a driver owns, which must not be written, and warnings in sentences.
    """
    data = target.object.animation_data
    driven = {driver.data_path for driver in data.drivers} if data else set()
    wanted = [f"{target.prefix}{name}" for name in (rotation_property(target.mode),)]
    if location:
        wanted.append(f"{target.prefix}location")
    blocked = driven.intersection(wanted)
    warnings = [
        f"A driver moves {path.rpartition('.')[2]} of {target.label}; it gets no keyframes."
        for path in sorted(blocked)
    ]
    if location and target.bone and target.object.data.bones[target.bone].use_connect:
        warnings.append(
            f"The {target.label} is connected to its parent, so its position keys have no effect."
        )
    return blocked, warnings


def rotation_property(mode: str) -> str:
    """Name of the property that a rotation mode keeps its numbers in."""
    return {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(
        mode, "rotation_euler"
    )


def remember_rest(target: PoseTarget) -> None:
    """Stores an object's rest pose on it as custom properties; a bone has its own rest."""
    if not target.bone:
        rotation = Matrix(target.rest.start.tolist()).to_quaternion()
        target.object[_REST_ROTATION] = list(rotation)
        target.object[_REST_LOCATION] = target.location.tolist()


def forget_rest(target: PoseTarget) -> None:
    """Takes back ``remember_rest``."""
    for name in (_REST_ROTATION, _REST_LOCATION):
        if not target.bone and name in target.object:
            del target.object[name]


def _object_rest(ob: bpy.types.Object) -> tuple[Quaternion, Vector]:
    """Rotation and location of an object at rest.

    While curves move it, its properties hold whatever frame is showing; then the remembered rest
    is the truth.
    """
    rotation, location = ob.matrix_basis.to_quaternion(), ob.location.copy()
    moved = {curve.data_path for curve in keyframes.playing_curves(ob)}
    if rotation_property(ob.rotation_mode) in moved and _REST_ROTATION in ob:
        rotation = Quaternion(ob[_REST_ROTATION])
    if "location" in moved and _REST_LOCATION in ob:
        location = Vector(ob[_REST_LOCATION])
    return rotation, location


def _size(matrix: Matrix) -> float:
    """The mean scale of a world matrix."""
    return sum(abs(s) for s in matrix.to_scale()) / 3 or 1.0
