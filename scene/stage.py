# SPDX-License-Identifier: GPL-3.0-or-later
"""An empty file becomes a studio with the shipped head, for when no character is given."""

from __future__ import annotations

from fractions import Fraction

import bpy

from .head import create_head
from .portrait_stage import create_portrait_stage, use_portrait_render


def new_stage(context: bpy.types.Context, rate: Fraction) -> bpy.types.Object:
    """Head, camera and light in the current scene, which takes the clip's frame rate.

    Args:
        context: Gives the scene.
        rate: Frames per second of the clip.

    Returns:
        The head.
    """
    scene = context.scene
    head = create_head(context)
    create_portrait_stage(context, head)
    # fps is whole in Blender: 24000/1001 is 24 over a base of 1.001.
    scene.render.fps = round(float(rate))
    scene.render.fps_base = scene.render.fps / float(rate)
    # In the background there is no graphics card to rely on: Cycles with few samples.
    use_portrait_render(scene, size=540)
    return head
