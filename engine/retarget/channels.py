# SPDX-License-Identifier: GPL-3.0-or-later
"""A resampled track as channels: one list of keys per animated number of the scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.axes import rotation_from_euler_deg
from ..core.types import FaceTrack
from .axes import CAMERA_TO_CHARACTER
from .rotations import axis_angles, eulers, quaternions

EYES = ("Left", "Right")


@dataclass(frozen=True)
class Channel:
    """The keys of one animated number.

    Attributes:
        data_path: Path of the property from its data-block, as in an F-curve.
        index: Index in an array property, 0 for a single number.
        frames: float64 (n,), frames on the timeline, increasing, fractions allowed.
        values: float64 (n,), the property's values there.
    """

    data_path: str
    index: int
    frames: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class RestFrame:
    """How a bone or object stands before the face moves it.

    Attributes:
        local_axes: float (3, 3), from a character's axes to those of the armature or object
            (``axes.character_to_local``).
        rest: float (3, 3): a bone's rest orientation in its armature (``Bone.matrix_local``);
            the identity for an object, whose own axes these are.
        start: float (3, 3): the rotation that the property has at rest: the identity for a pose
            bone, an object's own rotation.
    """

    local_axes: np.ndarray
    rest: np.ndarray
    start: np.ndarray


def head_rotations(track: FaceTrack) -> np.ndarray:
    """Head rotation of the valid frames in camera axes, float64 (n, 3, 3)."""
    return rotation_from_euler_deg(track.head_deg[track.valid])


def gaze_rotations(track: FaceTrack, side: str) -> np.ndarray:
    """Rotation of one eye relative to the head, valid frames, camera axes, float64 (n, 3, 3)."""
    gaze = track.gaze_deg[track.valid][:, EYES.index(side)]
    return rotation_from_euler_deg(np.column_stack((gaze, np.zeros(len(gaze)))))


def rotation_channels(
    rotations: np.ndarray, frames: np.ndarray, prefix: str, mode: str, rest: RestFrame
) -> list[Channel]:
    """Rotation channels of a pose bone or object in its own rotation mode.

    The rotation R acts in the armature's (or object's) axes; a bone with rest orientation B has
    it under its rest: R B = B M, so the property is M = Bᵀ R B.

    Args:
        rotations: float (n, 3, 3), rotation relative to rest in camera axes.
        frames: float64 (n,).
        prefix: What comes before ``rotation_...`` in the data path, e.g. ``'pose.bones["x"].'``.
        mode: ``"QUATERNION"``, ``"AXIS_ANGLE"`` or an Euler order, as Blender's rotation_mode.
        rest: How the bone or object stands at rest.
    """
    to_rest = rest.rest.T @ rest.local_axes @ CAMERA_TO_CHARACTER
    matrices = rest.start @ (to_rest @ rotations @ to_rest.T)
    if mode == "QUATERNION":
        name, values = "rotation_quaternion", quaternions(matrices)
    elif mode == "AXIS_ANGLE":
        name, values = "rotation_axis_angle", axis_angles(matrices)
    else:
        name, values = "rotation_euler", eulers(matrices, mode)
    return [Channel(prefix + name, i, frames, values[:, i]) for i in range(values.shape[1])]


def location_channels(
    track: FaceTrack,
    frames: np.ndarray,
    prefix: str,
    scale: float,
    rest: RestFrame,
    start: np.ndarray,
) -> list[Channel]:
    """Location channels of a pose bone or object.

    Args:
        track: The track at the frames, ``head_cm`` being displacements from neutral.
        frames: float64 (T,), the frame of each row.
        prefix: What comes before ``location`` in the data path.
        scale: Units of the property per centimetre.
        rest: How the bone or object stands at rest.
        start: float (3,), the property's value at rest.
    """
    to_local = rest.start @ rest.rest.T @ rest.local_axes @ CAMERA_TO_CHARACTER
    moved = track.head_cm[track.valid].astype(np.float64) @ to_local.T * scale + start
    return [Channel(f"{prefix}location", i, frames[track.valid], moved[:, i]) for i in range(3)]
