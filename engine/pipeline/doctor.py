# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine can run, found out by trying it, in lines that a bug report can carry."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from ..core.findings import PROBLEM, DoctorReport, Findings
from ..core.privacy import masker
from ..core.progress import Cancelled, Progress
from ..core.requests import DoctorRequest

# Nothing heavy is imported up here: a doctor must live to say what is broken.
_MANIFEST = Path(__file__).resolve().parents[2] / "blender_manifest.toml"
_REINSTALL = "Install the extension again."

Check = Callable[[Findings, DoctorRequest], None]


def examine(
    request: DoctorRequest | None = None,
    progress: Progress | None = None,
    *,
    in_worker: bool = False,
) -> DoctorReport:
    """Look at everything that tracking needs.

    Args:
        request: How deep, and what Blender knows. Without one, all but the cameras.
        progress: Told of each check; cancelling ends between two of them.
        in_worker: This is the worker's process, and so it started and answers.

    Returns:
        The report; private folders and names are masked in all of it.
    """
    request, progress = request or DoctorRequest(), progress or Progress()
    findings = Findings()
    mask = masker({request.takes: "<takes>"} if request.takes else {})
    if in_worker:
        findings.add("Worker", "Process", "started and answered")
    checks = _checks()
    try:
        for done, (topic, check) in enumerate(checks):
            progress.step(done, len(checks), "checks")
            findings.look(topic, topic, lambda check=check: check(findings, request))
        progress.step(len(checks), len(checks), "checks")
    except Cancelled:
        report = findings.report(title(), mask)
        report.state, report.ready = "cancelled", False
        return report
    return findings.report(title(), mask)


def title() -> str:
    """Facewright and its version."""
    return f"Facewright {manifest().get('version', 'of unknown version')}"


def manifest() -> dict:
    """The extension's own description; empty where it is missing or damaged."""
    try:
        return tomllib.loads(_MANIFEST.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _checks() -> list[tuple[str, Check]]:
    from . import doctor_devices, doctor_models, doctor_networks, doctor_system

    return [
        ("Blender", _host),
        ("Machine", doctor_system.check_machine),
        ("Packages", doctor_system.check_packages),
        ("Graphics card", doctor_networks.check_card),
        ("Models", doctor_models.check_models),
        ("Engines", doctor_models.check_engines),
        ("Speed", doctor_networks.check_providers),
        ("Tracking", doctor_networks.check_tracking),
        ("Folders", doctor_system.check_folders),
        ("Permissions", _permissions),
        ("Cameras", doctor_devices.check_cameras),
        ("Microphones", doctor_devices.check_microphones),
    ]


def _host(findings: Findings, request: DoctorRequest) -> None:
    for name, text in request.host:
        findings.add("Blender", name, text)
    for what, advice in request.problems:
        findings.add("Blender", "Blender", what, PROBLEM, advice)


def _permissions(findings: Findings, _request: DoctorRequest) -> None:
    if not manifest():
        text = f"{_MANIFEST} is missing or damaged"
        findings.add("Permissions", "Manifest", text, PROBLEM, _REINSTALL)
        return
    declared = manifest().get("permissions", {})
    findings.add("Permissions", "Extension", ", ".join(declared) or "declares none")
    missing = {"files", "network", "camera", "microphone"} - set(declared)
    if missing:
        text = f"the manifest does not name {', '.join(sorted(missing))}"
        findings.add("Permissions", "Manifest", text, PROBLEM, _REINSTALL)
