# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator around a worker's job: in the window on a timer, in a script until it is done."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.core.requests import SolveRequest, TrackRequest
from ..properties.capture import FacewrightRun, run_of
from ..scene.blocks import by_uid
from ..scene.jobs import Job, JobState
from ..scene.redraw import redraw_sidebars
from .keys import add_line, check_keys, show_keys, show_result, target_objects, write_keys
from .takes import refresh_takes

_TICK_S = 0.1


class JobOperator:
    """Mixin for operators that have the worker do something with a take, and then may write keys.

    Attributes:
        doing: What the job does, e.g. "Tracking".
        did: What it has done, e.g. "Tracked".
        if_cancelled: What remains of a cancelled job, the end of a sentence.
    """

    doing = ""
    did = ""
    if_cancelled = ""

    def request(self, context: bpy.types.Context) -> TrackRequest | SolveRequest:
        """What to ask of the worker; raises FacewrightError where that is not possible."""
        raise NotImplementedError

    def wants_keys(self, context: bpy.types.Context) -> bool:
        """Whether keys are written when the job is done."""
        raise NotImplementedError

    def remember(
        self,
        context: bpy.types.Context,
        scene: bpy.types.Scene,
        request: TrackRequest | SolveRequest,
    ) -> None:
        """Note what has come of the job in the settings of its scene and in the panel."""

    def status(self, job: Job) -> str:
        """Where the job stands, for the progress bar."""
        return f"{100 * job.done / job.total:.0f} %" if job.total else self.doing

    def lines(self, report: dict) -> list[str]:
        """What the worker's report says, the most important line first."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job and stay out of the way."""
        try:
            objects = self._objects(context)
            self._job = Job(self.request(context))
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        # What is chosen now counts, not what is selected or renamed when the job ends.
        self._scene = context.scene.session_uid
        self._targets = None if objects is None else [ob.session_uid for ob in objects]
        run = run_of(context)
        run.is_running, run.is_cancelling = True, False
        run.factor, run.status, run.result = 0.0, "Starting", ""
        run.lines.clear()
        manager = context.window_manager
        timer = manager.event_timer_add(_TICK_S, window=context.window)
        self._job.at_end = lambda: _clean_up(timer)
        manager.modal_handler_add(self)
        context.workspace.status_text_set(f"Facewright: {self.doing.lower()}, Esc cancels")
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do all of it at once, for scripts and background mode."""
        try:
            objects = self._objects(context)
            request = self.request(context)
            report = Job(request).run(Progress())
            self._conclude(context, context.scene, objects, request, report)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
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

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender itself ends the operator, e.g. because its window closes."""
        self._job.close()

    def _objects(self, context: bpy.types.Context) -> list[bpy.types.Object] | None:
        """What gets keys, after a check that it can be animated; None where none are wanted."""
        if not self.wants_keys(context):
            return None
        objects = target_objects(context, context.scene)
        check_keys(context.scene, objects)
        return objects

    def _show_progress(self, context: bpy.types.Context) -> None:
        run, job = run_of(context), self._job
        run.is_cancelling = job.state is JobState.CANCELLING
        run.factor = job.done / job.total if job.total else 0.0
        run.status = self.status(job)
        redraw_sidebars()

    def _finish(self, context: bpy.types.Context) -> set[str]:
        job, run = self._job, run_of(context)
        take = job.request.take
        if job.state is JobState.FAILED:
            return self._fail(run, f"{self.doing} failed", str(job.error))
        if job.state is JobState.CANCELLED:
            refresh_takes(context)
            run.result = f"Cancelled; {self.if_cancelled}"
            self.report({"INFO"}, f"{self.doing} cancelled; {self.if_cancelled}: {take}")
            return {"CANCELLED"}
        scene = by_uid(bpy.data.scenes, self._scene)
        if scene is None:
            gone = f"The scene is gone; the take is safe: {take}"
            return self._fail(run, f"{self.did}, but the scene is gone", gone)
        try:
            self._conclude(context, scene, self._found_objects(scene), job.request, job.report)
        except FacewrightError as error:
            text = f"{error} The take is safe: {take}"
            return self._fail(run, f"{self.did}, but no keys were written", text)
        self.report({"INFO"}, run.result)
        return {"FINISHED"}

    def _conclude(
        self,
        context: bpy.types.Context,
        scene: bpy.types.Scene,
        objects: list[bpy.types.Object] | None,
        request: TrackRequest | SolveRequest,
        report: dict,
    ) -> None:
        """Write the keys that are wanted and tell the panel."""
        self.remember(context, scene, request)
        refresh_takes(context, select=Path(request.take))
        lines = self.lines(report)
        if objects is None:
            show_result(context, lines[0], [*lines[1:], *report["warnings"]])
            return
        keys = write_keys(scene, objects, Path(request.take))
        show_keys(context, keys, [*lines, *report["warnings"]])

    def _found_objects(self, scene: bpy.types.Scene) -> list[bpy.types.Object] | None:
        if self._targets is None:
            return None
        objects = [by_uid(scene.objects, uid) for uid in self._targets]
        return [ob for ob in objects if ob is not None]

    def _fail(self, run: FacewrightRun, result: str, text: str) -> set[str]:
        run.result = result
        add_line(run, text, "ERROR")
        self.report({"ERROR"}, text)
        return {"CANCELLED"}


def _clean_up(timer: bpy.types.Timer) -> None:
    """However the job ends, also with the file or the add-on."""
    context = bpy.context
    context.window_manager.event_timer_remove(timer)
    run_of(context).is_running = False
    if context.workspace:
        context.workspace.status_text_set(None)
    redraw_sidebars()
