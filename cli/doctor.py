# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``doctor``: what this machine can run, with what Blender knows of it."""

from __future__ import annotations

import argparse

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.findings import DoctorReport
from ..engine.core.progress import Progress
from ..engine.doctor_command import add_doctor as add_command
from ..scene.doctor import doctor_request, report_without_worker
from ..scene.jobs import Job

_TAKES = "//takes"


def add_doctor(verbs: argparse._SubParsersAction) -> None:
    """The verb ``doctor``."""
    add_command(verbs, _examine)


def _examine(options: argparse.Namespace) -> DoctorReport:
    folder = str(options.takes.absolute()) if options.takes else _preferred_folder()
    request = doctor_request(folder, cameras=options.cameras, quick=options.quick)
    try:
        return DoctorReport(**Job(request).run(Progress()))
    except FacewrightError as error:
        return report_without_worker(request, error)


def _preferred_folder() -> str:
    addon = bpy.context.preferences.addons.get(__package__.rpartition(".")[0])
    return addon.preferences.take_folder if addon else _TAKES
