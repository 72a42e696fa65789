# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels of head and eyes, as chosen in ``PoseSettings``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import bpy
import numpy as np

from ..engine.core.errors import FacewrightError
from ..engine.core.types import FaceTrack
from ..engine.filters.chain import FilteredTrack
from ..engine.retarget.channels import (
    EYES,
    Channel,
    gaze_rotations,
    head_rotations,
    location_channels,
    rotation_channels,
)
from ..engine.retarget.turns import exp_matrices, log_matrices
from . import bones
from .bones import PoseTarget
from .neck_chain import carries

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
        neck: Bones of the head's armature and the shares of the head's rotation that they take,
            0..1; the head bone has the rest, so that the head as it shows turns as far as ever.
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
    neck: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class NeckBone:
    """A bone that takes a share of the head's rotation.

    Attributes:
        target: The bone.
        share: Its share, 0..1.
        carries: Whether the head turns along with it.
    """

    target: PoseTarget
    share: float
    carries: bool


@dataclass
class Pose:
    """The targets that ``PoseSettings`` name.

    Attributes:
        head: The head, or None.
        eyes: "Left"/"Right" -> the eye's bone.
        neck: The bones that turn with the head, see ``PoseSettings.neck``.
        settings: Where they came from.
        blocked: Data paths, by target, that drivers own.
        warnings: Sentences for the artist.
    """

    settings: PoseSettings
    head: PoseTarget | None = None
    neck: list[NeckBone] = field(default_factory=list)
    eyes: dict[str, PoseTarget] = field(default_factory=dict)
    blocked: dict[str, set[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def drops_look_keys(self) -> bool:
        """Whether the eyeLook keys are left out because bones turn the eyes."""
        return bool(self.eyes) and not self.settings.look_keys_too

    def all(self) -> list[PoseTarget]:
        """Every target."""
        head = [self.head] if self.head else []
        return [*head, *(bone.target for bone in self.neck), *self.eyes.values()]

    @property
    def carried(self) -> float:
        """The share of its rotation that the head gets by standing on the neck."""
        return sum(bone.share for bone in self.neck if bone.carries)

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
        FacewrightError: A named object or bone is missing or linked, an eye bone is named
            without an armature, or the neck takes more than there is: ``neck-shares``.
    """
    pose = Pose(settings)
    # World matrices of what a script has just made or moved are stale until then.
    scene.view_layers[0].update()
    if settings.head_object and (settings.rotation or settings.position):
        pose.head = bones.find_pose_target(
            scene, settings.head_object, settings.head_bone, settings.facing
        )
        _note_obstacles(pose, pose.head, settings.position)
        if settings.neck and settings.rotation:
            _find_neck(scene, pose)
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

    turns = _Turns(pose, track)
    if pose.head and pose.settings.rotation:
        add(pose.head, _rotation(pose.head, turns.share(1 - pose.carried), at), "rotation")
    for bone in pose.neck:
        add(bone.target, _rotation(bone.target, turns.share(bone.share), at), "rotation")
    if pose.head and pose.settings.position:
        scale = pose.head.unit_cm * pose.settings.position_scale
        add(
            pose.head,
            location_channels(
                turns.below_neck(),
                frames,
                pose.head.prefix,
                scale,
                pose.head.rest,
                pose.head.location,
            ),
            "location",
        )
    for side, target in pose.eyes.items():
        add(target, _rotation(target, gaze_rotations(track, side), at), "rotation")
    return found


class _Turns:
    """The head's rotations of a track, shared out.

    Args:
        pose: Head and neck.
        track: The values at the frames.
    """

    def __init__(self, pose: Pose, track: FaceTrack) -> None:
        self._pose, self._track = pose, track
        self._whole = head_rotations(track)
        self._vectors = log_matrices(self._whole) if pose.neck else None

    def share(self, share: float) -> np.ndarray:
        """A share of each rotation, float64 (n, 3, 3) in camera axes."""
        return self._whole if share == 1 else exp_matrices(share * self._vectors)

    def below_neck(self) -> FaceTrack:
        """The track with the head's positions as they are on a neck that has turned."""
        if not self._pose.carried:
            return self._track
        moved = self._track.head_cm.copy()
        valid = self._track.valid
        neck = self.share(self._pose.carried)
        moved[valid] = np.einsum("nji,nj->ni", neck, moved[valid])
        return replace(self._track, head_cm=moved)


def _find_neck(scene: bpy.types.Scene, pose: Pose) -> None:
    """Looks up the neck; a bone whose rotation cannot be written leaves its share to the head."""
    settings = pose.settings
    names = [name for name, _ in settings.neck]
    shares = [share for _, share in settings.neck]
    if not settings.head_bone or settings.head_bone in names or len(set(names)) < len(names):
        raise FacewrightError(
            "The neck's bones are not those below a head bone, each named once.",
            "Choose a head bone, and other bones as its neck.",
            "neck-shares",
        )
    if not (min(shares) >= 0 and sum(shares) <= 1):
        raise FacewrightError(
            f"The neck's shares of the head's rotation add up to {sum(shares):g}.",
            "Give each bone a share from 0 to 1, and all together no more than 1.",
            "neck-shares",
        )
    rig = pose.head.object
    for name, share in settings.neck:
        target = bones.find_pose_target(scene, rig.name, name, settings.facing)
        _note_obstacles(pose, target, False)
        if pose.blocked[target.label]:
            continue
        carried = carries(rig, name, settings.head_bone)
        if not carried:
            pose.warnings.append(
                f'The head does not turn along with the {target.label}, so "{settings.head_bone}" '
                "turns all the way by itself."
            )
        pose.neck.append(NeckBone(target, share, carried))


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
