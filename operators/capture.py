# SPDX-License-Identifier: GPL-3.0-or-later
"""Track a video onto the target, cancel, resume, and write a take's keys again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.core.requests import TrackRequest
from ..engine.filters.chain import FilterSettings
from ..properties.capture import (
    FacewrightShot,
    apply_disabled_reason,
    run_of,
    shot_of,
    track_disabled_reason,
)
from ..properties.preferences import preferences_of
from ..scene.apply import ApplyReport, ApplySettings, check_target
from ..scene.capture import apply_take, guess_head, new_take_path, take_folder, unfinished_take
from ..scene.jobs import JobState, TrackJob, running_job
from ..scene.pose_channels import PoseSettings

_TICK_S = 0.1
# The panel draws every line of a result anew each time.
_GAPS_SHOWN = 20
_PARTS = ("brows", "eyelids", "gaze", "cheeks", "jaw", "mouth", "tongue", "head")


class FACEWRIGHT_OT_track_video(bpy.types.Operator):
    """Track the video in the background, then write keyframes on the target. Esc cancels"""

    bl_idname = "facewright.track_video"
    bl_label = "Track"
    # No REGISTER: adjusting it in the redo panel would track again, at once, in the window.
    bl_options = {"UNDO"}

    resume: bpy.props.BoolProperty(
        name="Resume",
        description="Go on with the unfinished take of this video",
        default=False,
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With the reason as the tooltip."""
        reason = track_disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job and stay out of the way."""
        try:
            self._check_target(context)
            self._job = TrackJob(self._request(context))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        # What is chosen now counts, not what is selected or renamed when tracking ends.
        self._scene = context.scene.session_uid
        self._objects = [ob.session_uid for ob in _objects(context, context.scene)]
        run = run_of(context)
        run.is_running, run.is_cancelling = True, False
        run.factor, run.status, run.result = 0.0, "Starting", ""
        run.lines.clear()
        manager = context.window_manager
        self._timer = manager.event_timer_add(_TICK_S, window=context.window)
        manager.modal_handler_add(self)
        context.workspace.status_text_set("Facewright: tracking, Esc cancels")
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Track at once, for scripts and background mode: returns when the keys are written."""
        try:
            self._check_target(context)
            request = self._request(context)
            TrackJob(request).run(Progress())
            shot_of(context).take = request.take
            objects = _objects(context, context.scene)
            report = _write_keys(context.scene, objects, Path(request.take))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        _show(context, report, [])
        return {"FINISHED"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Hear the worker on every tick; everything else passes through to Blender."""
        if event.type == "ESC" and event.value == "PRESS":
            self._job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        changed = self._job.step()
        if self._job.ended:
            return self._finish(context)
        if changed:
            self._show_progress(context)
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender itself ends the operator, e.g. because its window closes."""
        self._job.close()
        self._clean_up(context)

    def _check_target(self, context: bpy.types.Context) -> None:
        objects = _objects(context, context.scene)
        check_target(context.scene, objects, _apply_settings(shot_of(context), objects))

    def _request(self, context: bpy.types.Context) -> TrackRequest:
        shot, preferences = shot_of(context), preferences_of(context)
        video = Path(bpy.path.abspath(shot.video)).absolute()
        if not video.is_file():
            raise FacewrightError(f"There is no file {video}.", "Check the path.", "file-missing")
        folder = take_folder(preferences.take_folder if preferences else "//takes")
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
            engine=shot.engine,
            face=shot.face,
            recover=shot.recover,
            device=preferences.device if preferences else "auto",
            streams=preferences.streams if preferences else 0,
            resume=self.resume,
        )

    def _show_progress(self, context: bpy.types.Context) -> None:
        run, job = run_of(context), self._job
        run.is_cancelling = job.state is JobState.CANCELLING
        run.factor = job.done / job.total if job.total else 0.0
        run.status = f"{job.done} of {job.total} frames, {job.per_second:.0f} frames/s"
        _redraw(context)

    def _finish(self, context: bpy.types.Context) -> set[str]:
        job = self._job
        self._clean_up(context)
        scene = _by_uid(bpy.data.scenes, self._scene)
        if job.state is JobState.FAILED:
            run_of(context).result = "Tracking failed"
            _add_line(run_of(context), str(job.error), "ERROR")
            self.report({"ERROR"}, str(job.error))
            return {"CANCELLED"}
        if job.state is JobState.DONE and scene is None:
            run_of(context).result = "Tracked, but the scene is gone"
            self.report({"ERROR"}, f"The scene is gone; the take is safe: {job.request.take}")
            return {"CANCELLED"}
        if job.state is JobState.CANCELLED:
            run_of(context).result = "Cancelled; Resume goes on from there"
            self.report({"INFO"}, f"Tracking cancelled; the take {job.request.take} stays")
            return {"CANCELLED"}
        scene.facewright.take = job.request.take
        try:
            objects = [_by_uid(scene.objects, uid) for uid in self._objects]
            objects = [ob for ob in objects if ob is not None]
            report = _write_keys(scene, objects, Path(job.request.take))
        except FacewrightError as error:
            run_of(context).result = "Tracked, but no keys were written"
            _add_line(run_of(context), str(error), "ERROR")
            self.report({"ERROR"}, f"{error} The take is safe: {job.request.take}")
            return {"CANCELLED"}
        _show(context, report, _tracking_lines(job.report))
        self.report({"INFO"}, run_of(context).result)
        return {"FINISHED"}

    def _clean_up(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        run_of(context).is_running = False
        if context.workspace:
            context.workspace.status_text_set(None)
        _redraw(context)


class FACEWRIGHT_OT_cancel_tracking(bpy.types.Operator):
    """Stop tracking; the frames tracked so far stay in the take"""

    bl_idname = "facewright.cancel_tracking"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while a clip is being tracked."""
        if running_job() is None:
            cls.poll_message_set("Nothing is being tracked")
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask; the job ends by itself."""
        running_job().cancel()
        return {"FINISHED"}


class FACEWRIGHT_OT_apply_take(bpy.types.Operator):
    """Write the take's keyframes again, with the settings as they are now"""

    bl_idname = "facewright.apply_take"
    bl_label = "Write Keys"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With the reason as the tooltip."""
        reason = apply_disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write keys."""
        try:
            take = Path(bpy.path.abspath(shot_of(context).take))
            report = _write_keys(context.scene, _objects(context, context.scene), take)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        _show(context, report, [])
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


def _write_keys(scene: bpy.types.Scene, objects: list[bpy.types.Object], take: Path) -> ApplyReport:
    if not objects:
        raise FacewrightError(
            "The target is not in the scene any more.", "Choose a target.", "target-missing"
        )
    shot = scene.facewright
    settings = _apply_settings(shot, objects)
    return apply_take(scene, take, objects, settings, extend_scene=shot.extend_scene)


def _by_uid(collection: Iterable[bpy.types.ID], uid: int) -> bpy.types.ID | None:
    """A data-block by what neither renaming nor undo changes."""
    return next((block for block in collection if block.session_uid == uid), None)


def _objects(context: bpy.types.Context, scene: bpy.types.Scene) -> list[bpy.types.Object]:
    shot = scene.facewright
    if shot.target is None or shot.target.name not in scene.objects:
        raise FacewrightError(
            "The target is not in the scene any more.", "Choose a target.", "target-missing"
        )
    others = context.selected_objects if shot.use_selected else []
    return [shot.target, *(ob for ob in others if ob != shot.target and ob.type == "MESH")]


def _apply_settings(shot: FacewrightShot, objects: list[bpy.types.Object]) -> ApplySettings:
    head, bone = guess_head(objects)
    if shot.head_object:
        head, bone = shot.head_object.name, shot.head_bone
    return ApplySettings(
        start_frame=shot.start_frame,
        filters=FilterSettings(
            smoothing={part: getattr(shot, f"smooth_{part}") for part in _PARTS},
            keep_blinks=shot.keep_blinks,
            keep_lips=shot.keep_lips,
            gap_policy=shot.gap_policy,
            head_center=shot.head_center,
            key_times=shot.key_times,
        ),
        pose=PoseSettings(
            head_object=head if shot.use_head or shot.use_head_location else "",
            head_bone=bone,
            eye_object=head,
            rotation=shot.use_head,
            position=shot.use_head_location,
            facing=shot.facing,
            eye_left=shot.eye_bone_left,
            eye_right=shot.eye_bone_right,
        ),
        onto_existing=shot.action_mode == "EXISTING",
        reduce_weight=shot.reduce_error,
        place_sound=shot.use_sound,
    )


def _show(context: bpy.types.Context, report: ApplyReport, lines: list[str]) -> None:
    """Put the result where the panel reads it."""
    run = run_of(context)
    run.lines.clear()
    run.result = (
        f"{report.mapped}/{report.total} shapes, frames "
        f"{report.first_frame:g} to {report.last_frame:g}"
    )
    for text in (*lines, *_gap_lines(report), *report.warnings):
        _add_line(run, text, "INFO")
    for entry in report.entries:
        if entry.reason:
            _add_line(run, f"{entry.arkit}: {entry.reason}", "DOT")
    _redraw(context)


def _gap_lines(report: ApplyReport) -> list[str]:
    shown = report.gaps[:_GAPS_SHOWN]
    lines = [f"No face from {gap.first_s:.2f} to {gap.last_s:.2f} s" for gap in shown]
    if more := len(report.gaps) - len(shown):
        lines.append(f"and {more} more gaps")
    if report.bridged:
        lines.append(f"{report.bridged} short dropouts were bridged")
    return lines


def _tracking_lines(report: dict) -> list[str]:
    first = (
        f"{report['valid_frames']} of {report['frames']} frames with a face, "
        f"{report['frames_per_second']:.0f} frames/s on {report['provider']}"
    )
    return [first, *report["warnings"]]


def _add_line(run: bpy.types.PropertyGroup, text: str, icon: str) -> None:
    line = run.lines.add()
    line.text, line.icon = text, icon


def _redraw(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


CLASSES = (
    FACEWRIGHT_OT_track_video,
    FACEWRIGHT_OT_cancel_tracking,
    FACEWRIGHT_OT_apply_take,
    FACEWRIGHT_OT_start_at_playhead,
)
