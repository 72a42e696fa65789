# SPDX-License-Identifier: GPL-3.0-or-later
"""Install and remove the GPU runtime."""

from __future__ import annotations

import textwrap

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.requests import RuntimeRequest
from ..properties import runtime as shown
from ..scene.jobs import Job
from ..scene.models import check_online
from ..scene.redraw import redraw_panels
from ..scene.runtime import describe_runtime, plan_runtime, remove_runtime
from .keys import show_result
from .why_not import TellsWhyNot
from .worker_operator import WorkerOperator

_WIDTH, _LETTERS = 520, 84


def look_again() -> None:
    """Look at what is installed, for the preferences as they are drawn next."""
    shown.INSTALLED[:] = describe_runtime()


def refresh_runtime() -> None:
    """Look again and show it."""
    look_again()
    redraw_panels()


class _Installs(TellsWhyNot):
    """Mixin: what it takes to fetch a runtime."""

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only with the person's permission."""
        return shown.online_disabled_reason() or super().why_not(context)


class FACEWRIGHT_OT_install_runtime(_Installs, bpy.types.Operator):
    """Let the networks run on the graphics card: shows what would be downloaded, its size and \
licences, and begins with OK"""

    bl_idname = "facewright.install_runtime"
    bl_label = "Install GPU Runtime"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Choose by the card and show what that means."""
        try:
            self._sentences = plan_runtime().sentences()
        except FacewrightError as error:
            shown.SAID[:] = [str(error)]
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH)

    def draw(self, _context: bpy.types.Context) -> None:
        """Size, licences, packages, folder."""
        column = self.layout.column(align=True)
        for sentence in self._sentences:
            for line in textwrap.wrap(sentence, _LETTERS, break_on_hyphens=False):
                column.label(text=line)
            column.separator()
        column.label(text="OK means that you agree and that the download begins.")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Begin; a script waits until it is done."""
        if bpy.app.background:
            return bpy.ops.facewright.download_runtime()
        bpy.ops.facewright.download_runtime("INVOKE_DEFAULT")
        return {"FINISHED"}


class FACEWRIGHT_OT_download_runtime(_Installs, WorkerOperator, bpy.types.Operator):
    """Download and install the GPU runtime in the background. Esc cancels"""

    bl_idname = "facewright.download_runtime"
    bl_label = "Download GPU Runtime"
    bl_options = {"INTERNAL"}

    doing = "Installing the GPU runtime"
    did = "Installed the GPU runtime"

    def prepare(self, _context: bpy.types.Context) -> RuntimeRequest:
        """What suits this machine."""
        shown.SAID.clear()
        check_online()
        return RuntimeRequest()

    def status(self, job: Job) -> str:
        """Megabytes; afterwards it is tried."""
        if job.total and job.done >= job.total:
            return "Trying it"
        return f"{job.done} of {job.total} {job.unit}" if job.total else self.doing

    def conclude(
        self,
        context: bpy.types.Context,
        _scene: bpy.types.Scene,
        _request: RuntimeRequest,
        report: dict,
    ) -> None:
        """Tell what there is now."""
        refresh_runtime()
        line = f"GPU runtime {report['runtime']}: onnxruntime {report['version']}"
        shown.SAID[:] = [line, *report["warnings"]]
        show_result(context, line, report["warnings"])

    def failed(self, _context: bpy.types.Context, error: FacewrightError) -> None:
        """The preferences cover what is told elsewhere."""
        shown.SAID[:] = [f"{self.doing} failed: {error}"]

    def cancelled(self, _context: bpy.types.Context, _request: RuntimeRequest) -> str:
        """Nothing remains."""
        return "nothing was changed"

    def _show_progress(self, context: bpy.types.Context) -> None:
        super()._show_progress(context)
        if context.workspace:
            text = f"Facewright: {self.doing}, {self.status(self._job)}, Esc cancels"
            context.workspace.status_text_set(text)


class FACEWRIGHT_OT_remove_runtime(TellsWhyNot, bpy.types.Operator):
    """Delete the GPU runtime; the networks run on the processor again"""

    bl_idname = "facewright.remove_runtime"
    bl_label = "Remove GPU Runtime"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only where there is one."""
        return super().why_not(context) if shown.INSTALLED else "No GPU runtime is installed"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Remove the GPU runtime?",
            message="It can be downloaded again",
            confirm_text="Remove",
        )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Delete it."""
        try:
            report = remove_runtime()
            shown.SAID.clear()
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        refresh_runtime()
        for sentence in report.warnings:
            self.report({"WARNING"}, sentence)
        self.report({"INFO"}, f"GPU runtime removed, {report.bytes / 1e6:.0f} MB")
        return {"FINISHED"}


CLASSES = (
    FACEWRIGHT_OT_install_runtime,
    FACEWRIGHT_OT_download_runtime,
    FACEWRIGHT_OT_remove_runtime,
)
