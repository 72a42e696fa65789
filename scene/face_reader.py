# SPDX-License-Identifier: GPL-3.0-or-later
"""The face that a character shows, whatever animates it: keys, drivers, NLA, constraints, hands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ..engine.core.arkit import COUNT, INDEX
from ..engine.core.axes import euler_deg
from ..engine.core.gaze import gaze_deg, look_weights
from ..engine.core.types import FaceTrack
from ..engine.retarget.channels import EYES
from ..engine.retarget.fit_mixing import working_fit
from ..engine.retarget.mapping import Drive, KeyDrive
from ..engine.retarget.mixing import unmixing
from ..engine.retarget.readback import moved_cm, turned, turned_deg
from .bone_reader import BoneReader
from .bones import PoseTarget
from .character import Character, Parts
from .pose_channels import PoseSettings
from .targets import KeyTarget


@dataclass
class _Keys:
    """Shape keys of one mesh that are read, which weights they are, and how those are told."""

    block: bpy.types.Key
    object: bpy.types.Object
    names: list[str]
    positions: np.ndarray
    channels: np.ndarray
    tell: Callable[[np.ndarray], np.ndarray]

    def is_as_it_was(self) -> bool:
        """Whether names and order are those of the plan."""
        return (
            self.object.data.shape_keys == self.block and self.block.key_blocks.keys() == self.names
        )


class FaceReader:
    """Reads a character; changes nothing and evaluates nothing, but when it looks for its parts.

    Args:
        scene: The scene that the character is in.
        objects: Meshes with shape keys, or armatures and empties above such meshes. Of several
            that have a key of the same ARKit name, the first is read.
        pose: Head and eyes. What these settings do not write is not read either: it rests at 0.
        bones: Read the mapping's bones and properties as well. Where a channel moves those and
            keys, the larger counts: the others may rest.

    Attributes:
        unsure: ARKit names that the mapping moves, but that cannot be read for certain.

    Raises:
        FacewrightError: There is no face in it.
    """

    def __init__(
        self,
        scene: bpy.types.Scene,
        objects: Iterable[bpy.types.Object],
        pose: PoseSettings,
        bones: bool = True,
    ) -> None:
        self._character = Character(scene, objects, pose)
        self.scene_uid = self._character.scene_uid
        self._keys: list[_Keys] = []
        self._parts: Parts | None = None
        self._reads_bones = bones
        self._bones: BoneReader | None = None
        self.unsure: tuple[str, ...] = ()
        self._bind()

    def forget_blocks(self) -> None:
        """Look the data-blocks up anew: undo has replaced them."""
        self._parts = None

    def read(self, depsgraph: bpy.types.Depsgraph, time_s: float) -> FaceTrack:
        """The face as it was last evaluated.

        Args:
            depsgraph: Of the scene; what is not in it is read as it is set.
            time_s: The row's time.

        Returns:
            One valid frame. Muted keys count as 0. Eyes without bones look where their eyeLook
            keys do; eyes with bones tell the eyeLook weights where the keys are left out.
            Of bones that the mapping moves count their own numbers, without constraints.

        Raises:
            FacewrightError: The character is gone.
        """
        if self._parts is None or not self._is_as_it_was():
            self._parts = None
            self._bind()
        weights = np.zeros((1, COUNT), np.float32)
        for keys in self._keys:
            weights[0, keys.channels] = keys.tell(_values(keys, depsgraph))
        told = {int(index) for keys in self._keys for index in keys.channels}
        told |= self._read_bones(weights, told, depsgraph)
        weights = self._parts.mapping.invert(weights, told).astype(np.float32)
        gaze = gaze_deg(weights)
        pose, settings = self._parts.pose, self._parts.pose.settings
        for side, target in pose.eyes.items():
            turn = turned_deg(_rotation(_matrix(target, depsgraph)), target.rest)
            gaze[0, EYES.index(side)] = turn[:2]
        if pose.drops_look_keys:
            for name, value in look_weights(gaze).items():
                if name.endswith(tuple(pose.eyes)):
                    weights[:, INDEX[name]] = value
        head_deg, head_cm = np.zeros((1, 3), np.float32), np.zeros((1, 3), np.float32)
        if head := pose.head:
            matrix = _matrix(head, depsgraph)
            neck = np.eye(3)
            for bone in pose.neck:
                if bone.carries:
                    turn = _rotation(_matrix(bone.target, depsgraph))
                    neck = neck @ turned(turn, bone.target.rest)
            if settings.rotation:
                head_deg[0] = euler_deg(neck @ turned(_rotation(matrix), head.rest))
            if settings.position and settings.position_scale:
                scale = head.unit_cm * settings.position_scale
                moved = moved_cm(matrix.translation, scale, head.rest, head.location)
                head_cm[0] = neck @ moved
        return FaceTrack(
            np.array([time_s]),
            np.ones(1, bool),
            np.ones(1, np.float32),
            np.ones((1, COUNT), np.float32),
            weights,
            head_deg,
            head_cm,
            gaze,
        )

    def _read_bones(
        self, weights: np.ndarray, told: set[int], depsgraph: bpy.types.Depsgraph
    ) -> set[int]:
        """Fills in what bones and properties tell; returns the columns."""
        if self._bones is None:
            return set()
        columns = self._bones.channels.tolist()
        found = self._bones.read(depsgraph, weights[0]).tolist()
        for column, value in zip(columns, found, strict=True):
            both = (value, weights[0, column]) if column in told else (value,)
            weights[0, column] = max(both, key=abs)
        return set(columns)

    def _is_as_it_was(self) -> bool:
        try:
            return all(keys.is_as_it_was() for keys in self._keys) and (
                self._parts.are_as_they_were()
            )
        except ReferenceError:  # a data-block is gone
            return False

    def _bind(self) -> None:
        parts = self._character.find()
        taken: set[str] = set()
        fitted = _plan_fit(parts.targets, taken)
        self._keys = [*fitted, *(_plan(target, taken) for target in parts.targets)]
        self._bind_bones(parts, taken)
        self._parts = parts

    def _bind_bones(self, parts: Parts, on_keys: set[str]) -> None:
        self._bones, self.unsure = None, ()
        if not (self._reads_bones and parts.mapping.moves_other_than_keys):
            return
        rows = parts.mapping.rows.items()
        moving = {name for name, row in rows if not row.mute and _moves_others(row.drives)}
        moving |= {
            name
            for name in parts.mapping.poses
            if name not in parts.mapping.rows or not parts.mapping.rows[name].mute
        }
        if not moving:
            return
        self._bones = BoneReader(parts.moves, moving)
        if guessed := on_keys.intersection(self._bones.unsure):
            # The keys know better.
            self._bones = BoneReader(parts.moves, moving - guessed)
        eyes = tuple(parts.pose.eyes) if parts.pose.drops_look_keys else ()
        self.unsure = tuple(
            name
            for name in self._bones.unsure
            if not (name.startswith("eyeLook") and name.endswith(eyes))
        )


def _moves_others(drives: Iterable[Drive]) -> bool:
    return any(not isinstance(drive, KeyDrive) for drive in drives)


def _plan(target: KeyTarget, taken: set[str]) -> _Keys:
    """The keys of the channels that no mesh before it has; adds those to ``taken``."""
    sources: dict[str, dict[str, float]] = {}
    for entry in target.entries:
        if entry.key and entry.arkit not in taken:
            sources.setdefault(entry.key, {})[entry.arkit] = entry.weight
    channels, unmix = unmixing(sources, list(sources))
    taken.update(channels)
    return _keys(target, list(sources), [INDEX[name] for name in channels], unmix.__matmul__)


def _plan_fit(targets: list[KeyTarget], taken: set[str]) -> list[_Keys]:
    """The keys that a fit moves, on the mesh that has most of them; adds to ``taken``."""
    fit = working_fit(targets[0].mapping) if targets else None
    if fit is None:
        return []
    target = max(targets, key=lambda each: len(_common(each, fit.keys)))
    keys = _common(target, fit.keys)
    if not keys:
        return []
    places = [fit.keys.index(key) for key in keys]

    def tell(values: np.ndarray) -> np.ndarray:
        every = np.zeros(len(fit.keys))
        every[places] = values
        return fit.solver.back(every)

    taken.update(fit.channels)
    return [_keys(target, keys, fit.columns, tell)]


def _common(target: KeyTarget, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if key in target.keys.key_blocks]


def _keys(target: KeyTarget, keys: list[str], channels, tell) -> _Keys:
    names = target.keys.key_blocks.keys()
    positions = np.array([names.index(key) for key in keys], np.int64)
    return _Keys(target.keys, target.object, names, positions, np.array(channels, np.int64), tell)


def _values(keys: _Keys, depsgraph: bpy.types.Depsgraph) -> np.ndarray:
    blocks = keys.block.evaluated_get(depsgraph).key_blocks
    if len(blocks) != len(keys.names):  # keys were added or removed since the last evaluation
        blocks = keys.block.key_blocks
    values, muted = np.empty(len(keys.names), np.float32), np.empty(len(keys.names), bool)
    blocks.foreach_get("value", values)
    blocks.foreach_get("mute", muted)
    return np.where(muted, 0, values)[keys.positions]


def _matrix(target: PoseTarget, depsgraph: bpy.types.Depsgraph):
    """How a bone or object stands in its rest's axes, constraints included.

    Of an object with a parent, what its own properties say: Blender does not tell what its
    constraints add.
    """
    ob = target.object.evaluated_get(depsgraph)
    if not target.bone:
        return ob.matrix_basis if ob.parent else ob.matrix_world
    bone = ob.pose.bones[target.bone]
    return ob.convert_space(pose_bone=bone, matrix=bone.matrix, from_space="POSE", to_space="LOCAL")


def _rotation(matrix) -> np.ndarray:
    return np.array(matrix.to_quaternion().to_matrix())
