# SPDX-License-Identifier: GPL-3.0-or-later
"""A shot: all settings that are saved with its scene."""

import bpy
from bpy.props import PointerProperty

from .confidence import FacewrightDoubt
from .head import HeadSettings
from .keys import KeySettings
from .live import FacewrightLive
from .shapes import FacewrightShapes
from .solve import FacewrightSolve
from .source import SourceSettings
from .speech import FacewrightSpeech
from .takes import FacewrightGain, FacewrightTakes


class FacewrightShot(SourceSettings, KeySettings, HeadSettings, bpy.types.PropertyGroup):
    """What belongs to the shot: the clip, the character in it, and how keys are written."""

    solve: PointerProperty(type=FacewrightSolve)
    live: PointerProperty(type=FacewrightLive)
    takes: PointerProperty(type=FacewrightTakes)
    gain: PointerProperty(type=FacewrightGain)
    shapes: PointerProperty(type=FacewrightShapes)
    speech: PointerProperty(type=FacewrightSpeech)
    doubt: PointerProperty(type=FacewrightDoubt)


CLASSES = (FacewrightShot,)


def shot_of(context: bpy.types.Context) -> FacewrightShot:
    """The shot's settings."""
    return context.scene.facewright


def add_pointers() -> None:
    """Hang the settings where they belong."""
    bpy.types.Scene.facewright = PointerProperty(type=FacewrightShot)


def remove_pointers() -> None:
    """Take the settings off again."""
    del bpy.types.Scene.facewright
