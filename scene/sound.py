# SPDX-License-Identifier: GPL-3.0-or-later
"""The clip's own sound in the Sequencer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from .sequencer import (
    content_start,
    handles,
    move_content,
    show_scene,
    sound_path,
    strips_of,
)

_LAST_CHANNEL = 128


@dataclass(frozen=True)
class SoundStrip:
    """Where a sound lies.

    Attributes:
        name: The strip's name.
        channel: Its channel.
        frame: The frame on which the sound starts.
        added: False where an identical strip was there already.
    """

    name: str
    channel: int
    frame: int
    added: bool


def place_sound(
    scene: bpy.types.Scene, path: str | Path, start_frame: float, instead_of: float | None = None
) -> SoundStrip:
    """Puts a file's sound on the timeline, once.

    Args:
        scene: Its Sequencer gets the strip, in the lowest channel that is free there.
        path: A video or sound file.
        start_frame: The frame on which the sound starts. Blender puts the start of the sound
            there even where the file says that its sound starts later or earlier than its
            picture. Strips stand on whole frames: the nearest one is taken.
        instead_of: The frame on which this sound may have been put with other settings; a strip
            of it there is moved.

    Returns:
        The new strip, or the one that was there already.

    Raises:
        FacewrightError: ``sound-unreadable`` where Blender cannot read it, ``no-channel``.
    """
    path = Path(path).absolute()
    editor = scene.sequence_editor
    mine = [s for s in strips_of(editor) if _same_sound(s, path)] if editor else []
    for frame in (start_frame, instead_of):
        for strip in mine:
            if frame is not None and round(content_start(strip)) == round(frame):
                if round(frame) != round(start_frame):
                    move_content(strip, round(start_frame))
                return SoundStrip(strip.name, strip.channel, round(content_start(strip)), False)
    created = editor is None
    editor = editor or scene.sequence_editor_create()
    try:
        strip = _add(editor, path, start_frame)
    except FacewrightError:
        if created:
            scene.sequence_editor_clear()
        raise
    show_scene(scene)
    return SoundStrip(strip.name, strip.channel, round(content_start(strip)), True)


def take_back(scene: bpy.types.Scene, placed: SoundStrip | None) -> None:
    """Remove the strip that ``place_sound`` has added; one that was there before stays."""
    if placed is None or not placed.added or scene.sequence_editor is None:
        return
    strips = strips_of(scene.sequence_editor)
    if (strip := strips.get(placed.name)) is not None:
        _remove(strips, strip)
    if not len(strips):
        scene.sequence_editor_clear()


def _add(editor: bpy.types.SequenceEditor, path: Path, start_frame: float):
    strips = strips_of(editor)
    try:
        # In a channel above all others first: its length decides which channel has room.
        strip = strips.new_sound(path.stem[:60], _stored(path), _LAST_CHANNEL, round(start_frame))
    except RuntimeError as error:
        raise FacewrightError(
            f'Blender cannot read the sound of "{path.name}": {str(error).strip()}.',
            "Add a sound file by hand in the Sequencer.",
            "sound-unreadable",
        ) from error
    # Blender takes any file; only the sound that it found inside tells.
    if strip.sound.channels == "INVALID":
        _remove(strips, strip)
        raise FacewrightError(
            f'Blender cannot read the sound of "{path.name}".',
            "Add a sound file by hand in the Sequencer.",
            "sound-unreadable",
        )
    first, end = handles(strip)
    taken = {
        other.channel
        for other in strips
        if other != strip and handles(other)[0] < end and first < handles(other)[1]
    }
    free = next((c for c in range(1, _LAST_CHANNEL) if c not in taken), None)
    if free is None:
        _remove(strips, strip)
        raise FacewrightError(
            "The Sequencer has no free channel for the clip's sound.",
            "Remove strips that are not needed.",
            "no-channel",
        )
    strip.channel = free
    return strip


def _stored(path: Path) -> str:
    """How the .blend file knows the sound: where it lies below it they can be moved together."""
    if bpy.data.filepath and bpy.context.preferences.filepaths.use_relative_paths:
        try:
            return f"//{path.relative_to(Path(bpy.data.filepath).parent).as_posix()}"
        except ValueError:
            pass
    return str(path)


def _remove(strips, strip) -> None:
    sound = strip.sound
    strips.remove(strip)
    if sound is not None and sound.users == 0:
        bpy.data.sounds.remove(sound)


def _same_sound(strip, path: Path) -> bool:
    mine = sound_path(strip)
    return mine is not None and os.path.normcase(os.path.realpath(mine)) == os.path.normcase(
        os.path.realpath(path)
    )
