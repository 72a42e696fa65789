# SPDX-License-Identifier: GPL-3.0-or-later
"""What is happening right now, on the window manager. Not saved."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    FloatProperty,
    PointerProperty,
    StringProperty,
)

from .confidence import FacewrightConfidence
from .doctor import FacewrightDoctor
from .learn_speech import FacewrightLearned
from .live import FacewrightLiveRun
from .takes import FacewrightTakeList


class FacewrightLine(bpy.types.PropertyGroup):
    """One line of a result."""

    text: StringProperty()
    icon: StringProperty(default="INFO")


class FacewrightRun(bpy.types.PropertyGroup):
    """What is happening now, and what happened last. Not saved."""

    is_running: BoolProperty()
    is_cancelling: BoolProperty()
    factor: FloatProperty(min=0.0, max=1.0, subtype="FACTOR")
    status: StringProperty()
    result: StringProperty()
    lines: CollectionProperty(type=FacewrightLine)
    show_lines: BoolProperty(name="Details", description="Show every line of the last result")
    confidence: PointerProperty(type=FacewrightConfidence)
    live: PointerProperty(type=FacewrightLiveRun)
    takes: PointerProperty(type=FacewrightTakeList)
    learned: PointerProperty(type=FacewrightLearned)
    doctor: PointerProperty(type=FacewrightDoctor)


def run_of(context: bpy.types.Context) -> FacewrightRun:
    """What is happening now."""
    return context.window_manager.facewright


CLASSES = (FacewrightLine, FacewrightRun)


def draw_progress(layout: bpy.types.UILayout, run: FacewrightRun) -> None:
    """How far the job is, and the button that ends it."""
    layout.progress(factor=run.factor, text=run.status)
    row = layout.row()
    row.enabled = not run.is_cancelling
    row.operator("facewright.cancel_tracking", icon="CANCEL")


def add_pointers() -> None:
    """Hang it where it belongs."""
    bpy.types.WindowManager.facewright = PointerProperty(type=FacewrightRun)


def remove_pointers() -> None:
    """Take it off again.

    What was running has ended, but its traces in the window manager would outlive the add-on.
    """
    for manager in bpy.data.window_managers:
        manager.facewright.is_running = False
        manager.facewright.live.is_live = manager.facewright.live.is_sending = False
    del bpy.types.WindowManager.facewright
