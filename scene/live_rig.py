# SPDX-License-Identifier: GPL-3.0-or-later
"""A character that follows live values: shape keys, head and eyes, without a keyframe."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ..engine.core.arkit import INDEX, REGIONS
from ..engine.core.errors import FacewrightError
from ..engine.core.mirror import mirror_track
from ..engine.core.types import FaceTrack
from ..engine.filters.chain import FilteredTrack
from ..engine.retarget.channels import Channel
from ..engine.retarget.mixing import Mixer
from . import preview_baseline
from .bone_channels import move_channels
from .character import Character, Parts
from .pose_channels import PoseSettings, pose_channels
from .rna_paths import read_value, write_value
from .targets import LEFT_OUT, KeyTarget, key_path

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
    mixer: Mixer
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
        regions: The parts of the face that follow; all others stay as they are.

    Raises:
        FacewrightError: Nothing of it can be moved.
    """

    def __init__(
        self,
        scene: bpy.types.Scene,
        objects: Iterable[bpy.types.Object],
        pose: PoseSettings,
        regions: Collection[str] = REGIONS,
    ) -> None:
        self._character = Character(scene, objects, pose, regions)
        self.scene_uid = self._character.scene_uid
        self.warnings: list[str] = []
        self._keys: list[_Keys] = []
        self._parts: Parts | None = None
        self._stale = True
        self.showing = False
        self._bind()

    def forget_blocks(self) -> None:
        """Look the data-blocks up anew: undo has replaced them."""
        self._stale = True

    @property
    def is_mirrored(self) -> bool:
        """Whether the character's left follows the actor's right.

        Raises:
            FacewrightError: The character is gone.
        """
        self._bind_if_needed()
        return self._parts.mapping.mirror

    @property
    def in_the_way(self) -> bool:
        """Whether an object is in a mode in which the preview must wait.

        Raises:
            FacewrightError: The character is gone.
        """
        self._bind_if_needed()
        return any(ob.mode in _MODES_IN_THE_WAY for ob in self._parts.users)

    def begin(self) -> None:
        """Remember the values as they are.

        Raises:
            FacewrightError: The character is gone.
        """
        self._bind_if_needed()
        for keys in self._keys:
            paths = [key_path(keys.names[position]) for position in keys.positions]
            preview_baseline.remember(keys.block, paths)
        paths: dict[bpy.types.ID, list[str]] = {}
        for block, path in self._pose_values(neutral_track()):
            paths.setdefault(block, []).append(path)
        for block, moved in paths.items():
            preview_baseline.remember(block, moved)
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
        mapping = self._parts.mapping
        if mapping.mirror:
            row = mirror_track(row)
        channels = mapping.respond(row.weights[0])
        for keys in self._keys:
            changed |= _set_keys(keys, channels)
        for (block, path), values in self._pose_values(row).items():
            changed |= _set_numbers(block, path, values)
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
                all(keys.is_as_it_was() for keys in self._keys) and self._parts.are_as_they_were()
            )
        except ReferenceError:  # a data-block is gone
            return False

    def _bind(self) -> None:
        # A pose at rest is read from the scene, which must not show the preview's.
        preview_baseline.restore_all()
        parts = self._character.find()
        self._parts, self.warnings = parts, parts.warnings
        without_look = parts.pose.drops_look_keys
        self._keys = [_plan(target, without_look) for target in parts.targets]
        moves = parts.pose.all() or parts.moves.objects()
        if not (moves or any(keys.positions.size for keys in self._keys)):
            name = parts.objects[0].name
            raise FacewrightError(
                f'Nothing of "{name}" can be moved: all of it is locked or driven.',
                "Unlock what shall follow the face.",
                "nothing-writable",
            )
        self._stale = False

    def _pose_values(self, row: FaceTrack) -> dict[tuple[bpy.types.ID, str], dict[int, float]]:
        """What head, eyes, bones and properties take: data-block and path -> index -> number."""
        parts, track = self._parts, FilteredTrack(np.zeros(1), row, [], 0)
        found: list[tuple[bpy.types.ID, Channel]] = []
        if parts.pose.all():
            found += [(t.object, channel) for t, channel, _ in pose_channels(parts.pose, track)]
        if parts.moves.objects():
            found += [(owner, channel) for owner, channel, _ in move_channels(parts.moves, track)]
        values: dict[tuple[bpy.types.ID, str], dict[int, float]] = {}
        for block, channel in found:
            numbers = values.setdefault((block, channel.data_path), {})
            numbers[channel.index] = float(channel.values[0])
        return values


def _plan(target: KeyTarget, without_look: bool) -> _Keys:
    blocks = target.keys.key_blocks
    names = blocks.keys()
    if without_look:
        target.mark(LEFT_OUT, "", lambda entry: entry.arkit.startswith("eyeLook"))
    mixer = target.mixer()
    return _Keys(
        target.keys,
        target.object,
        names,
        _locked(target.keys),
        _driver_count(target.keys),
        np.array([names.index(key) for key in mixer.keys], np.int64),
        mixer,
        np.array([blocks[key].slider_min for key in mixer.keys], np.float32),
        np.array([blocks[key].slider_max for key in mixer.keys], np.float32),
    )


def _set_keys(keys: _Keys, channels: np.ndarray) -> bool:
    """All values of one mesh in one go, and one tag."""
    values = np.empty(len(keys.names), np.float32)
    blocks = keys.block.key_blocks
    blocks.foreach_get("value", values)
    wanted = np.clip(keys.mixer(channels), keys.low, keys.high)
    if np.abs(values[keys.positions] - wanted).max(initial=0.0) < _LEAST_CHANGE:
        return False
    values[keys.positions] = wanted
    blocks.foreach_set("value", values)
    keys.block.update_tag()
    return True


def _set_numbers(block: bpy.types.ID, path: str, wanted: dict[int, float]) -> bool:
    """The items of one property that change by enough to be seen."""
    values = read_value(block, path)
    changed = {i: v for i, v in wanted.items() if abs(values[i] - v) >= _LEAST_CHANGE}
    if not changed:
        return False
    for i, value in changed.items():
        values[i] = value
    write_value(block, path, values)
    return True


def _locked(keys: bpy.types.Key) -> np.ndarray:
    locked = np.empty(len(keys.key_blocks), bool)
    keys.key_blocks.foreach_get("lock_shape", locked)
    return locked


def _driver_count(keys: bpy.types.Key) -> int:
    return len(keys.animation_data.drivers) if keys.animation_data else 0


def neutral_track() -> FaceTrack:
    """One valid frame of a face at rest."""
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
