# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels of bones and properties that a mapping moves: by drives, stored poses, or both.

``find_moves`` says which they are. Nothing here changes a scene.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import bpy
import numpy as np

from ..engine.filters.chain import FilteredTrack
from ..engine.retarget.channels import Channel
from ..engine.retarget.mapping import Mapping
from ..engine.retarget.mixing import make_mixer
from ..engine.retarget.poses import BoneMotion, BonePose, blend_poses, motion_channels
from .rna_paths import Number
from .targets import WRITTEN, KeyEntry

_EULERS = frozenset({"XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"})


@dataclass
class MovedBone:
    """A pose bone that the face moves.

    Attributes:
        object: The armature object.
        bone: The bone's name.
        mode: Blender's rotation_mode.
        poses: ARKit name -> the stored pose that the bone takes part in.
        drives: Property and axis ("location", 0) -> ARKit name -> amount.
        rests: Property and axis -> where it is while the channels rest.
        blocked: Properties and axes that get no keys; axis -1 is all of them.
    """

    object: bpy.types.Object
    bone: str
    mode: str
    poses: dict[str, BonePose] = field(default_factory=dict)
    drives: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)
    rests: dict[tuple[str, int], float] = field(default_factory=dict)
    blocked: set[tuple[str, int]] = field(default_factory=set)

    @property
    def prefix(self) -> str:
        """What comes before the property in the data path."""
        return f'pose.bones["{bpy.utils.escape_identifier(self.bone)}"].'

    @property
    def label(self) -> str:
        """The bone as a person would name it."""
        return f'bone "{self.bone}" of "{self.object.name}"'

    @property
    def is_plain_euler(self) -> bool:
        """Whether its rotation is the degrees of its drives as they are, axis by axis."""
        turned = any(pose.rotation != BonePose.rotation for pose in self.poses.values())
        return self.mode in _EULERS and not turned

    def names(self) -> set[str]:
        """The ARKit names that move it."""
        return set(self.poses).union(*self.drives.values())

    def motion(self, channels: np.ndarray) -> BoneMotion:
        """How it moves, from channels float (T, 52), responses applied."""
        poses = {name: {self.bone: pose} for name, pose in self.poses.items()}
        moved = blend_poses(poses, channels).get(self.bone, BoneMotion())
        parts: dict[str, np.ndarray] = {}
        for (transform, axis), values in self.driven(channels).items():
            empty = 0.0 if transform == "rotation" else np.nan
            part = parts.setdefault(transform, np.full((len(channels), 3), empty))
            part[:, axis] = {"rotation": np.radians(values), "scale": 1 + values}.get(
                transform, values
            )
        return moved.plus(
            BoneMotion(parts.get("location"), parts.get("rotation"), parts.get("scale"))
        )

    def driven(self, channels: np.ndarray) -> dict[tuple[str, int], np.ndarray]:
        """The numbers of its drives, float64 (T,), in the drives' units."""
        mixer = make_mixer({str(at): names for at, names in self.drives.items()}, self._keys())
        values = mixer(channels)
        return {at: self.rests[at] + values[:, i] for i, at in enumerate(self.drives)}

    def _keys(self) -> list[str]:
        return [str(at) for at in self.drives]


@dataclass
class MovedNumber:
    """A property that the face moves.

    Attributes:
        number: The property.
        amounts: ARKit name -> amount.
        rest: Where it is while the channels rest.
    """

    number: Number
    amounts: dict[str, float]
    rest: float


@dataclass
class Moves:
    """Everything beside shape keys that a mapping moves.

    Attributes:
        mapping: Where it comes from.
        bones: Pose bones.
        numbers: Properties.
        entries: What becomes of each ARKit name on each of its bones and properties, in the
            statuses of ``targets``; ``key`` says which, ``object`` on what.
        warnings: Sentences for the artist.
    """

    mapping: Mapping
    bones: list[MovedBone] = field(default_factory=list)
    numbers: list[MovedNumber] = field(default_factory=list)
    entries: list[KeyEntry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def objects(self) -> list[bpy.types.ID]:
        """The data-blocks that get keys, each once."""
        owners = [bone.object for bone in self.bones]
        return list(dict.fromkeys(owners + [moved.number.owner for moved in self.numbers]))

    def written(self) -> set[str]:
        """The ARKit names that move something."""
        return {entry.arkit for entry in self.entries if entry.status in WRITTEN}


def move_channels(moves: Moves, filtered: FilteredTrack) -> list[tuple[bpy.types.ID, Channel, str]]:
    """The channels of bones and properties with what they belong to.

    Args:
        moves: What moves; see ``find_moves``.
        filtered: The plain weights on frames; the mapping's responses are applied here.

    Returns:
        Triples of data-block, channel and channel group. Locations, rotations and scales of a
        bone are relative to rest, in its own axes and rotation mode. In an Euler mode, a bone
        without a stored rotation has the degrees of its drives as they are, axis by axis; all
        other rotations are added as rotation vectors (``engine.retarget.turns``).
    """
    valid = filtered.track.valid
    frames = filtered.frames[valid]
    channels = moves.mapping.respond(filtered.track.weights[valid])
    found: list[tuple[bpy.types.ID, Channel, str]] = []
    for bone in moves.bones:
        found += [(bone.object, c, bone.bone) for c in _bone_channels(bone, channels, frames)]
    for moved in moves.numbers:
        mixer = make_mixer({"": moved.amounts}, [""])
        values = moved.rest + mixer(channels)[:, 0]
        number = moved.number
        found.append((number.owner, Channel(number.data_path, number.index, frames, values), ""))
    return found


def _bone_channels(bone: MovedBone, channels: np.ndarray, frames: np.ndarray) -> list[Channel]:
    motion = bone.motion(channels)
    found: list[Channel] = []
    if bone.is_plain_euler:
        motion = replace(motion, turn=None)
        found = [
            Channel(f"{bone.prefix}rotation_euler", axis, frames, np.radians(values))
            for (transform, axis), values in bone.driven(channels).items()
            if transform == "rotation"
        ]
    found += motion_channels(motion, frames, bone.prefix, bone.mode)
    return [c for c in found if not _is_blocked(bone, c)]


def _is_blocked(bone: MovedBone, channel: Channel) -> bool:
    name = channel.data_path.removeprefix(bone.prefix)
    transform = "rotation" if name.startswith("rotation") else name
    # The numbers of a quaternion or an angle with its axis only make sense together.
    index = channel.index if transform != "rotation" or bone.mode in _EULERS else -1
    return not bone.blocked.isdisjoint({(transform, index), (transform, -1)})
