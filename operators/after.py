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
from ..scene import keys_and_bones, takes
from ..scene.bake import bake_face
from ..scene.capture import guess_head
from ..scene.copy_face import copy_face
from ..scene.eye_bones import guess_eyes
from ..scene.face_blocks import FaceBlock, animated_blocks
from ..scene.live import live_session
from ..scene.nla_layers import add_layer, push_down
from ..scene.pose_channels import PoseSettings
from ..scene.redraw import redraw_sidebars
from ..scene.stepping import step_face, unstep_face
from ..scene.update_result import update_result
from .keys import apply_settings, show_keys, target_objects
from .why_not import TellsWhyNot

_FIRST = bpy.props.IntProperty(name="Start", description="First frame", options={"SKIP_SAVE"})
_LAST = bpy.props.IntProperty(name="End", description="Last frame", options={"SKIP_SAVE"})


class _AfterOperator(TellsWhyNot):
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
        redraw_sidebars()
        return {"FINISHED"}

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """What the operator does; returns what to report and raises FacewrightError."""
        raise NotImplementedError


class _OverFrames(_AfterOperator):
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


def _warn(operator: bpy.types.Operator, sentences: list[str]) -> None:
    for sentence in sentences:
        operator.report({"WARNING"}, sentence)


@contextmanager
def _progress(context: bpy.types.Context):
    """A number at the mouse's place while frames are played."""
    manager = context.window_manager
    manager.progress_begin(0, 100)
    try:
        yield Progress(lambda done, total, _: manager.progress_update(100 * done / max(total, 1)))
    finally:
        manager.progress_end()


def _channel_count(moved: keys_and_bones.Moved, where: str) -> str:
    said = f"{len(moved.channels)} channels are on {where} now"
    if moved.left:
        said += f"; {', '.join(moved.left)} found nothing there and stayed"
    return said


class FACEWRIGHT_OT_update_result(_AfterOperator, bpy.types.Operator):
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


class FACEWRIGHT_OT_push_face_down(_AfterOperator, bpy.types.Operator):
    """Make a strip of the NLA out of the action in use; what shows stays the same"""

    bl_idname = "facewright.push_face_down"
    bl_label = "Push to NLA"

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Push."""
        take = shot_of(context).take
        name = Path(take).stem if take else ""
        done = push_down(_blocks(context, objects), name)
        _warn(self, done.warnings)
        return f"{', '.join(dict.fromkeys(done.strips))} is in the NLA of {', '.join(done.blocks)}"


class FACEWRIGHT_OT_add_face_layer(_AfterOperator, bpy.types.Operator):
    """Put an empty additive action on top, for tweaks: a key on it adds to what is below, which \
becomes a strip of the NLA"""

    bl_idname = "facewright.add_face_layer"
    bl_label = "Add Tweak Layer"

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Add it."""
        done = add_layer(_blocks(context, objects))
        _warn(self, done.warnings)
        return f"{done.layer} is on top: set keys, and they add to what is below"


class FACEWRIGHT_OT_bake_face(_OverFrames, bpy.types.Operator):
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
        with _progress(context) as progress:
            report = bake_face(
                context.scene,
                _blocks(context, objects, self.drivers),
                first,
                last,
                step=self.step,
                drivers=self.drivers,
                progress=progress,
            )
        _warn(self, report.warnings)
        said = f"{report.keys} keys in {', '.join(report.actions)}"
        muted = len(report.muted_tracks) + len(report.muted_drivers)
        return f"{said}; {muted} tracks and drivers are muted" if muted else said


class FACEWRIGHT_OT_step_face(_AfterOperator, bpy.types.Operator):
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


class FACEWRIGHT_OT_unstep_face(_AfterOperator, bpy.types.Operator):
    """Let the face move on every frame again"""

    bl_idname = "facewright.unstep_face"
    bl_label = "Remove Stepping"

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Take it away."""
        return f"{unstep_face(_blocks(context, objects))} curves are smooth again"


class FACEWRIGHT_OT_copy_face(_OverFrames, bpy.types.Operator):
    """Write the face that the selected character shows onto the target, through both mappings"""

    bl_idname = "facewright.copy_face"
    bl_label = "Copy from Selected"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Another object must be selected."""
        lack = "Select the character to copy from; the target gets its face"
        return super().why_not(context) or ("" if _sources(context) else lack)

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Copy."""
        first, last = self.frames(context)
        shot = shot_of(context)
        sources = _sources(context)
        with _progress(context) as progress:
            report = copy_face(
                context.scene,
                sources,
                [shot.target],
                first,
                last,
                source_pose=_usual_pose(sources, shot.facing),
                settings=apply_settings(shot, objects),
                progress=progress,
            )
        show_keys(context, report, [])
        return f"{shot.target.name} does what {sources[0].name} does: {run_of(context).result}"


class FACEWRIGHT_OT_keys_to_bones(_OverFrames, bpy.types.Operator):
    """Let the bones of the mapping, drives and stored poses, do what the shape keys do; the keys \
rest from then on, and their action stays in the file"""

    bl_idname = "facewright.keys_to_bones"
    bl_label = "Keys to Bones"

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Carry over."""
        first, last = self.frames(context)
        with _progress(context) as progress:
            moved = keys_and_bones.keys_to_bones(
                context.scene, objects, first, last, progress=progress
            )
        _warn(self, moved.written.warnings)
        return _channel_count(moved, "bones")


class FACEWRIGHT_OT_bones_to_keys(_OverFrames, bpy.types.Operator):
    """Let the shape keys do what the bones of the mapping do; the bones rest from then on, and \
their action stays in the file"""

    bl_idname = "facewright.bones_to_keys"
    bl_label = "Bones to Keys"

    def run(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> str:
        """Carry over."""
        first, last = self.frames(context)
        with _progress(context) as progress:
            moved = keys_and_bones.bones_to_keys(
                context.scene, objects, first, last, progress=progress
            )
        _warn(self, moved.written.warnings)
        return _channel_count(moved, "shape keys")


def _sources(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected objects that do not belong to the target."""
    target = shot_of(context).target
    if target is None:
        return []
    top = _top(target)
    kinds = ("MESH", "ARMATURE", "EMPTY")
    return [ob for ob in context.selected_objects if ob.type in kinds and _top(ob) != top]


def _top(ob: bpy.types.Object) -> bpy.types.Object:
    while ob.parent:
        ob = ob.parent
    return ob


def _usual_pose(objects: list[bpy.types.Object], facing: str) -> PoseSettings:
    """Head and eyes where they most likely are."""
    head, bone = guess_head(objects)
    left, right = guess_eyes(objects, head, facing)
    return PoseSettings(
        head_object=head,
        head_bone=bone,
        eye_object=head,
        eye_left=left,
        eye_right=right,
        facing=facing,
    )


CLASSES = (
    FACEWRIGHT_OT_update_result,
    FACEWRIGHT_OT_push_face_down,
    FACEWRIGHT_OT_add_face_layer,
    FACEWRIGHT_OT_bake_face,
    FACEWRIGHT_OT_step_face,
    FACEWRIGHT_OT_unstep_face,
    FACEWRIGHT_OT_copy_face,
    FACEWRIGHT_OT_keys_to_bones,
    FACEWRIGHT_OT_bones_to_keys,
)
