# SPDX-License-Identifier: GPL-3.0-or-later
"""Track a video onto the target, cancel, resume, and write a take's keys again."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.requests import TrackRequest
from ..properties.capture import shot_of
from ..properties.models import chosen_detector, chosen_engine, chosen_quality
from ..properties.preferences import chosen_device, chosen_take_folder, preferences_of
from ..properties.run import run_of
from ..properties.solve import solve_settings
from ..properties.why_not import apply_disabled_reason, track_disabled_reason
from ..scene.capture import new_take_path, take_folder, unfinished_take
from ..scene.jobs import Job, running_job
from .keys import show_keys, target_objects, write_keys
from .why_not import TellsWhyNot
from .worker_job import JobOperator


class FACEWRIGHT_OT_track_video(JobOperator, bpy.types.Operator):
    """Track the video in the background, then write keyframes on the target. Esc cancels"""

    bl_idname = "facewright.track_video"
    bl_label = "Track"
    # No REGISTER: adjusting it in the redo panel would track again, at once, in the window.
    bl_options = {"UNDO"}

    doing = "Tracking"
    did = "Tracked"
    if_cancelled = "Resume goes on from there"

    resume: bpy.props.BoolProperty(
        name="Resume",
        description="Go on with the unfinished take of this video",
        default=False,
        options={"SKIP_SAVE", "HIDDEN"},
    )

    why_not = staticmethod(track_disabled_reason)

    def wants_keys(self, _context: bpy.types.Context) -> bool:
        """Always."""
        return True

    def request(self, context: bpy.types.Context) -> TrackRequest:
        """The shot's clip into a new take, or into the unfinished one."""
        shot, preferences = shot_of(context), preferences_of(context)
        video = Path(bpy.path.abspath(shot.video)).absolute()
        if not video.is_file():
            raise FacewrightError(f"There is no file {video}.", "Check the path.", "file-missing")
        folder = take_folder(chosen_take_folder(context))
        take = unfinished_take(folder, video) if self.resume else new_take_path(folder, video)
        if take is None:
            raise FacewrightError(
                f"There is no unfinished take of {video.name} in {folder}.",
                "Press Track to start one.",
                "nothing-to-resume",
            )
        return TrackRequest(
            video=str(video),
            take=str(take),
            engine=chosen_engine(shot),
            detector=chosen_detector(shot),
            quality=chosen_quality(shot),
            solve=solve_settings(shot.solve),
            face=shot.face,
            recover=shot.recover,
            **chosen_device(context),
            streams=preferences.streams if preferences else 0,
            resume=self.resume,
        )

    def remember(
        self, _context: bpy.types.Context, scene: bpy.types.Scene, request: TrackRequest
    ) -> None:
        """The new take is the shot's."""
        scene.facewright.take = request.take

    def status(self, job: Job) -> str:
        """Frames and speed."""
        return f"{job.done} of {job.total} frames, {_rate(job.per_second)}"

    def lines(self, report: dict) -> list[str]:
        """How much was seen, how fast."""
        seen = f"{report['valid_frames']} of {report['frames']} frames with a face"
        speed = report["frames_per_second"]
        provider = report["provider"].replace("ExecutionProvider", "")
        # A resumed take may have had every frame already.
        return [f"{seen}, {_rate(speed)} on {provider}" if speed else seen]


def _rate(per_second: float) -> str:
    return f"{per_second:.{0 if per_second >= 10 else 1}f} frames/s"


class FACEWRIGHT_OT_cancel_tracking(TellsWhyNot, bpy.types.Operator):
    """Stop; frames tracked so far stay in the take, and a take being solved stays as it was"""

    bl_idname = "facewright.cancel_tracking"
    bl_label = "Cancel"

    @classmethod
    def why_not(cls, _context: bpy.types.Context) -> str:
        """Only while the worker has a job."""
        return "" if running_job() else "There is nothing to cancel"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask; the job ends by itself."""
        running_job().cancel()
        return {"FINISHED"}


class FACEWRIGHT_OT_apply_take(TellsWhyNot, bpy.types.Operator):
    """Write the take's keyframes again, with the settings as they are now"""

    bl_idname = "facewright.apply_take"
    bl_label = "Write Keys"
    bl_options = {"REGISTER", "UNDO"}

    why_not = staticmethod(apply_disabled_reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write keys."""
        try:
            take = Path(bpy.path.abspath(shot_of(context).take))
            report = write_keys(context.scene, target_objects(context, context.scene), take)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        show_keys(context, report, [])
        self.report({"INFO"}, run_of(context).result)
        return {"FINISHED"}


class FACEWRIGHT_OT_start_at_playhead(bpy.types.Operator):
    """Let the clip start on the current frame"""

    bl_idname = "facewright.start_at_playhead"
    bl_label = "Start at Playhead"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy the playhead's frame."""
        shot_of(context).start_frame = context.scene.frame_current
        return {"FINISHED"}


CLASSES = (
    FACEWRIGHT_OT_track_video,
    FACEWRIGHT_OT_cancel_tracking,
    FACEWRIGHT_OT_apply_take,
    FACEWRIGHT_OT_start_at_playhead,
)
