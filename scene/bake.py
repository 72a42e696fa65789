# SPDX-License-Identifier: GPL-3.0-or-later
"""All that moves a face, actions, strips, layers and drivers, as one action of plain keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

import bpy
import numpy as np

from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.retarget.channels import Channel
from . import compare, keyframes
from .action_writer import ActionPlan, check_tweaking, write_plans
from .face_blocks import FaceBlock
from .rna_paths import read_value

# A bake of more frames than this is a mistake in the range.
_MOST_FRAMES = 1_000_000


@dataclass
class BakeReport:
    """What was baked, ready for JSON through ``to_wire``.

    Attributes:
        actions: Names of the new actions.
        kept: Names of the actions that were in use and stay in the file.
        muted_tracks: Names of the NLA tracks that are muted now.
        muted_drivers: Data paths whose driver is muted now.
        channels: Number of channels.
        keys: Number of keyframes.
        first_frame, last_frame: First and last key.
        warnings: Sentences for the artist.
    """

    actions: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    muted_tracks: list[str] = field(default_factory=list)
    muted_drivers: list[str] = field(default_factory=list)
    channels: int = 0
    keys: int = 0
    first_frame: float = 0.0
    last_frame: float = 0.0
    warnings: list[str] = field(default_factory=list)

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)


def bake_face(
    scene: bpy.types.Scene,
    blocks: Iterable[FaceBlock],
    first: int,
    last: int,
    *,
    step: int = 1,
    name: str = "Face Baked",
    drivers: bool = True,
    progress: Progress | None = None,
) -> BakeReport:
    """Writes what shows, frame by frame, into a new action; nothing of what made it is deleted.

    The actions in use stay in the file, tracks of the NLA and drivers are muted. Of a data-block
    that the body shares, such as an armature, all that is animated is baked, so that it goes on.
    It pushes no undo step: the operator does.

    Args:
        scene: Its frames are shown one after the other; the current one shows again afterwards.
        blocks: What the face animates.
        first, last: Frames, both included.
        step: Every how many frames there is a key; from 2 on each holds until the next.
        name: Of the new action.
        drivers: Bake what drivers move on the face as well, and mute those.
        progress: Told of every frame.

    Raises:
        FacewrightError: ``frames-empty``, ``not-animated``, ``nla-tweak-mode``,
            ``linked-animation``; nothing has changed.
        Cancelled: When ``progress`` says so; nothing has changed.
    """
    if last < first or step < 1 or last - first > _MOST_FRAMES:
        raise FacewrightError(
            f"There are no frames from {first} to {last} in steps of {step}.",
            "Give the first frame, the last frame and a step of 1 or more.",
            "frames-empty",
        )
    blocks = list(blocks)
    for face in blocks:
        check_tweaking(face.block)
    paths = {face.block: found for face in blocks if (found := _animated_paths(face, drivers))}
    if not paths:
        raise FacewrightError(
            "Nothing of the face is animated, so there is nothing to bake.",
            "Write a take onto it first.",
            "not-animated",
        )
    frames = np.arange(first, last + 1, step, dtype=np.float64)
    values = _play(scene, paths, frames, progress or Progress())
    plans = [
        ActionPlan(
            block,
            [
                (Channel(path, index, frames, column), group)
                for (path, group), table in zip(found, values[block], strict=True)
                for index, column in enumerate(table.T)
            ],
        )
        for block, found in paths.items()
    ]
    report = BakeReport(first_frame=float(frames[0]), last_frame=float(frames[-1]))
    report.warnings += outside_warnings(
        {block: [path for path, _ in found] for block, found in paths.items()}, first, last
    )
    had = {block: keyframes.current_action(block) for block in paths}
    with ExitStack() as undo:
        for face in blocks:
            if face.block in paths:
                _silence(face, drivers, report, undo)
        written = write_plans(
            plans,
            name,
            (float(frames[0]), float(frames[-1])),
            False,
            "LINEAR" if step == 1 else "CONSTANT",
            undo,
        )
        compare.mark_written(had, name, undo)
        undo.pop_all()
    report.actions, report.kept, report.keys = written.actions, written.kept, written.keys
    report.warnings += written.warnings
    report.channels = sum(len(plan.channels) for plan in plans)
    return report


def outside_warnings(
    paths: Mapping[bpy.types.ID, Iterable[str]], first: int, last: int
) -> list[str]:
    """A sentence if keys or strips lie outside of frames that alone get new keys.

    Args:
        paths: Data-block -> how the data paths begin whose animation gives way.
        first, last: Frames, both included.
    """
    spans = [span for block, starts in paths.items() for span in _spans(block, tuple(starts))]
    begin = min((span[0] for span in spans), default=first)
    end = max((span[1] for span in spans), default=last)
    if begin > first - 1 and end < last + 1:
        return []
    return [
        f"Frames {first} to {last} alone have keys now, of {begin:g} to {end:g}; before and behind "
        "them the face holds. What moved it there is in the actions that stay in the file."
    ]


def _spans(block: bpy.types.ID, starts: tuple[str, ...]) -> Iterable[tuple[float, float]]:
    """First and last frame of what keyframes play on a block."""
    for curve in keyframes.current_curves(block):
        if curve.data_path.startswith(starts) and len(curve.keyframe_points) > 1:
            yield curve.range()[0], curve.range()[1]
    for track in block.animation_data.nla_tracks if block.animation_data else ():
        yield from (
            (s.frame_start, s.frame_end) for s in track.strips if not track.mute and s.action
        )


def _animated_paths(face: FaceBlock, drivers: bool) -> list[tuple[str, str]]:
    """Data paths and channel groups of what moves a block, each once."""
    found: dict[str, str] = {}
    for curve in keyframes.playing_curves(face.block):
        found.setdefault(curve.data_path, curve.group.name if curve.group else "")
    if drivers and face.animation:
        for driver in face.animation.drivers:
            if face.owns(driver.data_path) and not driver.mute:
                found.setdefault(driver.data_path, "")
    return [(path, group) for path, group in found.items() if _is_number(face.block, path)]


def _is_number(block: bpy.types.ID, path: str) -> bool:
    """Whether a curve's property is there, and numbers; a curve may outlive its bone."""
    try:
        return all(isinstance(value, int | float) for value in read_value(block, path))
    except ValueError:
        return False


