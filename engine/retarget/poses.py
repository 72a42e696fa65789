# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored poses: how bones stand when an ARKit channel is at 1, and blends of them.

In a mapping's JSON the poses are an object of channels, each an object of bones, each with what
differs from rest, in the bone's own axes, as Blender shows it in the sidebar of a pose bone:

    "poses": {"jawOpen": {"jaw": {"rotation": [0.98, 0.2, 0.0, 0.0]}},
              "mouthSmileLeft": {"lips.L": {"location": [0.004, 0.0, 0.006]}}}

``location`` is in the armature's units, ``rotation`` a quaternion w, x, y, z whatever the bone's
rotation mode, ``scale`` three factors above 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.arkit import INDEX
from ..core.errors import FacewrightError
from .channels import Channel
from .rotations import axis_angles, eulers, quaternions
from .turns import exp_matrices, log_quaternion

# A bone that is scaled away stops here: powers of 0 have no way back.
_LEAST_SCALE = 1e-4


@dataclass(frozen=True)
class BonePose:
    """One bone of a stored pose, relative to rest, in the bone's own axes (``matrix_basis``).

    Attributes:
        location: In the armature's units.
        rotation: Unit quaternion w, x, y, z.
        scale: Factors.
    """

    location: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rotation: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)


Poses = Mapping[str, Mapping[str, BonePose]]
_FIELDS = {"location": 3, "rotation": 4, "scale": 3}


@dataclass(frozen=True)
class BoneMotion:
    """A bone over T frames, relative to rest, in its own axes. What nothing moves is None.

    Attributes:
        location: float64 (T, 3), the armature's units; NaN along axes that nothing moves.
        turn: float64 (T, 3), rotation vectors in radians (``turns``).
        scale: float64 (T, 3), factors; NaN along axes that nothing moves.
    """

    location: np.ndarray | None = None
    turn: np.ndarray | None = None
    scale: np.ndarray | None = None

    def plus(self, other: BoneMotion) -> BoneMotion:
        """Both motions together: locations and rotation vectors add up, scales multiply."""
        return BoneMotion(
            _both(self.location, other.location, np.add),
            _both(self.turn, other.turn, np.add),
            _both(self.scale, other.scale, np.multiply),
        )


def blend_poses(poses: Poses, channels: np.ndarray) -> dict[str, BoneMotion]:
    """Stored poses blended by weight, each relative to rest.

    Args:
        poses: ARKit name -> bone -> pose at weight 1.
        channels: float (T, 52), weights; beyond 0..1 the poses are carried on.

    Returns:
        Bone -> motion, in the order in which the bones first appear. The location is the sum of
        w times location, the rotation exp(sum of w log q) – rotation vectors added, Grassia 1998,
        see ``turns`` – and the scale the product of s to the power of w. So one pose at weight w
        is exactly that share of it, and the order of poses does not matter.
    """
    bones: dict[str, dict[str, BonePose]] = {}
    for name, pose in poses.items():
        for bone, stands in pose.items():
            bones.setdefault(bone, {})[name] = stands
    return {bone: _blend(stored, channels) for bone, stored in bones.items()}


def motion_channels(
    motion: BoneMotion, frames: np.ndarray, prefix: str, mode: str
) -> list[Channel]:
    """A bone's motion as channels in its own rotation mode.

    Args:
        motion: T rows.
        frames: float64 (T,).
        prefix: What comes before ``location`` in the data path, e.g. ``'pose.bones["x"].'``.
        mode: ``"QUATERNION"``, ``"AXIS_ANGLE"`` or an Euler order, as Blender's rotation_mode.

    Returns:
        What nothing moves gets no channel; a rotation has all of its numbers.
    """
    found: list[tuple[str, np.ndarray]] = []
    if motion.location is not None:
        found.append(("location", motion.location))
    if motion.turn is not None:
        matrices = exp_matrices(motion.turn)
        if mode == "QUATERNION":
            found.append(("rotation_quaternion", quaternions(matrices)))
        elif mode == "AXIS_ANGLE":
            found.append(("rotation_axis_angle", axis_angles(matrices)))
        else:
            found.append(("rotation_euler", eulers(matrices, mode)))
    if motion.scale is not None:
        found.append(("scale", motion.scale))
    return [
        Channel(prefix + name, i, frames, values[:, i])
        for name, values in found
        for i in range(values.shape[1])
        if not np.isnan(values[:, i]).any()
    ]


