# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels of head and eyes, as chosen in ``PoseSettings``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

import bpy
import numpy as np

from ..engine.core.errors import FacewrightError
from ..engine.filters.chain import FilteredTrack
from ..engine.retarget.channels import (
    EYES,
    Channel,
    gaze_rotations,
    head_rotations,
    location_channels,
    rotation_channels,
)
from . import bones
from .bones import PoseTarget

# The custom properties of ``bones.remember_rest`` begin so.
_REST_PREFIX = "facewright_rest_"


@dataclass(frozen=True)
class PoseSettings:
    """What follows the head and the eyes. Empty names are not written.

    Attributes:
        head_object: Name of the object that turns with the head, or of the armature.
        head_bone: Name of the pose bone that turns; empty for the object itself.
        rotation: Write the head's rotation.
        position: Write the head's position, relative to its neutral one.
        position_scale: Factor on the position; 1 is life size in the scene's units.
        eye_object: Name of the armature with the eye bones; empty for ``head_object``.
        eye_left: Name of the bone of the character's left eye.
        eye_right: Name of the bone of the character's right eye.
        look_keys_too: Write the eyeLook keys even though eye bones turn; without this they are
            left out, because the eyes would turn twice.
        facing: Where the character looks, in its own upright axes: "-Y", "+Y", "-X" or "+X".
    """

    head_object: str = ""
    head_bone: str = ""
    rotation: bool = True
    position: bool = False
    position_scale: float = 1.0
    eye_object: str = ""
    eye_left: str = ""
    eye_right: str = ""
    look_keys_too: bool = False
    facing: str = "-Y"


@dataclass
class Pose:
    """The targets that ``PoseSettings`` name.

    Attributes:
        head: The head, or None.
        eyes: "Left"/"Right" -> the eye's bone.
        settings: Where they came from.
        blocked: Data paths, by target, that drivers own.
        warnings: Sentences for the artist.
    """

    settings: PoseSettings
    head: PoseTarget | None = None
    eyes: dict[str, PoseTarget] = field(default_factory=dict)
    blocked: dict[str, set[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def drops_look_keys(self) -> bool:
        """Whether the eyeLook keys are left out because bones turn the eyes."""
        return bool(self.eyes) and not self.settings.look_keys_too

    def all(self) -> list[PoseTarget]:
        """Every target."""
        return ([self.head] if self.head else []) + list(self.eyes.values())

    def remember(self, undo: ExitStack) -> None:
        """Stores the rest pose that the keys of an object start from.

        Each time anew: whoever cleared the animation and moved the object gave it a new one.

        Args:
            undo: Gets the reversal.
        """
        if self.head and not self.head.bone:
            undo.callback(_set_rest, self.head, _stored_rest(self.head))
            bones.remember_rest(self.head)


def find_pose(scene: bpy.types.Scene, settings: PoseSettings) -> Pose:
    """Looks up the head and the eyes; changes nothing.

    Raises:
        FacewrightError: A named object or bone is missing or linked, or an eye bone is named
            without an armature.
    """
    pose = Pose(settings)
    # World matrices of what a script has just made or moved are stale until then.
    scene.view_layers[0].update()
    if settings.head_object and (settings.rotation or settings.position):
        pose.head = bones.find_pose_target(
            scene, settings.head_object, settings.head_bone, settings.facing
        )
        _note_obstacles(pose, pose.head, settings.position)
    owner = settings.eye_object or settings.head_object
    for side, bone in zip(EYES, (settings.eye_left, settings.eye_right), strict=True):
        if bone and not owner:
            raise FacewrightError(
                f'No armature is chosen for the eye bone "{bone}".',
                "Choose the armature that has the eye bones.",
                "object-missing",
            )
        if bone:
            pose.eyes[side] = bones.find_pose_target(scene, owner, bone, settings.facing)
            _note_obstacles(pose, pose.eyes[side], False)
    if pose.drops_look_keys:
        pose.warnings.append(
            "The eye bones turn the eyes, so the eyeLook shape keys were left out."
        )
    return pose


def pose_channels(pose: Pose, filtered: FilteredTrack) -> list[tuple[PoseTarget, Channel, str]]:
    """Channels of head and eyes with what they belong to and what they hold.

    Returns:
        Triples of target, channel and "rotation" or "location".
    """
    track, frames = filtered.track, filtered.frames
    at = frames[track.valid]
    found: list[tuple[PoseTarget, Channel, str]] = []

    def add(target: PoseTarget, channels: list[Channel], kind: str) -> None:
        blocked = pose.blocked[target.label]
        found.extend((target, c, kind) for c in channels if c.data_path not in blocked)

    if pose.head and pose.settings.rotation:
        add(pose.head, _rotation(pose.head, head_rotations(track), at), "rotation")
    if pose.head and pose.settings.position:
        scale = pose.head.unit_cm * pose.settings.position_scale
        add(
            pose.head,
            location_channels(
                track, frames, pose.head.prefix, scale, pose.head.rest, pose.head.location
            ),
            "location",
        )
    for side, target in pose.eyes.items():
        add(target, _rotation(target, gaze_rotations(track, side), at), "rotation")
    return found


def _stored_rest(target: PoseTarget) -> dict[str, list[float]]:
    """What an object remembers of its rest pose, by property name; empty if nothing."""
    properties = target.object.items()
    return {name: list(value) for name, value in properties if name.startswith(_REST_PREFIX)}


def _set_rest(target: PoseTarget, stored: dict[str, list[float]]) -> None:
    """Puts back what ``_stored_rest`` gave."""
    bones.forget_rest(target)
    for name, values in stored.items():
        target.object[name] = values


def _rotation(target: PoseTarget, rotations: np.ndarray, frames: np.ndarray) -> list[Channel]:
    return rotation_channels(rotations, frames, target.prefix, target.mode, target.rest)


def _note_obstacles(pose: Pose, target: PoseTarget, location: bool) -> None:
    pose.blocked[target.label], warnings = bones.obstacles(target, location)
    pose.warnings += warnings
