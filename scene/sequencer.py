# SPDX-License-Identifier: GPL-3.0-or-later
"""Strips of the Sequencer; the one file that knows how they differ between Blender 4.2 and 5.2.

Blender 4.4 renamed ``sequences`` to ``strips`` (the old name is gone in 5.0), 5.0 lets a workspace
show the Sequencer of another scene, and 5.1 renamed a strip's times, e.g. ``frame_start`` to
``content_start``.
"""

from __future__ import annotations

import time
import wave
from pathlib import Path

import bpy

# So long a thread may write nothing before it is given up, seconds.
_PATIENCE_S = 5.0


def strips_of(editor: bpy.types.SequenceEditor):
    """The collection of an editor's strips."""
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def strips_in(scene: bpy.types.Scene) -> list:
    """A scene's strips, none where it has no Sequencer."""
    return list(strips_of(scene.sequence_editor)) if scene.sequence_editor else []


def active_strip(scene: bpy.types.Scene):
    """The active strip of a scene, or None."""
    return scene.sequence_editor.active_strip if scene.sequence_editor else None


def content_start(strip) -> float:
    """The frame on which a strip's content starts, whether that is shown or trimmed away."""
    return strip.content_start if hasattr(strip, "content_start") else strip.frame_start


def move_content(strip, frame: float) -> None:
    """Let a strip's content, handles and all, start on another frame."""
    setattr(strip, "content_start" if hasattr(strip, "content_start") else "frame_start", frame)


def content_length(strip) -> float:
    """Frames that the content takes at the speed it plays at, shown or not."""
    return strip.content_duration if hasattr(strip, "content_duration") else strip.frame_duration


def content_trim(strip) -> tuple[int, int]:
    """Frames that were cut off the content for good, at its start and at its end."""
    if hasattr(strip, "content_trim_start"):
        return strip.content_trim_start, strip.content_trim_end
    return strip.animation_offset_start, strip.animation_offset_end


def handles(strip) -> tuple[float, float]:
    """First frame and the frame after the last, between the handles."""
    if hasattr(strip, "left_handle"):
        return strip.left_handle, strip.right_handle
    return strip.frame_final_start, strip.frame_final_end


def sound_path(strip) -> str | None:
    """The absolute path of the file with a sound strip's sound; None for other strips."""
    sound = getattr(strip, "sound", None)
    if strip.type != "SOUND" or sound is None:
        return None
    return bpy.path.abspath(sound.filepath, library=sound.library)


def movie_path(strip) -> str | None:
    """The absolute path of a movie strip's file; None for other strips."""
    return bpy.path.abspath(strip.filepath) if strip.type == "MOVIE" else None


def show_scene(scene: bpy.types.Scene) -> None:
    """Let the workspace show a scene's Sequencer where it shows none."""
    workspace = bpy.context.workspace
    if workspace and getattr(workspace, "sequencer_scene", scene) is None:
        workspace.sequencer_scene = scene


def mix_down(scene: bpy.types.Scene, strip, path: Path) -> None:
    """Write what is heard of one strip, between its handles, as a sound file.

    Everything else is silent for that time; the scene is as it was afterwards. From 5.2 on Blender
    mixes in a thread of its own, and this waits for it.

    Raises:
        RuntimeError: Blender cannot write it.
    """
    first, end = handles(strip)
    others = [(other, other.mute) for other in strips_in(scene)]
    frames = scene.frame_start, scene.frame_end
    try:
        for other, _ in others:
            other.mute = other != strip
        # Blender keeps a scene's end behind its start.
        scene.frame_end = max(scene.frame_end, int(end) - 1)
        scene.frame_start, scene.frame_end = int(first), max(int(end) - 1, int(first))
        override = {"scene": scene}
        if hasattr(bpy.context.workspace, "sequencer_scene"):
            override["sequencer_scene"] = scene
        with bpy.context.temp_override(**override):
            bpy.ops.sound.mixdown(
                filepath=str(path),
                check_existing=False,
                container="WAV",
                codec="PCM",
                format="S16",
            )
        _wait_for(path)
    finally:
        scene.frame_end = max(frames)
        scene.frame_start, scene.frame_end = frames
        for other, mute in others:
            other.mute = mute


def _wait_for(path: Path) -> None:
    """Until a .wav that another thread writes is whole; RuntimeError where nothing comes any more.

    Its header tells the true length only when it is closed.
    """
    size, grown_at = -1, time.monotonic()
    while True:
        now = path.stat().st_size if path.is_file() else 0
        if now != size:
            size, grown_at = now, time.monotonic()
        try:
            with wave.open(str(path)) as sound:
                told = sound.getnframes() * sound.getnchannels() * sound.getsampwidth()
            if 0 < told <= now:
                return
        except (wave.Error, EOFError, OSError):
            pass  # its header is not there yet
        if time.monotonic() - grown_at > _PATIENCE_S:
            raise RuntimeError("nothing was written; try again")
        time.sleep(0.05)
