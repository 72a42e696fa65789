# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline plays along with a recording, in real time whatever the scene costs to draw."""

from __future__ import annotations

import bpy

from .blocks import by_uid


class Playback:
    """Plays a scene's timeline until ``end``.

    Args:
        scene: Frames are dropped where Blender does not keep up ("Play Every Frame" would stretch
            the performance); what the artist had chosen comes back at the end.
    """

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._scene_uid = scene.session_uid
        self._sync_mode = scene.sync_mode
        if scene.sync_mode == "NONE":
            scene.sync_mode = "FRAME_DROP"
        if not bpy.context.screen.is_animation_playing:
            bpy.ops.screen.animation_play()

    def end(self) -> None:
        """Stop where the playhead is."""
        screen = bpy.context.screen
        if screen is not None and screen.is_animation_playing:
            bpy.ops.screen.animation_cancel(restore_frame=False)
        if scene := by_uid(bpy.data.scenes, self._scene_uid):
            scene.sync_mode = self._sync_mode


def plays() -> bool:
    """Whether the timeline plays, in any window."""
    screen = bpy.context.screen
    return screen is not None and screen.is_animation_playing
