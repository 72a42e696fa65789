# SPDX-License-Identifier: GPL-3.0-or-later
"""The clip's own sound in the Sequencer.

Blender 4.4 renamed ``sequences`` to ``strips`` (the old name is gone in 5.0), and 5.1 renamed a
strip's ``frame_start`` to ``content_start``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError

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


def place_sound(scene: bpy.types.Scene, path: str | Path, start_frame: float) -> SoundStrip:
    """Puts a file's sound on the timeline, once.

    Args:
        scene: Its Sequencer gets the strip, in the lowest channel that is free there.
        path: A video or sound file.
        start_frame: The frame on which the sound starts. Blender puts the start of the sound
            there even where the file says that its sound starts later or earlier than its
            picture. Strips stand on whole frames: the nearest one is taken.

    Returns:
        The new strip, or the one that was there already.

    Raises:
        FacewrightError: ``sound-unreadable`` where Blender cannot read it, ``no-channel``.
    """
    path = Path(path).absolute()
    editor = scene.sequence_editor
    for strip in _strips(editor) if editor else ():
        if _same_sound(strip, path) and _start(strip) == round(start_frame):
            return SoundStrip(strip.name, strip.channel, _start(strip), False)
    created = editor is None
    editor = editor or scene.sequence_editor_create()
    try:
        strip = _add(editor, path, start_frame)
    except FacewrightError:
        if created:
            scene.sequence_editor_clear()
        raise
    _show_scene(scene)
    return SoundStrip(strip.name, strip.channel, _start(strip), True)


def _show_scene(scene: bpy.types.Scene) -> None:
    """From 5.0 each workspace picks the scene that its Sequencer shows, none at first."""
    workspace = bpy.context.workspace
    if workspace and getattr(workspace, "sequencer_scene", scene) is None:
        workspace.sequencer_scene = scene


def _add(editor: bpy.types.SequenceEditor, path: Path, start_frame: float):
    strips = _strips(editor)
    try:
        # In a channel above all others first: its length decides which channel has room.
        strip = strips.new_sound(path.stem[:60], str(path), _LAST_CHANNEL, round(start_frame))
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
    first, end = _span(strip)
    taken = {
        other.channel
        for other in strips
        if other != strip and _span(other)[0] < end and first < _span(other)[1]
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


def _remove(strips, strip) -> None:
    sound = strip.sound
    strips.remove(strip)
    if sound is not None and sound.users == 0:
        bpy.data.sounds.remove(sound)


def _strips(editor: bpy.types.SequenceEditor):
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def _start(strip) -> int:
    return round(strip.content_start if hasattr(strip, "content_start") else strip.frame_start)


def _span(strip) -> tuple[float, float]:
    """First frame and the frame after the last, between the handles."""
    if hasattr(strip, "left_handle"):
        return strip.left_handle, strip.right_handle
    return strip.frame_final_start, strip.frame_final_end


def _same_sound(strip, path: Path) -> bool:
    sound = getattr(strip, "sound", None)
    if strip.type != "SOUND" or sound is None:
        return False
    mine = bpy.path.abspath(sound.filepath, library=sound.library)
    return os.path.normcase(os.path.realpath(mine)) == os.path.normcase(os.path.realpath(path))
