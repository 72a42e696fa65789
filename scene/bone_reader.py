# SPDX-License-Identifier: GPL-3.0-or-later
"""ARKit channels from how bones and properties stand: the way back of a mapping that moves them.

What counts are a bone's own location, rotation and scale, as evaluated with keys, drivers and the
NLA; what its constraints add is not the mapping's doing.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from ..engine.core.arkit import COUNT, INDEX, NAMES
from ..engine.retarget.fit_solver import BoundedWeights
from ..engine.retarget.mapping import Mapping
from ..engine.retarget.mixing import unmixing
from ..engine.retarget.poses import BoneMotion
from ..engine.retarget.turns import log_matrices
from .bone_channels import MovedBone, MovedNumber, Moves
from .rna_paths import read_value

# Of a channel that is told for certain, this much or more comes back as itself.
_CERTAIN = 0.9
# Directions of the poses that are weaker than this share of the strongest tell nothing.
_WEAK = 1e-3


class BoneStands:
    """How bones stand, as numbers that add up: location, rotation vector, logarithms of the scale.

    Args:
        bones: B bones.

    Attributes:
        means: float64 (52, 9 B), what each channel adds when it is at 1. Metres, radians and
            factors count alike: each kind is in units of the largest of any channel.
    """

    def __init__(self, bones: Sequence[MovedBone]) -> None:
        self._bones = list(bones)
        unit = np.eye(COUNT)
        rest, means, held = [np.zeros((1, 0))], [np.zeros((COUNT, 0))], [np.zeros(0)]
        for bone in self._bones:
            moved = bone.motion(unit)
            rest.append(_features(bone.motion(0 * unit[:1])))
            means.append(_features(moved) - rest[-1])
            parts = moved.location, moved.turn, moved.scale
            held.append(np.repeat([float(part is not None) for part in parts], 3))
        self._rest, means = np.concatenate(rest, axis=1)[0], np.concatenate(means, axis=1)
        self._held = np.concatenate(held)
        kinds = np.tile(np.repeat(np.arange(3), 3), len(self._bones))
        self._units = np.zeros(len(kinds))
        for kind in range(3):
            largest = np.abs(means[:, kinds == kind]).max(initial=0.0)
            self._units[kinds == kind] = 1 / largest if largest else 0.0
        self.means = means * self._units

    def read(self, depsgraph: bpy.types.Depsgraph) -> np.ndarray:
        """float64 (9 B,): how far they stand from rest now; 0 for what no channel moves."""
        stand = [np.zeros(0)]
        for bone in self._bones:
            posed = _posed(bone, depsgraph)
            scale = np.maximum(np.array([posed.scale]), 1e-4)
            motion = BoneMotion(np.array([posed.location]), _turn(bone, posed)[None], scale)
            stand.append(_features(motion)[0])
        return (np.concatenate(stand) * self._held - self._rest) * self._units


def highest(mapping: Mapping) -> np.ndarray:
    """float64 (52,): how far each channel's response goes, at least 1."""
    responses = mapping.respond(np.repeat(np.linspace(0, 1, 33)[:, None], COUNT, axis=1))
    return np.maximum(responses.max(axis=0), 1.0)


