# SPDX-License-Identifier: GPL-3.0-or-later
"""A character that follows live values: shape keys, head and eyes, without a keyframe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ..engine.core.arkit import INDEX
from ..engine.core.errors import FacewrightError
from ..engine.core.types import FaceTrack
from ..engine.filters.chain import FilteredTrack
from . import preview_baseline
from .blocks import by_uid
from .keyframes import current_action
from .pose_channels import Pose, PoseSettings, find_pose, pose_channels
from .targets import KeyTarget, find_targets, key_path

# Smaller changes than this are not worth an evaluation of the scene.
_LEAST_CHANGE = 2e-4
# In these modes a value that changes by itself would get between the artist and the mesh.
_MODES_IN_THE_WAY = frozenset({"EDIT", "SCULPT", "VERTEX_PAINT", "TEXTURE_PAINT"})


@dataclass
class _Keys:
    """The shape keys of one mesh and where the weights go among them."""

    block: bpy.types.Key
    names: list[str]
    positions: np.ndarray
    weights: np.ndarray
    low: np.ndarray
    high: np.ndarray
    last: np.ndarray | None = None


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
        self._scene_uid = scene.session_uid
        self._object_uids = [ob.session_uid for ob in objects]
        self._pose_settings = pose
        self.warnings: list[str] = []
        self._keys: list[_Keys] = []
        self._objects: list[bpy.types.Object] = []
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
        return any(ob.mode in _MODES_IN_THE_WAY for ob in self._objects)

    def begin(self) -> None:
        """Remember the values as they are.

        Raises:
            FacewrightError: The character is gone.
        """
        self._bind_if_needed()
        for keys in self._keys:
            paths = [key_path(keys.names[position]) for position in keys.positions]
            _remember(keys.block, paths)
        for ob, paths in self._pose_paths().items():
            _remember(ob, paths)
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
        try:
            self._bind_if_needed()
            return self._show(row)
        except ReferenceError:  # a data-block was removed; another may have its place
            self._stale = True
            self._bind_if_needed()
            return self._show(row)

    def end(self, evaluate: bool = True) -> None:
        """Put the values back to what they were; those that are animated, to the frame's.

        Args:
            evaluate: Have animated values computed anew; not while rendering.
        """
        if not self.showing:
            return
        self.showing = False
        try:
            self._bind_if_needed()
        except FacewrightError:
            return  # nothing is left that could be put back
        blocks = [keys.block for keys in self._keys] + list(self._pose_paths())
        for block in blocks:
            preview_baseline.restore(block)
        scene = by_uid(bpy.data.scenes, self._scene_uid)
        if evaluate and scene and any(_is_animated(block) for block in blocks):
            scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)

    def _show(self, row: FaceTrack) -> bool:
        changed = False
        for keys in self._keys:
            changed |= _set_keys(keys, row.weights[0])
        if self._pose and self._pose.all():
            track = FilteredTrack(np.zeros(1), row, [], 0)
            for target, channel, _kind in pose_channels(self._pose, track):
                changed |= _set_number(target.object, channel)
        return changed

    def _bind_if_needed(self) -> None:
        if not self._stale:
            try:
                for keys in self._keys:
                    if keys.block.key_blocks.keys() != keys.names:
                        self._stale = True
                for ob in self._objects:
                    ob.name  # noqa: B018 - raises ReferenceError where the object is gone
            except ReferenceError:
                self._stale = True
        if self._stale:
            self._bind()
            if self.showing:
                self.begin()

    def _bind(self) -> None:
        scene = by_uid(bpy.data.scenes, self._scene_uid)
        found = [] if scene is None else [by_uid(scene.objects, u) for u in self._object_uids]
        objects = [ob for ob in found if ob is not None]
        # A pose at rest is read from the scene, which must not show the preview's.
        preview_baseline.restore_all()
        if not objects:
            raise FacewrightError(
                "The target is not in the scene any more.", "Choose a target.", "target-missing"
            )
        targets, warnings = find_targets(objects)
        self._pose = find_pose(scene, self._pose_settings)
        self.warnings = warnings + self._pose.warnings
        without_look = self._pose.drops_look_keys
        self._keys = [_plan(target, without_look) for target in targets]
        self._objects = [target.object for target in targets]
        self._stale = False

    def _pose_paths(self) -> dict[bpy.types.Object, list[str]]:
        """Data paths that the head and the eyes move, by object."""
        paths: dict[bpy.types.Object, list[str]] = {}
        if self._pose is None:
            return paths
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
        names,
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


def _remember(block: bpy.types.ID, paths: list[str]) -> None:
    preview_baseline.remember(block, {path: preview_baseline.read(block, path) for path in paths})


def _is_animated(block: bpy.types.ID) -> bool:
    data = block.animation_data
    return data is not None and (current_action(block) is not None or bool(data.nla_tracks))


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
