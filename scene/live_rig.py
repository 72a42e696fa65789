# SPDX-License-Identifier: GPL-3.0-or-later
"""A character that follows live values: shape keys, head and eyes, without a keyframe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..engine.core.arkit import INDEX
from ..engine.core.errors import FacewrightError
from ..engine.core.types import FaceTrack
from ..engine.filters.chain import FilteredTrack
from . import preview_baseline
from .blocks import by_uid
from .bones import PoseTarget
from .pose_channels import Pose, PoseSettings, find_pose, pose_channels
from .targets import KeyTarget, find_targets, key_path

# Smaller changes than this are not worth an evaluation of the scene.
_LEAST_CHANGE = 2e-4
# In these modes a value that changes by itself would get between the artist and the mesh.
_MODES_IN_THE_WAY = frozenset({"EDIT", "SCULPT", "VERTEX_PAINT", "TEXTURE_PAINT"})


@dataclass
class _Keys:
    """The shape keys of one mesh and where the weights go among them.

    ``object``, ``names``, ``locked`` and ``drivers`` are what the rest was made from: when one of
    them changes, it is made anew.
    """

    block: bpy.types.Key
    object: bpy.types.Object
    names: list[str]
    locked: np.ndarray
    drivers: int
    positions: np.ndarray
    weights: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def is_as_it_was(self) -> bool:
        """Whether names, order, locks and drivers are those of the plan."""
        return (
            self.object.data.shape_keys == self.block
            and self.block.key_blocks.keys() == self.names
            and _driver_count(self.block) == self.drivers
            and np.array_equal(_locked(self.block), self.locked)
        )


class LiveRig:
    """What follows the face.

    The data-blocks are held by what undo does not change and are looked up anew after it.

    Args:
        scene: The scene that the character is in.
        objects: Meshes with shape keys, or armatures and empties above such meshes.
        pose: Head and eyes.

    Raises:
        FacewrightError: Nothing of it can be moved.
    """

    def __init__(
        self, scene: bpy.types.Scene, objects: Iterable[bpy.types.Object], pose: PoseSettings
    ) -> None:
        self.scene_uid = scene.session_uid
        self._object_uids = [ob.session_uid for ob in objects]
        self._pose_settings = pose
        # Settings name objects, which may be renamed.
        self._pose_uids = {
            field: bpy.data.objects[name].session_uid
            for field in ("head_object", "eye_object")
            if (name := getattr(pose, field)) in bpy.data.objects
        }
        self.warnings: list[str] = []
        self._keys: list[_Keys] = []
        # All that is moved or stands for it, with the number of its users: it changes when an
        # object is deleted that something else, such as the panel's target, still holds.
        self._users: dict[bpy.types.Object, int] = {}
        self._pose: Pose | None = None
        self._stale = True
        self.showing = False
        self._bind()

    def forget_blocks(self) -> None:
        """Look the data-blocks up anew: undo has replaced them."""
        self._stale = True

    @property
    def in_the_way(self) -> bool:
        """Whether an object is in a mode in which the preview must wait.

        Raises:
            FacewrightError: The character is gone.
        """
        self._bind_if_needed()
        return any(ob.mode in _MODES_IN_THE_WAY for ob in self._users)

    def begin(self) -> None:
        """Remember the values as they are.

        Raises:
            FacewrightError: The character is gone.
        """
        self._bind_if_needed()
        for keys in self._keys:
            paths = [key_path(keys.names[position]) for position in keys.positions]
            preview_baseline.remember(keys.block, paths)
        for ob, paths in self._pose_paths().items():
            preview_baseline.remember(ob, paths)
        self.showing = True

    def show(self, row: FaceTrack) -> bool:
        """Let the character take a face's values.

        Args:
            row: One valid frame.

        Returns:
            Whether anything changed.

        Raises:
            FacewrightError: The character is gone.
        """
        self._bind_if_needed()
        changed = False
        for keys in self._keys:
            changed |= _set_keys(keys, row.weights[0])
        if self._pose.all():
            track = FilteredTrack(np.zeros(1), row, [], 0)
            for target, channel, _kind in pose_channels(self._pose, track):
                changed |= _set_number(target.object, channel)
        return changed

    def end(self) -> None:
        """Put the values back to what they were; those that are animated, to the frame's."""
        if self.showing:
            self.showing = False
            preview_baseline.restore_all()

    def _bind_if_needed(self) -> None:
        if self._stale or not self._is_as_it_was():
            self._stale = True
            self._bind()
            if self.showing:
                self.begin()

    def _is_as_it_was(self) -> bool:
        try:
            return (
                all(keys.is_as_it_was() for keys in self._keys)
                and all(ob.users == users for ob, users in self._users.items())
                and all(_is_as_it_was(target) for target in self._pose.all())
            )
        except ReferenceError:  # a data-block is gone
            return False

    def _bind(self) -> None:
        # A pose at rest is read from the scene, which must not show the preview's.
        preview_baseline.restore_all()
        scene = by_uid(bpy.data.scenes, self.scene_uid)
        found = [] if scene is None else [by_uid(scene.objects, u) for u in self._object_uids]
        objects = [ob for ob in found if ob is not None]
        if not objects:
            raise FacewrightError(
                "The target is not in the scene any more.", "Choose a target.", "target-missing"
            )
        targets, warnings = find_targets(objects)
        self._pose = find_pose(scene, self._named_as_now())
        self.warnings = warnings + self._pose.warnings
        without_look = self._pose.drops_look_keys
        self._keys = [_plan(target, without_look) for target in targets]
        if not (self._pose.all() or any(keys.positions.size for keys in self._keys)):
            raise FacewrightError(
                f'No shape key of "{objects[0].name}" can be moved: they are locked or driven.',
                "Unlock those that shall follow the face.",
                "nothing-writable",
            )
        moved = [target.object for target in [*targets, *self._pose.all()]]
        self._users = {ob: ob.users for ob in [*objects, *moved]}
        self._stale = False

    def _named_as_now(self) -> PoseSettings:
        found = {field: by_uid(bpy.data.objects, uid) for field, uid in self._pose_uids.items()}
        names = {field: ob.name for field, ob in found.items() if ob is not None}
        return replace(self._pose_settings, **names)

    def _pose_paths(self) -> dict[bpy.types.Object, list[str]]:
        """Data paths that the head and the eyes move, by object."""
        paths: dict[bpy.types.Object, list[str]] = {}
        neutral = FilteredTrack(np.zeros(1), _neutral(), [], 0)
        for target, channel, _kind in pose_channels(self._pose, neutral):
            listed = paths.setdefault(target.object, [])
            if channel.data_path not in listed:
                listed.append(channel.data_path)
        return paths