class BoneReader:
    """Reads chosen channels from bones and properties.

    A drive's channel is the number's way from rest through the drive's amount. Stored poses, and
    drives of bones that have one, are told together: those weights, from 0 to as far as the
    mapping's response goes, that come nearest by least squares.

    Args:
        moves: What the mapping moves.
        names: ARKit names to read; others are known.

    Attributes:
        channels: int64 (C,), the columns that it reads.
        unsure: ARKit names of ``names`` that it cannot tell, or not apart from another. Where such
            a channel moves something at rest already, it is not read at all.
    """

    def __init__(self, moves: Moves, names: set[str]) -> None:
        plain = [bone for bone in moves.bones if not bone.poses]
        self._numbers = [(bone, at) for bone in plain for at in bone.drives]
        self._properties = moves.numbers
        amounts = [bone.drives[at] for bone, at in self._numbers]
        amounts += [moved.amounts for moved in self._properties]
        sources = {str(i): found for i, found in enumerate(amounts)}
        told, back = unmixing(sources, list(sources))
        forth = np.array([[found.get(name, 0.0) for name in told] for found in amounts])
        certain = (back * forth.T).sum(axis=1) if told else np.zeros(0)
        # A guess of nothing would be a movement of what is inverted or has an offset.
        guessed = {n for n, c in zip(told, certain, strict=True) if c <= _CERTAIN}
        left_alone = {n for n in guessed if moves.mapping.respond(np.zeros(COUNT))[INDEX[n]]}
        ours = [i for i, name in enumerate(told) if name in names - left_alone and np.any(back[i])]
        self._back = back[ours]
        self._driven = np.array([INDEX[told[i]] for i in ours], np.int64)
        sure = {told[i] for i in ours} - guessed

        posed = [bone for bone in moves.bones if bone.poses]
        self._stands = BoneStands(posed)
        left = names - left_alone - {told[i] for i in ours}
        in_poses = {name for bone in posed for name in bone.names()} & left
        means = self._stands.means
        self._blended = np.array(
            [INDEX[n] for n in NAMES if n in in_poses and np.any(means[INDEX[n]])], np.int64
        )
        self._others = np.setdiff1d(np.arange(COUNT), self._blended)
        self._tops = highest(moves.mapping)[self._blended]
        rows = means[self._blended]
        self._solver = BoundedWeights(rows * self._tops[:, None])
        if len(rows):
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            certain = np.diag(rows @ np.linalg.pinv(rows, rcond=_WEAK))
            sure |= {
                NAMES[at] for at, c in zip(self._blended, certain, strict=True) if c > _CERTAIN
            }
        self.channels = np.concatenate((self._driven, self._blended))
        self.unsure = tuple(name for name in NAMES if name in names - sure)

    def read(self, depsgraph: bpy.types.Depsgraph, known: np.ndarray) -> np.ndarray:
        """The channels as they stand, responses applied.

        Args:
            depsgraph: Of the scene; what is not in it is read as it is set.
            known: float (52,), the other channels, responses applied: what they do to the bones
                of stored poses is no other channel's doing.

        Returns:
            float64 (C,).
        """
        numbers = [_number(bone, at, depsgraph) for bone, at in self._numbers]
        numbers += [_property(moved, depsgraph) for moved in self._properties]
        driven = self._back @ np.array(numbers, np.float64)
        if not len(self._blended):
            return driven
        values = np.array(known, np.float64)
        values[self._driven] = driven
        others = values[self._others] @ self._stands.means[self._others]
        wanted = self._stands.read(depsgraph) - others
        return np.concatenate((driven, self._solver.solve(wanted[None])[0] * self._tops))


def _number(bone: MovedBone, at: tuple[str, int], depsgraph: bpy.types.Depsgraph) -> float:
    """How far a bone's number is from rest, in a drive's units."""
    transform, axis = at
    posed = _posed(bone, depsgraph)
    if transform == "location":
        value = posed.location[axis]
    elif transform == "scale":
        value = posed.scale[axis] - 1
    else:
        value = float(np.degrees(_turn(bone, posed)[axis]))
    return value - bone.rests[at]


def _property(moved: MovedNumber, depsgraph: bpy.types.Depsgraph) -> float:
    number = moved.number
    try:
        values = read_value(number.owner.evaluated_get(depsgraph), number.data_path)
    except ValueError:  # it was removed while its object stayed
        return 0.0
    return values[number.index] - moved.rest


def _posed(bone: MovedBone, depsgraph: bpy.types.Depsgraph) -> bpy.types.PoseBone:
    return bone.object.evaluated_get(depsgraph).pose.bones[bone.bone]


def _turn(bone: MovedBone, posed: bpy.types.PoseBone) -> np.ndarray:
    """float64 (3,), radians: Euler angles where drives have them as they are, else a vector."""
    if bone.is_plain_euler:
        return np.array(posed.rotation_euler)
    return log_matrices(np.array(posed.matrix_basis.to_quaternion().to_matrix())[None])[0]


def _features(motion: BoneMotion) -> np.ndarray:
    """float64 (T, 9): location, rotation vector, logarithms of the scale; 0 where nothing moves."""
    count = next((len(p) for p in (motion.location, motion.turn, motion.scale) if p is not None), 1)
    parts = [np.zeros((count, 3)) for _ in range(3)]
    if motion.location is not None:
        parts[0] = motion.location
    if motion.turn is not None:
        parts[1] = motion.turn
    if motion.scale is not None:
        parts[2] = np.log(np.maximum(motion.scale, 1e-4))
    return np.nan_to_num(np.concatenate(parts, axis=1))
