# SPDX-License-Identifier: GPL-3.0-or-later
"""A face from shape keys to bones and back, on a character whose mapping moves both.

The bones are those of the mapping: drives of bones and stored poses (``find_moves``). What moved
the face before stays in the file, and no longer moves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import bpy
import numpy as np

from ..engine.core.arkit import COUNT, INDEX, NAMES
from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.core.types import FaceTrack
from ..engine.filters.chain import FilteredTrack
from ..engine.retarget.channels import Channel
from ..engine.retarget.fit_solver import bounded_weights
from . import compare, keyframes
from .action_writer import ActionPlan, Written, check_owner, write_plans
from .bake import outside_warnings
from .bone_channels import Moves, move_channels
from .bone_reader import BoneStands, highest
from .character import Character, Parts
from .copy_face import read_face
from .key_channels import plan_keys
from .pose_channels import PoseSettings
from .rna_paths import Number, read_value, write_number
from .targets import LEFT_OUT, find_targets, key_path


@dataclass(frozen=True)
class Moved:
    """What ``keys_to_bones`` and ``bones_to_keys`` did.

    Attributes:
        channels: ARKit names that were carried over.
        left: ARKit names that move, but have nothing to move on the other side.
        written: Keys, actions, kept actions, warnings.
    """

    channels: tuple[str, ...]
    left: tuple[str, ...]
    written: Written


def keys_to_bones(
    scene: bpy.types.Scene,
    objects: Iterable[bpy.types.Object],
    first: int,
    last: int,
    *,
    name: str = "Face on Bones",
    progress: Progress | None = None,
) -> Moved:
    """Writes what the shape keys do onto the mapping's bones; those keys rest from then on.

    It pushes no undo step: the operator does.

    Args:
        scene: The scene that the character is in.
        objects: The character.
        first, last: Frames, both included.
        name: Of the new action.
        progress: Told of every frame.

    Raises:
        FacewrightError: ``no-bones`` where the mapping moves none, ``not-animated``, ``in-nla``,
            and what ``read_face`` raises; nothing has changed.
    """
    objects = list(objects)
    parts = _find(scene, objects)
    names = parts.moves.written()
    keys = {
        target.keys: {key_path(e.key) for e in target.entries if e.key and e.arkit in names}
        for target in parts.targets
    }
    _require_own_action(keys)
    track = read_face(scene, objects, PoseSettings(), first, last, progress, bones=False)
    frames = np.arange(first, last + 1, dtype=np.float64)
    found: dict[bpy.types.ID, list[tuple[Channel, str]]] = {}
    for owner, channel, group in move_channels(parts.moves, FilteredTrack(frames, track, [], 0)):
        found.setdefault(owner, []).append((channel, group))
    plans = [ActionPlan(owner, channels) for owner, channels in found.items()]
    rest = [(keys, Number(keys, path), 0.0) for keys, paths in keys.items() for path in paths]
    return _exchange(plans, keys, rest, name, (first, last), _moving(track.weights), names)


def bones_to_keys(
    scene: bpy.types.Scene,
    objects: Iterable[bpy.types.Object],
    first: int,
    last: int,
    *,
    name: str = "Face on Keys",
    progress: Progress | None = None,
) -> Moved:
    """Writes what the mapping's bones do onto the shape keys; those bones rest from then on.

    The weights of a frame are those whose drives and stored poses together come nearest to how
    the bones stand: bounded least squares over location, rotation vector and scale. It pushes no
    undo step: the operator does.

    Args:
        scene: The scene that the character is in.
        objects: The character.
        first, last: Frames, both included.
        name: Of the new action.
        progress: Told of every frame.

    Raises:
        FacewrightError: ``no-bones``, ``not-animated``, ``in-nla``, ``nothing-writable`` where no
            key does what the bones do; nothing has changed.
    """
    objects = list(objects)
    parts = _find(scene, objects)
    bones: dict[bpy.types.ID, set[str]] = {}
    for bone in parts.moves.bones:
        bones.setdefault(bone.object, set()).add(bone.prefix)
    _require_own_action(bones)
    weights = _weights_of_bones(scene, parts.moves, first, last, progress or Progress())
    weights = np.clip(parts.mapping.invert(weights), 0, 1)
    track = FaceTrack.of_weights(np.arange(len(weights), dtype=np.float64), np.float32(weights))
    frames = np.arange(first, last + 1, dtype=np.float64)
    on_bones = parts.moves.written()
    # Found without the guard against moving twice, which leaves these keys out.
    targets, _, _ = find_targets(objects)
    plans, on_keys = [], set()
    for target in targets:
        chosen = {entry.key for entry in target.written() if entry.arkit in on_bones}
        target.mark(LEFT_OUT, "", lambda entry, chosen=chosen: entry.key not in chosen)
        on_keys |= {entry.arkit for entry in target.written()}
        found = plan_keys(target, FilteredTrack(frames, track, [], 0), "CLIP", False)
        if found:
            plans.append(ActionPlan(target.keys, [(channel, "") for channel in found]))
    if not plans:
        raise FacewrightError(
            "No shape key does what the bones do.",
            "Map the same channels to shape keys as well.",
            "nothing-writable",
        )
    once = np.zeros(1)
    still = FilteredTrack(once, FaceTrack.of_weights(once, np.zeros((1, COUNT), np.float32)), [], 0)
    rest = [
        (owner, Number(owner, channel.data_path, channel.index), float(channel.values[0]))
        for owner, channel, _ in move_channels(parts.moves, still)
        if owner in bones
    ]
    return _exchange(plans, bones, rest, name, (first, last), _moving(weights), on_keys)


def _find(scene: bpy.types.Scene, objects: list[bpy.types.Object]) -> Parts:
    parts = Character(scene, objects, PoseSettings()).find()
    if not parts.moves.bones:
        raise FacewrightError(
            "The character's mapping moves no bones.",
            "Map channels to bones, or store poses, in the Mapping panel.",
            "no-bones",
        )
    if not parts.targets:
        raise FacewrightError(
            "The character's mapping moves no shape keys.",
            "Map channels to shape keys as well.",
            "no-arkit-keys",
        )
    for block in [*(target.keys for target in parts.targets), *parts.moves.objects()]:
        check_owner(block, False)
    return parts


def _require_own_action(paths: dict[bpy.types.ID, set[str]]) -> None:
    """What shall rest must be animated, by the action in use and by no strip."""
    for block, starts in paths.items():
        own = keyframes.current_curves(block)
        if any(
            curve not in own and curve.data_path.startswith(tuple(starts))
            for curve in keyframes.playing_curves(block)
        ):
            raise FacewrightError(
                f'Strips of the NLA animate the face on "{block.name}".',
                "Make plain keys of them first.",
                "in-nla",
            )
    if not any(
        curve.data_path.startswith(tuple(starts))
        for block, starts in paths.items()
        for curve in keyframes.current_curves(block)
    ):
        raise FacewrightError(
            "What shall be carried over is not animated.",
            "Write a take onto it first.",
            "not-animated",
        )


def _weights_of_bones(
    scene: bpy.types.Scene, moves: Moves, first: int, last: int, progress: Progress
) -> np.ndarray:
    """float64 (T, 52): the channels, responses applied, that pose the bones as they stand."""
    if last < first:
        raise FacewrightError(
            f"Frame {last} is before frame {first}.",
            "Give the first and the last frame.",
            "frames-empty",
        )
    stands = BoneStands(moves.bones)
    current, sub = scene.frame_current, scene.frame_subframe
    rows = []
    try:
        for frame in range(first, last + 1):
            progress.step(frame - first, last + 1 - first, "frames")
            scene.frame_set(frame)
            depsgraph = bpy.context.evaluated_depsgraph_get()
            rows.append(stands.read(depsgraph))
    finally:
        scene.frame_set(current, subframe=sub)
    tops = highest(moves.mapping)
    return bounded_weights(stands.means * tops[:, None], np.array(rows)) * tops


def _moving(weights: np.ndarray) -> set[str]:
    return {name for name in NAMES if np.abs(weights[:, INDEX[name]]).max() > 0.01}


def _exchange(
    plans: list[ActionPlan],
    resting: dict[bpy.types.ID, set[str]],
    rest: list[tuple[bpy.types.ID, Number, float]],
    name: str,
    span: tuple[int, int],
    moving: set[str],
    carried: set[str],
) -> Moved:
    """Writes one side, and lets the other rest: its action without those channels."""
    had = {plan.owner: keyframes.current_action(plan.owner) for plan in plans}
    outside = outside_warnings(resting, *span)
    with ExitStack() as undo:
        written = write_plans(plans, name, tuple(map(float, span)), False, "LINEAR", undo)
        for owner, starts in resting.items():
            _without(owner, tuple(starts), name, written, undo)
        compare.mark_written(had, name, undo)
        for owner, number, value in rest:
            undo.callback(write_number, number, read_value(owner, number.data_path)[number.index])
            write_number(number, value)
        undo.pop_all()
    written.warnings += outside
    return Moved(
        tuple(each for each in NAMES if each in moving & carried),
        tuple(each for each in NAMES if each in moving - carried),
        written,
    )


def _without(
    owner: bpy.types.ID, starts: tuple[str, ...], name: str, written: Written, undo: ExitStack
) -> None:
    """Takes channels out of what plays on a block: a copy of its action without them."""
    action, slot = keyframes.current_assignment(owner)
    curves = keyframes.current_curves(owner)
    if action is None or not any(curve.data_path.startswith(starts) for curve in curves):
        return
    undo.callback(keyframes.assign, owner, action, slot)
    if not action.use_fake_user and action.is_editable:
        action.use_fake_user = True
        undo.callback(setattr, action, "use_fake_user", False)
    if action.name not in written.kept:
        written.kept.append(action.name)
    if all(curve.data_path.startswith(starts) for curve in curves):
        keyframes.assign(owner, None, None)
        return
    copy, own, kept = keyframes.copy_action(owner, f"{name} Rest")
    undo.callback(bpy.data.actions.remove, copy)
    for curve in [curve for curve in kept if curve.data_path.startswith(starts)]:
        kept.remove(curve)
    keyframes.assign(owner, copy, own)
