# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene's clock."""

from __future__ import annotations

import bpy

from ..engine.core.clock import FrameClock


def scene_clock(scene: bpy.types.Scene, start_frame: float = 1.0, speed: float = 1.0) -> FrameClock:
    """The clock of a scene's timeline.

    Args:
        scene: Its render settings hold the rate.
        start_frame: The frame on which the take's second 0 falls.
        speed: Seconds of the take that pass in one second of the timeline.
    """
    return FrameClock(scene.render.fps, scene.render.fps_base * speed, start_frame)
