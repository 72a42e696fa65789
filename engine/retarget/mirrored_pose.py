# SPDX-License-Identifier: GPL-3.0-or-later
"""A pose of the other side: names of the other side, and the pose through the mirror plane X = 0.

As Blender's Paste Pose Flipped, but by the bones' rest orientations, so that rigs whose left and
right bones were not rolled alike come out right as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from .poses import BonePose
from .rotations import quaternions
from .turns import exp_matrices, log_quaternion

_MIRROR = np.diag([-1.0, 1.0, 1.0])
_SWAP = {"l": "r", "r": "l", "left": "right", "right": "left"}
# Where a name tells its side; the first that is there counts. The number that Blender adds to
# names that are in use is no part of it.
_SIDES = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(?P<before>.*[._\- ])(?P<side>[LlRr]|[Ll]eft|[Rr]ight|LEFT|RIGHT)(?P<after>(\.\d+)?)$",
        r"^(?P<before>(.*[:|])?)(?P<side>[LlRr]|[Ll]eft|[Rr]ight|LEFT|RIGHT)(?P<after>[._\- ].*)$",
        r"^(?P<before>.*[._\- ])(?P<side>[LlRr]|[Ll]eft|[Rr]ight|LEFT|RIGHT)(?P<after>[._\- ].*)$",
        r"^(?P<before>.*)(?P<side>Left|Right|LEFT|RIGHT)(?P<after>(\.\d+)?)$",
        r"^(?P<before>(.*[:|_])?)(?P<side>Left|Right|left|right)(?P<after>[A-Z0-9].*)$",
        r"^(?P<before>.*[a-z0-9])(?P<side>[LR])(?P<after>(\.\d+)?)$",
        r"^(?P<before>(.*[:|])?)(?P<side>[lr])(?P<after>[A-Z].*)$",
        r"^(?P<before>.*)(?P<side>left|right)(?P<after>(\.\d+)?)$",
        r"^(?P<before>.*)(?P<side>[左右])(?P<after>.*)$",
    )
)


@dataclass(frozen=True)
class BoneAxes:
    """A bone's own axes in its armature, at rest.

    Attributes:
        rotation: float (3, 3), the axes that the pose turns and scales along
            (``Bone.matrix_local``).
        location: float (3, 3), those that its location goes along: the same, or the identity
            for a bone whose Local Location is off.
    """

    rotation: np.ndarray
    location: np.ndarray


def mirrored_bone(name: str, known: Iterable[str]) -> str:
    """The bone of the other side.

    Args:
        name: A bone's name: ``lid.T.L.001``, ``eye_L``, ``LeftEye``, ``mixamorig:LeftEye``,
            ``CC_Base_L_Eye``, ``lEye``, ``左目``...
        known: Names of the armature's bones.

    Returns:
        The first spelling of the other side that is a bone; ``name`` where it has no side; empty
        where the other side is not there.
    """
    known = set(known)
    has_side = False
    for pattern in _SIDES:
        found = pattern.match(name)
        if not found:
            continue
        side = found["side"]
        other = {"左": "右", "右": "左"}.get(side) or _like(side, _SWAP[side.lower()])
        flipped = f"{found['before']}{other}{found['after']}"
        if flipped in known:
            return flipped
        # "lEye" or "handL" are weaker signs than a side that stands by itself.
        has_side = has_side or pattern in _SIDES[:5]
    return "" if has_side else name


def mirror_pose(
    pose: Mapping[str, BonePose], axes: Mapping[str, BoneAxes]
) -> tuple[dict[str, BonePose], list[str]]:
    """A pose through the plane X = 0 of the armature.

    Args:
        pose: Bone -> pose.
        axes: Bone -> axes, of all bones of the armature.

    Returns:
        The mirrored pose, and the bones whose other side the armature does not have.
    """
    mirrored: dict[str, BonePose] = {}
    missing = []
    for bone, stands in pose.items():
        other = mirrored_bone(bone, axes)
        if not other or bone not in axes:
            missing.append(bone)
            continue
        mirrored[other] = _through(stands, axes[bone], axes[other])
    return mirrored, missing


def _through(pose: BonePose, here: BoneAxes, there: BoneAxes) -> BonePose:
    # From one bone's axes by way of the armature's, mirrored, into the other bone's axes.
    turn = there.rotation.T @ _MIRROR @ here.rotation
    move = there.location.T @ _MIRROR @ here.location
    # A mirrored rotation vector: the axis is a pseudovector, so it changes sign once more.
    vector = np.linalg.det(turn) * turn @ log_quaternion(np.array(pose.rotation))
    stretch = turn @ np.diag(np.log(np.maximum(pose.scale, 1e-4))) @ turn.T
    rotation = quaternions(exp_matrices(vector)[None])[0]
    return BonePose(
        _rounded(move @ np.array(pose.location)),
        _rounded(rotation),
        _rounded(np.exp(np.diag(stretch))),
    )


def _like(pattern: str, text: str) -> str:
    """Text in the case of a pattern."""
    if pattern.isupper():
        return text.upper()
    return text.capitalize() if pattern[0].isupper() else text


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    """Without the last digits, so that what is at rest is exactly that; no minus zeros."""
    return tuple(float(value) + 0.0 for value in np.round(values, 9))
