# SPDX-License-Identifier: GPL-3.0-or-later
"""After the fact: what is done with a result that is on the character already."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..properties.capture import shot_of
from ..properties.run import run_of
from ..properties.why_not import write_disabled_reason
from ..scene import takes
from ..scene.bake import bake_face
from ..scene.face_blocks import FaceBlock, animated_blocks
from ..scene.live import live_session
from ..scene.nla_layers import add_layer, push_down
from ..scene.redraw import redraw_panels
from ..scene.stepping import step_face, unstep_face
from ..scene.update_result import update_result
from .keys import apply_settings, show_keys, target_objects
from .why_not import TellsWhyNot

_FIRST = bpy.props.IntProperty(name="Start", description="First frame", options={"SKIP_SAVE"})
_LAST = bpy.props.IntProperty(name="End", description="Last frame", options={"SKIP_SAVE"})


class AfterOperator(TellsWhyNot):
    """Mixin: something that is done with the result on the shot's target."""

    bl_options = {"REGISTER", "UNDO"}
    why_not = staticmethod(write_disabled_reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it, or say what is wrong."""
        try:
            objects = target_objects(context, context.scene)
            if session := live_session():
                # The character as it was before the preview: keys and undo start from there.
                session.rig.end()
            said = self.run(context, objects)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, said)
        redraw_panels()
        return {"FINISHED"}

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """What the operator does; returns what to report and raises FacewrightError."""
        raise NotImplementedError


class OverFrames(AfterOperator):
    """Mixin: something that looks at every frame of a range, the scene's unless it is given."""

    first: _FIRST
    last: _LAST

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the range."""
        self.first, self.last = self.frames(context)
        return context.window_manager.invoke_props_dialog(self)

    def frames(self, context: bpy.types.Context) -> tuple[int, int]:
        """The range that was given, or the preview's or the scene's."""
        given = [self.properties.is_property_set(name) for name in ("first", "last")]
        scene = context.scene
        if scene.use_preview_range:
            usual = scene.frame_preview_start, scene.frame_preview_end
        else:
            usual = scene.frame_start, scene.frame_end
        return (
            self.first if given[0] else usual[0],
            self.last if given[1] else usual[1],
        )


def _blocks(
    context: bpy.types.Context, objects: list[bpy.types.Object], drivers: bool = False
) -> list[FaceBlock]:
    pose = apply_settings(shot_of(context), objects).pose
    return animated_blocks(context.scene, objects, pose, drivers)


def warn(operator: bpy.types.Operator, sentences: list[str]) -> None:
    """Report each as a warning."""
    for sentence in sentences:
        operator.report({"WARNING"}, sentence)


@contextmanager
def shown_progress(context: bpy.types.Context):
    """A number at the mouse's place while frames are played."""
    manager = context.window_manager
    manager.progress_begin(0, 100)
    try:
        yield Progress(lambda done, total, _: manager.progress_update(100 * done / max(total, 1)))
    finally:
        manager.progress_end()


class FACEWRIGHT_OT_update_result(AfterOperator, bpy.types.Operator):
    """Write the shot's take again with the settings as they are now: gains, smoothing, curves, \
head. Nothing is tracked anew; strips keep their place, and layers above stay"""

    bl_idname = "facewright.update_result"
    bl_label = "Update Result"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """The shot needs a take."""
        lack = "" if shot_of(context).take else "Choose a take: select one and press Use Take"
        return super().why_not(context) or lack

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Write keys."""
        shot = shot_of(context)
        take = Path(bpy.path.abspath(shot.take)).absolute()
        settings = apply_settings(shot, objects)
        placed = takes.read_take(take).placed_frame
        if placed is not None:
            settings = replace(settings, start_frame=placed)
        report = update_result(context.scene, take, objects, settings)
        show_keys(context, report, [])
        return f"{take.stem}: {run_of(context).result}"


class FACEWRIGHT_OT_push_face_down(AfterOperator, bpy.types.Operator):
    """Make a strip of the NLA out of the action in use; what shows stays the same"""

    bl_idname = "facewright.push_face_down"
    bl_label = "Push to NLA"

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Push."""
        take = shot_of(context).take
        name = Path(take).stem if take else ""
        done = push_down(_blocks(context, objects), name)
        warn(self, done.warnings)
        return f"{', '.join(dict.fromkeys(done.strips))} is in the NLA of {', '.join(done.blocks)}"


class FACEWRIGHT_OT_add_face_layer(AfterOperator, bpy.types.Operator):
    """Put an empty additive action on top, for tweaks: a key on it adds to what is below, which \
becomes a strip of the NLA"""

    bl_idname = "facewright.add_face_layer"
    bl_label = "Add Tweak Layer"

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Add it."""
        done = add_layer(_blocks(context, objects))
        warn(self, done.warnings)
        return f"{done.layer} is on top: set keys, and they add to what is below"


class FACEWRIGHT_OT_bake_face(OverFrames, bpy.types.Operator):
    """Write what shows, frame by frame, into one action of plain keys; tracks of the NLA and \
drivers are muted, and nothing is deleted"""

    bl_idname = "facewright.bake_face"
    bl_label = "Bake to Keys"

    step: bpy.props.IntProperty(
        name="Step",
        description="A key every so many frames; from 2 on each holds until the next",
        default=1,
        min=1,
        soft_max=8,
    )
    drivers: bpy.props.BoolProperty(
        name="Drivers",
        description="Bake what drivers move on the face as well, and mute them",
        default=True,
    )

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Bake."""
        first, last = self.frames(context)
        with shown_progress(context) as progress:
            report = bake_face(
                context.scene,
                _blocks(context, objects, self.drivers),
                first,
                last,
                step=self.step,
                drivers=self.drivers,
                progress=progress,
            )
        warn(self, report.warnings)
        said = f"{report.keys} keys in {', '.join(report.actions)}"
        muted = len(report.muted_tracks) + len(report.muted_drivers)
        return f"{said}; {muted} tracks and drivers are muted" if muted else said


class FACEWRIGHT_OT_step_face(AfterOperator, bpy.types.Operator):
    """Let each pose of the face hold for a few frames, as in drawn animation, by a modifier on \
its curves; the keys stay as they are"""

    bl_idname = "facewright.step_face"
    bl_label = "Step"

    frames: bpy.props.IntProperty(
        name="Frames", description="How long a pose holds; 2 is on twos", default=2, min=2
    )

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Step."""
        count = step_face(_blocks(context, objects), self.frames)
        return f"{count} curves hold each pose for {self.frames} frames"


class FACEWRIGHT_OT_unstep_face(AfterOperator, bpy.types.Operator):
    """Let the face move on every frame again"""

    bl_idname = "facewright.unstep_face"
    bl_label = "Remove Stepping"

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Take it away."""
        return f"{unstep_face(_blocks(context, objects))} curves are smooth again"


CLASSES = (
    FACEWRIGHT_OT_update_result,
    FACEWRIGHT_OT_push_face_down,
    FACEWRIGHT_OT_add_face_layer,
    FACEWRIGHT_OT_bake_face,
    FACEWRIGHT_OT_step_face,
    FACEWRIGHT_OT_unstep_face,
)