def _plan(target: KeyTarget, without_look: bool) -> _Keys:
    blocks = target.keys.key_blocks
    names = blocks.keys()
    position = {name: i for i, name in enumerate(names)}
    written = [
        (name, key)
        for name, key in target.written()
        if not (without_look and name.startswith("eyeLook"))
    ]
    return _Keys(
        target.keys,
        target.object,
        names,
        _locked(target.keys),
        _driver_count(target.keys),
        np.array([position[key] for _, key in written], np.int64),
        np.array([INDEX[name] for name, _ in written], np.int64),
        np.array([blocks[key].slider_min for _, key in written], np.float32),
        np.array([blocks[key].slider_max for _, key in written], np.float32),
    )


def _set_keys(keys: _Keys, weights: np.ndarray) -> bool:
    """All values of one mesh in one go, and one tag."""
    values = np.empty(len(keys.names), np.float32)
    blocks = keys.block.key_blocks
    blocks.foreach_get("value", values)
    wanted = np.clip(weights[keys.weights], keys.low, keys.high)
    if np.abs(values[keys.positions] - wanted).max(initial=0.0) < _LEAST_CHANGE:
        return False
    values[keys.positions] = wanted
    blocks.foreach_set("value", values)
    keys.block.update_tag()
    return True


def _set_number(ob: bpy.types.Object, channel) -> bool:
    owner, name = preview_baseline.resolve(ob, channel.data_path)
    numbers = getattr(owner, name)
    value = float(channel.values[0])
    if abs(numbers[channel.index] - value) < _LEAST_CHANGE:
        return False
    numbers[channel.index] = value
    return True


def _is_as_it_was(target: PoseTarget) -> bool:
    """Whether a bone is still there, and turned as planned."""
    if not target.bone:
        return target.object.rotation_mode == target.mode
    bone = target.object.pose.bones.get(target.bone)
    return bone is not None and bone.rotation_mode == target.mode


def _locked(keys: bpy.types.Key) -> np.ndarray:
    locked = np.empty(len(keys.key_blocks), bool)
    keys.key_blocks.foreach_get("lock_shape", locked)
    return locked


def _driver_count(keys: bpy.types.Key) -> int:
    return len(keys.animation_data.drivers) if keys.animation_data else 0


def _neutral() -> FaceTrack:
    return FaceTrack(
        np.zeros(1),
        np.ones(1, bool),
        np.ones(1, np.float32),
        np.ones((1, len(INDEX)), np.float32),
        np.zeros((1, len(INDEX)), np.float32),
        np.zeros((1, 3), np.float32),
        np.zeros((1, 3), np.float32),
        np.zeros((1, 2, 2), np.float32),
    )
