# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor: what this machine can run, examined by the worker."""

from __future__ import annotations

from dataclasses import asdict

import bpy
from bpy.props import BoolProperty

from ..engine.core.errors import FacewrightError
from ..engine.core.requests import DoctorRequest
from ..properties.doctor import show_report
from ..properties.preferences import chosen_take_folder
from ..properties.run import run_of
from ..scene.doctor import doctor_request, report_without_worker
from ..scene.jobs import Job
from .keys import show_result
from .why_not import TellsWhyNot
from .worker_operator import WorkerOperator


class FACEWRIGHT_OT_doctor(WorkerOperator, bpy.types.Operator):
    """Find out in the background what this machine can run, and copy the report to the clipboard. \
Private folders and names are masked. Esc cancels"""

    bl_idname = "facewright.doctor"
    bl_label = "Doctor"

    doing = "Examining"
    did = "Examined"

    cameras: BoolProperty(
        name="Cameras",
        description="Open every camera for a second and measure its frame rate",
        options={"SKIP_SAVE"},
    )
    quick: BoolProperty(
        name="Quick", description="Measure no speeds of networks", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties) -> str:
        """Whether cameras are opened."""
        text = (cls.__doc__ or "").replace("\\\n", "")
        return f"{text}. Every camera is opened for a second" if properties.cameras else text

    def prepare(self, context: bpy.types.Context) -> DoctorRequest:
        """What Blender knows goes along."""
        self._request = doctor_request(
            chosen_take_folder(context), cameras=self.cameras, quick=self.quick
        )
        return self._request

    def status(self, job: Job) -> str:
        """Checks."""
        return f"{self.doing}: {job.done} of {job.total}" if job.total else self.doing

    def conclude(
        self,
        context: bpy.types.Context,
        _scene: bpy.types.Scene,
        _request: DoctorRequest,
        report: dict,
    ) -> None:
        """Show it and copy it."""
        _show(context, report)

    def failed(self, context: bpy.types.Context, error: FacewrightError) -> None:
        """Where no worker answers, that is the report."""
        _show(context, asdict(report_without_worker(self._request, error)))

    def cancelled(self, _context: bpy.types.Context, _request: DoctorRequest) -> str:
        """A half report would mislead."""
        return "nothing was reported"


def _show(context: bpy.types.Context, report: dict) -> None:
    doctor = run_of(context).doctor
    show_report(doctor, report)
    context.window_manager.clipboard = doctor.text
    show_result(context, doctor.verdict, [line.text for line in doctor.lines])


class FACEWRIGHT_OT_copy_report(TellsWhyNot, bpy.types.Operator):
    """Copy the doctor's last report to the clipboard. Private folders and names are masked"""

    bl_idname = "facewright.copy_report"
    bl_label = "Copy Report"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only with a report."""
        return "" if run_of(context).doctor.text else "Run the doctor first"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy."""
        context.window_manager.clipboard = run_of(context).doctor.text
        return {"FINISHED"}


CLASSES = (FACEWRIGHT_OT_doctor, FACEWRIGHT_OT_copy_report)