def _blend(stored: dict[str, BonePose], channels: np.ndarray) -> BoneMotion:
    weights = np.asarray(channels, np.float64)[:, [INDEX[name] for name in stored]]
    poses = list(stored.values())

    def blend(values: list[np.ndarray]) -> np.ndarray | None:
        table = np.array(values, np.float64)
        return weights @ table if _moves(table).any() else None

    turns = blend([log_quaternion(np.array(pose.rotation)) for pose in poses])
    places = np.array([pose.location for pose in poses], np.float64)
    sizes = np.log(np.maximum([pose.scale for pose in poses], _LEAST_SCALE))
    location, scale = blend(places), blend(sizes)
    if location is not None:
        location[:, ~_moves(places)] = np.nan
    if scale is not None:
        scale = np.exp(scale)
        scale[:, ~_moves(sizes)] = np.nan
    return BoneMotion(location, turns, scale)


def _moves(table: np.ndarray) -> np.ndarray:
    """Which columns move at all."""
    return np.abs(table).max(axis=0) > 1e-12


def _both(a: np.ndarray | None, b: np.ndarray | None, join) -> np.ndarray | None:
    if a is None or b is None:
        return b if a is None else a
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, join(a, b)))


def poses_to_json(poses: Poses) -> dict:
    """ARKit name -> bone -> what differs from rest."""
    return {
        name: {
            bone: {
                field: list(getattr(pose, field))
                for field in _FIELDS
                if getattr(pose, field) != getattr(BonePose, field)
            }
            for bone, pose in bones.items()
        }
        for name, bones in poses.items()
    }


def poses_from_json(data: dict) -> dict[str, dict[str, BonePose]]:
    """The inverse of ``poses_to_json``. A quaternion of another length than 1 is made a unit.

    Raises:
        FacewrightError: ``mapping-invalid``.
    """
    return {
        name: {bone: _pose(f'bone "{bone}" of {name}', pose) for bone, pose in bones.items()}
        for name, bones in _items(data, "poses")
    }


def _items(data: dict, what: str):
    for name, bones in data.items():
        if not isinstance(bones, dict):
            raise _invalid(f"{name} of the {what} is no object")
        yield name, bones


def _pose(what: str, data: object) -> BonePose:
    if not isinstance(data, dict) or set(data) - set(_FIELDS):
        raise _invalid(f"{what} is no pose")
    for field, length in _FIELDS.items():
        value = data.get(field, [0.0] * length)
        if (
            not isinstance(value, list)
            or len(value) != length
            or any(isinstance(n, bool) or not isinstance(n, int | float) for n in value)
        ):
            raise _invalid(f"{field} of {what} is not {length} numbers")
        if not all(math.isfinite(n) for n in value):
            raise _invalid(f"a number of {what} is not finite")
    found = {field: tuple(map(float, value)) for field, value in data.items()}
    if "rotation" in found:
        length = math.hypot(*found["rotation"])
        if length < 1e-6:
            raise _invalid(f"the rotation of {what} is no quaternion")
        if abs(length - 1) > 1e-6:
            found["rotation"] = tuple(n / length for n in found["rotation"])
    if min(found.get("scale", (1.0,))) <= 0:
        raise _invalid(f"a scale of {what} is not above 0")
    return BonePose(**found)


def _invalid(what: str) -> FacewrightError:
    return FacewrightError(
        f"The mapping cannot be used: {what}.", "Mend it, or match anew.", "mapping-invalid"
    )
