# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator around a worker's job: in the window on a timer, in a script until it is done."""

from __future__ import annotations

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..properties.run import FacewrightRun, run_of
from ..scene.blocks import by_uid
from ..scene.jobs import Job, JobState, Request
from ..scene.redraw import redraw_panels
from .keys import add_line
from .why_not import TellsWhyNot

_TICK_S = 0.1


class WorkerOperator(TellsWhyNot):
    """Mixin for operators that have the worker do something and then use what it has made.

    Attributes:
        doing: What the job does, e.g. "Tracking".
        did: What it has done, e.g. "Tracked".
    """

    doing = ""
    did = ""

    def prepare(self, context: bpy.types.Context) -> Request:
        """What to ask of the worker.

        What is chosen now counts, not what is selected or renamed when the job ends: remember it
        by what undo and renaming do not change.

        Raises:
            FacewrightError: It cannot be asked; nothing is started.
        """
        raise NotImplementedError

    def conclude(
        self, context: bpy.types.Context, scene: bpy.types.Scene, request: Request, report: dict
    ) -> None:
        """Use what the worker has made, and tell the panel.

        Raises:
            FacewrightError: It cannot be used; the scene is as it was.
        """
        raise NotImplementedError

    def cancelled(self, context: bpy.types.Context, _request: Request) -> str:
        """What remains of a cancelled job, the end of a sentence."""
        raise NotImplementedError

    def remains(self, _request: Request) -> str:
        """A sentence on what is safe although the result could not be used, or nothing."""
        return ""

    def failed(self, context: bpy.types.Context, error: FacewrightError) -> None:
        """The job failed or did not start; it is told besides."""

    def clean_up(self) -> None:
        """However the job ends."""

    def status(self, job: Job) -> str:
        """Where the job stands, for the progress bar."""
        return f"{100 * job.done / job.total:.0f} %" if job.total else self.doing

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job and stay out of the way.

        It belongs to a main window: closing the preferences, where its button may be, does not
        end it.
        """
        if context.window.parent is None:
            return self._start(context)
        with context.temp_override(window=context.window.parent):
            return self._start(context)

    def _start(self, context: bpy.types.Context) -> set[str]:
        try:
            self._job = Job(self.prepare(context))
        except FacewrightError as error:
            self.clean_up()
            self.failed(context, error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._scene = context.scene.session_uid
        run = run_of(context)
        run.is_running, run.is_cancelling = True, False
        run.factor, run.status, run.result = 0.0, "Starting", ""
        run.lines.clear()
        manager = context.window_manager
        timer = manager.event_timer_add(_TICK_S, window=context.window)
        self._job.at_end = lambda: _end_timer(timer)
        manager.modal_handler_add(self)
        context.workspace.status_text_set(f"Facewright: {self.doing.lower()}, Esc cancels")
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do all of it at once, for scripts and background mode."""
        try:
            request = self.prepare(context)
            report = Job(request).run(Progress())
            self.conclude(context, context.scene, request, report)
        except FacewrightError as error:
            self.failed(context, error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            self.clean_up()
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
            try:
                return self._finish(context)
            finally:
                self.clean_up()
        if changed:
            self._show_progress(context)
        return {"PASS_THROUGH"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender itself ends the operator, e.g. because its window closes."""
        self._job.close()
        self.clean_up()

    def _show_progress(self, context: bpy.types.Context) -> None:
        run, job = run_of(context), self._job
        run.is_cancelling = job.state is JobState.CANCELLING
        run.factor = job.done / job.total if job.total else 0.0
        run.status = self.status(job)
        redraw_panels()

    def _finish(self, context: bpy.types.Context) -> set[str]:
        job, run = self._job, run_of(context)
        if job.state is JobState.FAILED:
            self.failed(context, job.error)
            return self._fail(run, f"{self.doing} failed", str(job.error))
        if job.state is JobState.CANCELLED:
            run.result = f"Cancelled; {self.cancelled(context, job.request)}"
            safe = self.remains(job.request)
            self.report({"INFO"}, f"{self.doing}: {run.result}. {safe}".rstrip())
            return {"CANCELLED"}
        scene = by_uid(bpy.data.scenes, self._scene)
        safe = self.remains(job.request)
        if scene is None:
            text = f"The scene is gone. {safe}".rstrip()
            return self._fail(run, f"{self.did}, but the scene is gone", text)
        try:
            self.conclude(context, scene, job.request, job.report)
        except FacewrightError as error:
            text = f"{error} {safe}".rstrip()
            return self._fail(run, f"{self.did}, but nothing was written", text)
        self.report({"INFO"}, run.result)
        return {"FINISHED"}

    def _fail(self, run: FacewrightRun, result: str, text: str) -> set[str]:
        run.result = result
        add_line(run, text, "ERROR")
        self.report({"ERROR"}, text)
        return {"CANCELLED"}


def _end_timer(timer: bpy.types.Timer) -> None:
    """However the job ends, also with the file or the add-on."""
    context = bpy.context
    context.window_manager.event_timer_remove(timer)
    run_of(context).is_running = False
    if context.workspace:
        context.workspace.status_text_set(None)
    redraw_panels()
