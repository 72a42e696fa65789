# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tracked, and what tracks it."""

from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from .models import detector_items, engine_items, quality_items
from .paths import PATH_OPTIONS


class SourceSettings:
    """Mixin for the shot: its clip and its take, the engine and how carefully it looks."""

    video: StringProperty(
        name="Video",
        description="The video of the performer's face",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    take: StringProperty(
        name="Take",
        description="The take that was tracked last; its keys can be written again with other "
        "settings without tracking",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    engine: EnumProperty(name="Engine", description="What tracks the face", items=engine_items)
    engine_file: StringProperty(
        name="Description",
        description="The .toml that describes your engine; see docs/custom_engine.md",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    detector: EnumProperty(
        name="Detector",
        description="What finds the face where it is not followed yet",
        items=detector_items,
    )
    quality: EnumProperty(
        name="Quality",
        description="How often each frame of a video is looked at. Live capture is always fast",
        items=quality_items(),
    )
    face: IntProperty(
        name="Face",
        description="Which face to track where several are in the picture: 0 is the largest",
        min=0,
        max=15,
    )
    recover: BoolProperty(
        name="Recover Gaps",
        description="Look a second time, backwards, where the face was lost",
        default=True,
    )