def _play(
    scene: bpy.types.Scene, paths: dict, frames: np.ndarray, progress: Progress
) -> dict[bpy.types.ID, list[np.ndarray]]:
    """Block -> for each path float64 (T, n), as Blender evaluates them."""
    rows: dict[bpy.types.ID, list[list]] = {
        block: [[] for _ in found] for block, found in paths.items()
    }
    current, sub = scene.frame_current, scene.frame_subframe
    try:
        for done, frame in enumerate(frames):
            progress.step(done, len(frames), "frames")
            scene.frame_set(int(frame))
            depsgraph = bpy.context.evaluated_depsgraph_get()
            for block, found in paths.items():
                evaluated = block.evaluated_get(depsgraph)
                for row, (path, _) in zip(rows[block], found, strict=True):
                    row.append(read_value(evaluated, path))
    finally:
        scene.frame_set(current, subframe=sub)
    return {block: [np.array(row, np.float64) for row in tables] for block, tables in rows.items()}


def _silence(face: FaceBlock, drivers: bool, report: BakeReport, undo: ExitStack) -> None:
    """Mutes what would move a block beside its new action."""
    data = face.animation
    try:
        for track in data.nla_tracks:
            if track.is_solo:
                # It plays alone, though it is muted, and the new action would not show.
                undo.callback(setattr, track, "is_solo", True)
                track.is_solo = False
            if not track.mute:
                undo.callback(setattr, track, "mute", False)
                track.mute = True
                report.muted_tracks.append(track.name)
        for driver in data.drivers if drivers else ():
            if face.owns(driver.data_path) and not driver.mute:
                undo.callback(setattr, driver, "mute", False)
                driver.mute = True
                report.muted_drivers.append(driver.data_path)
        if data.action_blend_type != "REPLACE":
            undo.callback(setattr, data, "action_blend_type", data.action_blend_type)
            data.action_blend_type = "REPLACE"
        if data.action_influence != 1:
            undo.callback(setattr, data, "action_influence", data.action_influence)
            data.action_influence = 1.0
    except (AttributeError, RuntimeError) as error:
        raise FacewrightError(
            f'The animation of "{face.block.name}" comes from another file: {error}',
            "Make it local, or bake in the file it is from.",
            "linked-animation",
        ) from error
