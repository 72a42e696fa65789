# SPDX-License-Identifier: GPL-3.0-or-later
"""A face track becomes keyframes: plan, then write, and take all of it back on a failure."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import bpy

from ..engine.core.arkit import COUNT, region_of
from ..engine.core.errors import FacewrightError
from ..engine.core.mirror import mirror_track
from ..engine.core.types import FaceTrack
from ..engine.filters.chain import run_filters
from ..engine.filters.columns import PARTS
from ..engine.filters.gaps import Gap
from ..engine.filters.stretches import Doubt, find_doubt
from . import compare, keyframes, sound
from .action_writer import ActionPlan, check_owner, write_plans
from .apply_settings import ApplySettings
from .clock import scene_clock
from .double_motion import leave_out_doubled
from .find_moves import find_moves
from .free_path import plain_name
from .key_channels import RANGE_POLICIES, widen_sliders
from .planning import plan_channels
from .pose_channels import find_pose
from .punch_in import cut_to_span
from .targets import WRITTEN, KeyEntry, find_targets


@dataclass(frozen=True)
class ApplyReport:
    """What happened, ready for JSON through ``to_wire``.

    Attributes:
        take: The take's name.
        mapped: How many of the 52 names got keyframes on at least one mesh.
        total: 52.
        entries: What became of each name on each mesh.
        objects: Names of the objects that got keys; of those that share shape keys, the first.
        frames: Number of frames with keys.
        keys: Number of keyframes.
        first_frame: First frame with a key.
        last_frame: Last frame with a key.
        gaps: Stretches without a face, in the take's seconds, that were not bridged.
        bridged: Short dropouts that were interpolated over.
        doubt: How far the take can be trusted, by region and by stretch, in the take's seconds.
        actions: Names of the actions written.
        kept_actions: Names of actions that were replaced and stay in the file.
        sound_strip: Name of the clip's sound strip, or empty.
        warnings: Sentences for the artist.
        seconds: Time spent.
        markers: Number of markers set on the timeline where the take should be checked.
    """

    take: str
    mapped: int
    total: int
    entries: list[KeyEntry]
    objects: list[str]
    frames: int
    keys: int
    first_frame: float
    last_frame: float
    gaps: list[Gap]
    bridged: int
    doubt: Doubt
    actions: list[str]
    kept_actions: list[str]
    sound_strip: str
    warnings: list[str]
    seconds: float
    markers: int = 0

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)


def check_target(
    scene: bpy.types.Scene, objects: Iterable[bpy.types.Object], settings: ApplySettings
) -> None:
    """Find out before an hour of tracking, rather than after it, that keys cannot be written.

    Raises:
        FacewrightError: What ``apply_track`` would raise of the objects and the settings.
    """
    _check(settings)
    targets, _, _ = find_targets(objects, settings.onto_existing)
    pose = find_pose(scene, settings.chosen_pose)
    for owner in (*(t.keys for t in targets), *(t.object for t in pose.all())):
        check_owner(owner, settings.onto_existing)


def apply_track(
    scene: bpy.types.Scene,
    track: FaceTrack,
    objects: Iterable[bpy.types.Object],
    settings: ApplySettings | None = None,
    *,
    take_name: str,
    sound_path: str | Path | None = None,
    has_audio: bool = False,
    sound_offset_s: float = 0.0,
    sound_late_s: float = 0.0,
    together: ExitStack | None = None,
) -> ApplyReport:
    """Writes a track as keyframes onto shape keys, a head and eyes.

    Everything is checked before anything changes. It pushes no undo step: the operator does.

    Args:
        scene: Its frame rate is used; its Sequencer gets the sound.
        track: A solved track.
        objects: Meshes with shape keys, or armatures and empties above such meshes.
        settings: How; None for the defaults.
        take_name: Names the new action.
        sound_path: The clip, for its sound.
        has_audio: Whether the clip has any.
        sound_offset_s: When the sound starts, in seconds after the track's second 0, the first
            picture; negative where it starts before.
        sound_late_s: By how much the sound comes too late after that, as it was measured; the
            settings say whether it is placed so much earlier.
        together: Is given what takes all of this back, for whoever writes several tracks that
            belong together.

    Returns:
        What happened.

    Raises:
        FacewrightError: The input cannot be written; the scene is as it was.
    """
    started = time.perf_counter()
    take_name = plain_name(take_name)
    objects, settings = list(objects), settings or ApplySettings()
    _check(settings)
    targets, mapping, warnings = find_targets(objects, settings.onto_existing)
    pose = find_pose(scene, settings.chosen_pose)
    moves = find_moves(mapping, objects, pose, lambda name: settings.writes(region_of(name)))
    warnings += moves.warnings
    if not settings.keys_and_bones:
        warnings += leave_out_doubled(targets, moves)
    shown = mirror_track(track) if mapping.mirror else track
    clock = scene_clock(scene, settings.start_frame, settings.speed)
    filtered = run_filters(shown, settings.filters, clock)
    if settings.span is not None:
        filtered = cut_to_span(filtered, settings.span)
    plans = plan_channels(targets, pose, moves, filtered, settings)
    warnings += pose.warnings
    span = float(filtered.frames[0]), float(filtered.frames[-1])
    had = {plan.owner: keyframes.current_action(plan.owner) for plan in plans}
    with ExitStack() as undo:
        written = write_plans(
            plans,
            take_name,
            span,
            settings.onto_existing,
            settings.interpolation,
            undo,
            meets=settings.span is not None,
        )
        compare.mark_written(had, take_name, undo)
        channels = {plan.owner: [channel for channel, _ in plan.channels] for plan in plans}
        for target in targets:
            widen_sliders(target, channels.get(target.keys, ()), undo)
        pose.remember(undo)
        offsets_s = sound_offset_s, sound_late_s
        strip = _place_sound(scene, settings, sound_path, has_audio, offsets_s, warnings)
        undo.callback(sound.take_back, scene, strip)
        kept = undo.pop_all()
    if together is not None:
        together.push(kept)
    valid = filtered.track.valid
    keyed = {plan.owner for plan in plans if _got_keys(plan)}
    entries = [entry for target in targets for entry in target.entries] + moves.entries
    return ApplyReport(
        take=take_name,
        mapped=len({entry.arkit for entry in entries if entry.status in WRITTEN}),
        total=COUNT,
        entries=entries,
        objects=sorted(
            {target.object.name for target in targets if target.keys in keyed}
            | {target.object.name for target in pose.all() if target.object in keyed}
            | {block.name for block in moves.objects() if block in keyed}
        ),
        frames=int(valid.sum()),
        keys=written.keys,
        first_frame=float(filtered.frames[valid][0]),
        last_frame=float(filtered.frames[valid][-1]),
        gaps=filtered.gaps,
        bridged=filtered.bridged,
        doubt=find_doubt(track, settings.filters.doubt_threshold),
        actions=written.actions,
        kept_actions=written.kept,
        sound_strip=strip.name if strip else "",
        warnings=warnings + written.warnings,
        seconds=time.perf_counter() - started,
    )


def _check(settings: ApplySettings) -> None:
    """Settings that come from a script may be anything."""
    for value, known in (
        (settings.range_policy, RANGE_POLICIES),
        (settings.interpolation, ("LINEAR", "BEZIER")),
    ):
        if value not in known:
            raise ValueError(f"unknown setting {value!r}, not one of {known}")
    if unknown := settings.regions - set(PARTS):
        raise ValueError(f"unknown parts of the face {sorted(unknown)}, not of {PARTS}")


def _got_keys(plan: ActionPlan) -> bool:
    """Whether any channel was written; a locked curve of an existing action is left as it was."""
    paths = {(channel.data_path, channel.index) for channel, _ in plan.channels}
    return any(
        (curve.data_path, curve.array_index) in paths and not keyframes.is_locked(curve)
        for curve in keyframes.current_curves(plan.owner)
    )


def _place_sound(
    scene: bpy.types.Scene,
    settings: ApplySettings,
    path: str | Path | None,
    has_audio: bool,
    offsets_s: tuple[float, float],
    warnings: list[str],
) -> sound.SoundStrip | None:
    """The clip's sound; without it the face is still worth having, so a failure is a warning.

    ``offsets_s``: when it starts by the file, and how late that is for the lips.
    """
    if not settings.place_sound or settings.is_part or path is None:
        return None
    if not has_audio:
        warnings.append(f'"{Path(path).name}" has no sound.')
        return None
    try:
        offset_s, late_s = offsets_s
        clock = scene_clock(scene, settings.start_frame, settings.speed)
        by_file, in_step = float(clock.frames(offset_s)), float(clock.frames(offset_s - late_s))
        if not settings.sound_in_step:
            return sound.place_sound(scene, path, by_file, in_step)
        moved = round(in_step) - round(by_file)
        if moved:
            frames = f"{abs(moved)} frame{'s' if abs(moved) > 1 else ''}"
            way, late = ("earlier", "late") if moved < 0 else ("later", "early")
            warnings.append(
                f"The sound of {Path(path).name} is placed {frames} {way}, because it is "
                f"{abs(round(late_s * 1000))} ms {late}."
            )
        return sound.place_sound(scene, path, in_step, by_file)
    except FacewrightError as error:
        warnings.append(str(error))
        return None
