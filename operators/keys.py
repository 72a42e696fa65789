# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators share: a take's keys by the shot's settings, and the result for the panel."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.filters.chain import FilterSettings
from ..properties.capture import FacewrightShot
from ..properties.run import FacewrightRun, run_of
from ..properties.takes import gains
from ..scene.apply import ApplyReport, ApplySettings, check_target
from ..scene.capture import Doubt, apply_take, guess_head
from ..scene.eye_bones import guess_eyes
from ..scene.live import live_session
from ..scene.neck_chain import choose_neck
from ..scene.pose_channels import PoseSettings
from ..scene.redraw import redraw_panels

# The panel draws every line of a result anew each time.
_GAPS_SHOWN = 20
_PARTS = ("brows", "eyelids", "gaze", "cheeks", "jaw", "mouth", "tongue", "head")


def write_keys(
    scene: bpy.types.Scene,
    objects: list[bpy.types.Object],
    take: Path,
    settings: ApplySettings | None = None,
    *,
    may_extend: bool = True,
    together: ExitStack | None = None,
) -> ApplyReport:
    """Write a take's keys by the settings of the scene, or by others.

    Args:
        may_extend: Move the scene's end where keys go beyond it, if the scene's settings say so.
        together: As for ``scene.apply.apply_track``.

    Raises:
        FacewrightError: What ``scene.capture.apply_take`` raises, and ``target-missing``.
    """
    if not objects:
        raise FacewrightError(
            "The target is not in the scene any more.", "Choose a target.", "target-missing"
        )
    if session := live_session():
        # The character as it was before the preview: keys and undo start from there.
        session.rig.end()
    shot = scene.facewright
    settings = settings or apply_settings(shot, objects)
    return apply_take(
        scene,
        take,
        objects,
        settings,
        extend_scene=shot.extend_scene and may_extend,
        # A part of a take says nothing about the rest of what is animated.
        mark_doubt=shot.doubt.mark and not settings.is_part,
        together=together,
    )


def check_keys(scene: bpy.types.Scene, objects: list[bpy.types.Object]) -> None:
    """Find out before a long job that keys cannot be written after it.

    Raises:
        FacewrightError: What is in the way.
    """
    check_target(scene, objects, apply_settings(scene.facewright, objects))


def target_objects(context: bpy.types.Context, scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The objects that the settings of the scene name, the target first.

    Raises:
        FacewrightError: ``target-missing``.
    """
    shot = scene.facewright
    if shot.target is None or shot.target.name not in scene.objects:
        raise FacewrightError(
            "The target is not in the scene any more.", "Choose a target.", "target-missing"
        )
    others = context.selected_objects if shot.use_selected else []
    return [shot.target, *(ob for ob in others if ob != shot.target and ob.type == "MESH")]


def apply_settings(shot: FacewrightShot, objects: list[bpy.types.Object]) -> ApplySettings:
    """How keys are written, by the settings of the shot."""
    head, bone = guess_head(objects)
    if shot.head_object:
        head, bone = shot.head_object.name, shot.head_bone
    eyes = shot.eye_bone_left, shot.eye_bone_right
    if not any(eyes):
        eyes = guess_eyes(objects, head, shot.facing)
    return ApplySettings(
        start_frame=shot.start_frame,
        filters=FilterSettings(
            smoothing={part: getattr(shot, f"smooth_{part}") for part in _PARTS},
            keep_blinks=shot.keep_blinks,
            keep_lips=shot.keep_lips,
            doubt_policy=shot.doubt.policy,
            doubt_threshold=shot.doubt.threshold,
            gap_policy=shot.gap_policy,
            head_center=shot.head_center,
            gain=gains(shot.gain),
            key_times=shot.key_times,
        ),
        pose=PoseSettings(
            head_object=head if shot.use_head or shot.use_head_location else "",
            head_bone=bone,
            eye_object=head,
            rotation=shot.use_head,
            position=shot.use_head_location,
            facing=shot.facing,
            eye_left=eyes[0],
            eye_right=eyes[1],
            neck=choose_neck(head, bone, shot.neck_share, shot.neck_bone),
        ),
        onto_existing=shot.action_mode == "EXISTING",
        reduce_weight=shot.reduce_error,
        place_sound=shot.use_sound,
        sound_in_step=shot.sound_in_step,
        keys_and_bones=shot.keys_and_bones,
    )


def show_keys(context: bpy.types.Context, report: ApplyReport, lines: list[str]) -> None:
    """Put what became of the keys, after ``lines``, where the panel reads it."""
    result = (
        f"{report.mapped}/{report.total} shapes, frames "
        f"{report.first_frame:g} to {report.last_frame:g}"
    )
    show_result(context, result, [*lines, *_gap_lines(report), *report.warnings])
    show_doubt(context, report.take, report.doubt)
    for entry in report.entries:
        if entry.reason:
            add_line(run_of(context), f"{entry.arkit}: {entry.reason}", "DOT")


def show_doubt(context: bpy.types.Context, take: str, doubt: Doubt) -> None:
    """Put how far a take can be trusted where the panel reads it."""
    read = run_of(context).confidence
    read.take = take
    read.regions.clear()
    read.stretches.clear()
    for name, value in doubt.confidence.items():
        region = read.regions.add()
        region.name, region.confidence = name.capitalize(), value
    for stretch in doubt.stretches:
        read.stretches.add().text = (
            f"{stretch.region.capitalize()} from {stretch.first_s:.2f} to {stretch.last_s:.2f} s"
        )
    redraw_panels()


def show_result(context: bpy.types.Context, result: str, lines: list[str]) -> None:
    """Put a result and its details where the panel reads them."""
    run = run_of(context)
    run.lines.clear()
    run.result = result
    for text in lines:
        add_line(run, text, "INFO")
    redraw_panels()


def _gap_lines(report: ApplyReport) -> list[str]:
    shown = report.gaps[:_GAPS_SHOWN]
    lines = [f"No face from {gap.first_s:.2f} to {gap.last_s:.2f} s" for gap in shown]
    if more := len(report.gaps) - len(shown):
        lines.append(f"and {more} more gaps")
    if report.bridged:
        lines.append(f"{report.bridged} short dropouts were bridged")
    return lines


def add_line(run: FacewrightRun, text: str, icon: str) -> None:
    """Add a line to the last result."""
    line = run.lines.add()
    line.text, line.icon = text, icon
