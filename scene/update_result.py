# SPDX-License-Identifier: GPL-3.0-or-later
"""A take written again, with other settings, into the place where its result is now.

That is the action in use, or the strips of the NLA that the take plays in: what lies above them,
such as a layer of tweaks, and how they are placed, blended and cut stay as they are. The action
that was there stays in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from . import compare, keyframes
from .action_writer import check_tweaking
from .apply import ApplyReport
from .apply_settings import ApplySettings
from .capture import apply_take
from .face_blocks import FaceBlock, face_blocks

# In this order, because Blender keeps a strip's length while its action's range changes.
_FRAMES = ("action_frame_start", "action_frame_end", "frame_start", "frame_end")


def update_result(
    scene: bpy.types.Scene,
    take: Path,
    objects: Iterable[bpy.types.Object],
    settings: ApplySettings,
) -> ApplyReport:
    """Writes a take anew where its result is.

    It pushes no undo step: the operator does.

    Args:
        scene: The scene that the character is in.
        take: The take.
        objects: The character.
        settings: Gains, smoothing, head and so on, as for ``apply_take``; a new action is made
            whatever they say, and the sound stays where it is.

    Returns:
        What happened. Where the take has no strip it is what ``apply_take`` does.

    Raises:
        FacewrightError: What ``apply_take`` raises, and ``result-comped`` where a strip has parts
            of other takes as well; nothing has changed.
    """
    objects = list(objects)
    settings = replace(settings, onto_existing=False, place_sound=False)
    blocks = face_blocks(scene, objects, settings.pose)
    strips = {face.block: found for face in blocks if (found := _strips_of(face, take.stem))}
    if not strips:
        return apply_take(scene, take, objects, settings, extend_scene=False)
    for face in blocks:
        check_tweaking(face.block)
        for strip in strips.get(face.block, ()):
            if compare.takes_in(strip.action) != [take.stem]:
                raise FacewrightError(
                    f'The strip "{strip.name}" has parts of other takes beside "{take.stem}".',
                    "Write the parts again one by one, into the strip's action.",
                    "result-comped",
                )
    with ExitStack() as undo:
        aside = {face.block: _lay_aside(face, undo) for face in blocks if face.block in strips}
        report = apply_take(scene, take, objects, settings, extend_scene=False)
        for block, found in strips.items():
            action, slot = keyframes.current_assignment(block)
            if action is not None:  # else nothing of the take is on this block any more
                for strip in found:
                    _exchange(strip, action, slot, undo)
            aside[block]()
        undo.pop_all()
    return report


def has_strips(blocks: Iterable[FaceBlock], take: str) -> bool:
    """Whether a take's result is in the NLA."""
    return any(_strips_of(face, take) for face in blocks)


def _strips_of(face: FaceBlock, take: str) -> list[bpy.types.NlaStrip]:
    return [strip for strip in face.strips() if take in compare.takes_in(strip.action)]


def _lay_aside(face: FaceBlock, undo: ExitStack) -> Callable[[], None]:
    """Takes the action in use, a layer for instance, off a block; returns what puts it back."""
    data = face.animation
    action, slot = keyframes.current_assignment(face.block)
    blend = data.action_blend_type

    def put_back() -> None:
        keyframes.assign(face.block, action, slot)
        data.action_blend_type = blend

    undo.callback(put_back)
    if action is not None and not action.use_fake_user and action.is_editable:
        # Without a user for a moment, and with the same ones again afterwards.
        action.use_fake_user = True
        undo.callback(setattr, action, "use_fake_user", False)
    data.action = None
    data.action_blend_type = "REPLACE"
    return put_back


def _exchange(strip: bpy.types.NlaStrip, action: bpy.types.Action, slot, undo: ExitStack) -> None:
    """Lets a strip play another action, over the same frames of it."""
    old, old_slot = strip.action, strip.action_slot if slot is not None else None
    frames = [(name, getattr(strip, name)) for name in _FRAMES]

    def play(played: bpy.types.Action, chosen) -> None:
        strip.action = played
        if chosen is not None:
            strip.action_slot = chosen
        for name, frame in frames:
            setattr(strip, name, frame)

    undo.callback(play, old, old_slot)
    if old.is_editable:
        old.use_fake_user = True
    play(action, slot)
