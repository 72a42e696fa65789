# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``doctor``: what this machine can run, told by a worker as Blender starts it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from .console import EXIT_DONE, EXIT_FAILED
from .core.errors import FacewrightError
from .core.findings import DoctorReport, failed_report
from .core.privacy import masker
from .core.requests import DoctorRequest
from .worker.client import WorkerClient
from .worker.protocol import Kind

# A card's first run and cameras that do not answer take their time.
_PATIENCE_S = 300.0


def add_doctor(
    verbs: argparse._SubParsersAction,
    examine: Callable[[argparse.Namespace], DoctorReport] | None = None,
) -> None:
    """Add the command to the command line.

    Args:
        verbs: Where to.
        examine: Makes the report; Blender has its own way to the worker.
    """
    doctor = verbs.add_parser("doctor", help="what this machine can run")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.add_argument("--cameras", action="store_true", help="open each camera for a second")
    doctor.add_argument("--quick", action="store_true", help="measure no speeds")
    doctor.add_argument(
        "--takes", type=Path, default=None, metavar="FOLDER", help="look at the folder for takes"
    )
    doctor.set_defaults(run=lambda options: _run(options, examine or _examine))


def _run(options: argparse.Namespace, examine: Callable) -> int:
    report = examine(options)
    if options.json:
        told = asdict(report)
        del told["text"], told["state"], told["warnings"]
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(report.text)
    return EXIT_DONE if report.ready else EXIT_FAILED


def _examine(options: argparse.Namespace) -> DoctorReport:
    folder = str(options.takes.absolute()) if options.takes else ""
    request = DoctorRequest(cameras=options.cameras, quick=options.quick, takes=folder)
    packages = [folder for folder in sys.path if "-packages" in folder]
    try:
        return examine_in(lambda: WorkerClient([sys.executable], packages), request)
    except FacewrightError as error:
        from .pipeline.doctor import title

        return failed_report(title(), (), error, masker({folder: "<takes>"} if folder else {}))


def examine_in(start: Callable[[], WorkerClient], request: DoctorRequest) -> DoctorReport:
    """Has a worker examine the machine.

    Args:
        start: Starts it.
        request: How deep.

    Raises:
        FacewrightError: ``worker-start``, ``worker-died``, ``worker-silent``, or what it tells.
    """
    client = start()
    try:
        client.doctor(request)
        end_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end_s:
            for message in client.poll():
                if message.kind is Kind.DONE:
                    return DoctorReport(**message.data)
                if message.kind is Kind.FAILED:
                    raise FacewrightError(
                        message.data["message"], message.data["hint"], message.data["code"]
                    )
            time.sleep(0.02)
        raise FacewrightError(
            f"The worker did not answer within {_PATIENCE_S:.0f} s.",
            "A driver may hang: try --quick, without cameras.",
            "worker-silent",
        )
    finally:
        client.close()
