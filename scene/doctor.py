# SPDX-License-Identifier: GPL-3.0-or-later
"""What only Blender knows of this machine, and the doctor where there is no worker."""

from __future__ import annotations

import sys

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.findings import DoctorReport, failed_report
from ..engine.core.privacy import masker
from ..engine.core.requests import DoctorRequest
from .capture import take_folder


def doctor_request(preference: str, *, cameras: bool = False, quick: bool = False) -> DoctorRequest:
    """What is asked of the worker, with what Blender knows.

    Args:
        preference: The folder for takes, as ``scene.capture.take_folder`` takes it.
        cameras: Open every camera for a second.
        quick: Measure no speeds.
    """
    takes, problems = "", []
    try:
        takes = str(take_folder(preference, make=False))
    except FacewrightError as error:
        problems.append((error.message, error.hint))
    return DoctorRequest(cameras, quick, takes, tuple(_host()), tuple(problems))


def report_without_worker(request: DoctorRequest, error: FacewrightError) -> DoctorReport:
    """What can be said where no worker answered."""
    mask = masker({request.takes: "<takes>"} if request.takes else {})
    return failed_report("Facewright", request.host, error, mask)


def _host() -> list[tuple[str, str]]:
    build = bpy.app.build_hash
    build = build.decode(errors="replace") if isinstance(build, bytes) else str(build)
    online = getattr(bpy.app, "online_access", True)
    window = "without a window" if bpy.app.background else "in a window"
    facts = [
        ("Blender", f"{bpy.app.version_string} ({build}), {window}"),
        ("Blender's Python", sys.version.split()[0]),
        ("Extension", __package__.rpartition(".")[0]),
        ("Online access", "allowed" if online else "not allowed: models are added by hand"),
    ]
    if viewport := _viewport_card():
        facts.append(("Viewport's card", viewport))
    return facts


def _viewport_card() -> str:
    """The card that draws Blender, as its driver names it; empty without a window."""
    try:
        import gpu

        return f"{gpu.platform.renderer_get()}, {gpu.platform.version_get()}"
    except (ImportError, SystemError, AttributeError):  # what Blender raises in the background
        return ""
