# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a take, or a part of it, onto the character; and switch between two results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..properties.capture import shot_of
from ..properties.run import run_of
from ..properties.takes import FacewrightTakes, chosen_parts
from ..properties.why_not import write_disabled_reason
from ..scene import compare, takes
from ..scene.live import live_session
from .keys import apply_settings, show_keys, target_objects, write_keys
from .takes import OneTake
from .why_not import TellsWhyNot


def punch_in_changes(chosen: FacewrightTakes, span: tuple[float, float]) -> dict:
    """What of ``ApplySettings`` makes a punch-in, by the settings of the shot."""
    return {
        "onto_existing": True,
        "regions": chosen_parts(chosen) if chosen.punch_parts_only else frozenset(),
        "span": span,
        "ease_frames": float(chosen.punch_ease),
    }


class _WritesKeys(OneTake):
    """Mixin for what writes keys onto the target."""

    why_not = staticmethod(write_disabled_reason)

    def write(self, context: bpy.types.Context, take: Path, **changes: object) -> None:
        """Write the take's keys by the settings of the shot, with some of them changed."""
        scene = context.scene
        objects = target_objects(context, scene)
        settings = replace(apply_settings(scene.facewright, objects), **changes)
        placed = takes.read_take(take).placed_frame
        if placed is not None:
            settings = replace(settings, start_frame=placed)
        report = write_keys(scene, objects, take, settings)
        show_keys(context, report, [])
        self.report({"INFO"}, f"{take.stem}: {run_of(context).result}")


class FACEWRIGHT_OT_use_take(_WritesKeys, bpy.types.Operator):
    """Make this the shot's take and write its keyframes, with the settings as they are now"""

    bl_idname = "facewright.use_take"
    bl_label = "Use Take"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context, take: Path) -> None:
        """Write keys, then note the take."""
        self.write(context, take)
        shot, placed = shot_of(context), takes.read_take(take).placed_frame
        shot.take = str(take)
        if placed is not None:
            shot.start_frame = round(placed)


class FACEWRIGHT_OT_write_region(_WritesKeys, bpy.types.Operator):
    """Write only the chosen parts of the face from this take, onto what is animated already"""

    bl_idname = "facewright.write_region"
    bl_label = "Write Parts"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only with parts chosen."""
        if not chosen_parts(shot_of(context).takes):
            return "Choose at least one part of the face"
        return super().why_not(context)

    def run(self, context: bpy.types.Context, take: Path) -> None:
        """Write keys."""
        regions = chosen_parts(shot_of(context).takes)
        self.write(context, take, regions=regions, onto_existing=True)


class FACEWRIGHT_OT_punch_in_take(_WritesKeys, bpy.types.Operator):
    """Write this take between both ends of the punch range only, eased in and out"""

    bl_idname = "facewright.punch_in_take"
    bl_label = "Punch In"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context, take: Path) -> None:
        """Write keys."""
        chosen = shot_of(context).takes
        span = float(chosen.punch_start), float(chosen.punch_end)
        self.write(context, take, **punch_in_changes(chosen, span))


class FACEWRIGHT_OT_punch_range_from_preview(bpy.types.Operator):
    """Take the timeline's preview range for the punch range; without one, the scene's range"""

    bl_idname = "facewright.punch_range_from_preview"
    bl_label = "Punch Range from Preview Range"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy both frames."""
        scene, chosen = context.scene, shot_of(context).takes
        if scene.use_preview_range:
            frames = scene.frame_preview_start, scene.frame_preview_end
        else:
            frames = scene.frame_start, scene.frame_end
        chosen.punch_start, chosen.punch_end = frames
        return {"FINISHED"}


class FACEWRIGHT_OT_compare_takes(TellsWhyNot, bpy.types.Operator):
    """Switch the character between the last two results that were written into actions of their \
own; nothing is rewritten"""

    bl_idname = "facewright.compare_takes"
    bl_label = "Compare A/B"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only where there are two."""
        reason = write_disabled_reason(context)
        if not reason and len(compare.results([shot_of(context).target])) < 2:
            reason = "Write two takes, each into a new action, to switch between them"
        return reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Switch."""
        try:
            objects = target_objects(context, context.scene)
            if session := live_session():
                # The values from before the preview must not come back over the other result's.
                session.rig.end()
            shown, other = compare.switch_result(objects)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Shows {shown}; the other is {other}")
        return {"FINISHED"}


CLASSES = (
    FACEWRIGHT_OT_use_take,
    FACEWRIGHT_OT_write_region,
    FACEWRIGHT_OT_punch_in_take,
    FACEWRIGHT_OT_punch_range_from_preview,
    FACEWRIGHT_OT_compare_takes,
)
