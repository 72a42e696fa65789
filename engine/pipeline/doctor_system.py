# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's look at the machine, its packages and its folders."""

from __future__ import annotations

import platform
import sys
import tempfile
from pathlib import Path

from ..core.findings import BLOCKED, NOTE, OK, PROBLEM, Findings
from ..core.home import home
from ..core.machine import (
    busy_with,
    free_bytes,
    memory_bytes,
    processor_count,
    processor_name,
)
from ..core.packages import import_version, installed_packages
from ..core.requests import DoctorRequest

_REINSTALL = "Install the extension again from the zip for this system."
_SET_UP = "Use the Python of .venv, which `python3 dev.py setup` makes."
# Module -> what is lost without it; the first four nothing is tracked without.
_NEEDED = ("numpy", "onnxruntime", "av", "cv2")
_USEFUL = {
    "scipy": "fitting a character and transferring shapes need it",
    "espeakng_loader": "lip-sync from text needs it",
}
_OLDEST_PYTHON = (3, 11)
# An hour of tracking takes about half a gigabyte (docs/take_format.md).
_FEW_BYTES, _TOO_FEW_BYTES = 2_000_000_000, 50_000_000


def check_machine(findings: Findings, _request: DoctorRequest) -> None:
    """System, Python, processor, memory."""
    memory, count = memory_bytes(), processor_count()
    old = sys.version_info[:2] < _OLDEST_PYTHON
    findings.add("Machine", "System", platform.platform())
    findings.add(
        "Machine",
        "Python of the worker",
        f"{platform.python_version()}, {sys.executable}",
        BLOCKED if old else OK,
        "Use Blender 4.2 or later, which has Python 3.11." if old else "",
    )
    findings.add("Machine", "Processor", f"{processor_name()}, {count} at once")
    findings.add("Machine", "Memory", f"{memory / 2**30:.1f} GiB" if memory else "unknown")
    load = busy_with()
    if load > count:
        text = f"busy: {load:.1f} processes want its {count} processors"
        findings.add("Machine", "Load", text, NOTE, "All speeds below are lower for it.")
    findings.facts |= {
        "load": load,
        "system": platform.platform(),
        "python": platform.python_version(),
        "processors": count,
        "memory_bytes": memory,
    }


def check_packages(findings: Findings, request: DoctorRequest) -> None:
    """Each package is imported, because one that is installed may still not load."""
    versions = {}
    advice = _REINSTALL if request.host else _SET_UP
    for module in (*_NEEDED, *_USEFUL):
        needed = module in _NEEDED
        try:
            versions[module] = import_version(module)
            findings.add("Packages", module, versions[module])
        except ImportError as error:
            absent = isinstance(error, ModuleNotFoundError) and error.name == module
            text = "is missing" if absent else f"does not load: {error}"
            _lost(findings, module, text, needed, advice)
        except Exception as error:  # noqa: BLE001 - a broken package raises anything
            text = f"does not load: {type(error).__name__}: {error}"
            _lost(findings, module, text, needed, advice)
    findings.facts["packages"] = installed_packages() | versions


def _lost(findings: Findings, module: str, text: str, needed: bool, advice: str) -> None:
    if not needed:
        text = f"{text}; {_USEFUL[module]}"
    findings.add("Packages", module, text, BLOCKED if needed else PROBLEM, advice)


def check_folders(findings: Findings, request: DoctorRequest) -> None:
    """Whether takes, models and caches can be written, and whether there is room."""
    findings.facts["folders"] = {}
    if request.takes:
        _check_folder(findings, "Takes", Path(request.takes), BLOCKED)
    _check_folder(findings, "Own models, caches", home(), PROBLEM)
    _check_folder(findings, "Temporary files", Path(tempfile.gettempdir()), PROBLEM)


def _check_folder(findings: Findings, name: str, folder: Path, worst: str) -> None:
    free = None
    try:
        free = free_bytes(folder)
        _try_writing(folder)
    except OSError as error:
        text = f"{folder} cannot be written: {error.strerror or error}"
        findings.add("Folders", name, text, worst, "Allow writing there, or choose another folder.")
    else:
        text = f"{folder}, {free / 1e9:.1f} GB free"
        if free < _TOO_FEW_BYTES:
            findings.add("Folders", name, f"{text}: the disk is full", worst, "Make room.")
        else:
            few = free < _FEW_BYTES
            advice = "An hour of tracking takes about 0.5 GB." if few else ""
            findings.add("Folders", name, text, NOTE if few else OK, advice)
    findings.facts["folders"][name] = {"path": str(folder), "free_bytes": free}


def _try_writing(folder: Path) -> None:
    """Write a small file where the folder is, or will be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".facewright-") as file:
        file.write(b"0" * 4096)
        file.flush()
