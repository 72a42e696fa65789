# SPDX-License-Identifier: GPL-3.0-or-later
"""Processor, memory and disk of this machine, by what each system offers."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

_TIMEOUT_S = 5.0


def processor_name() -> str:
    """The processor's name; its architecture where the system does not tell it."""
    name = ""
    if sys.platform.startswith("linux"):
        name = _from_cpuinfo()
    elif sys.platform == "darwin":
        name = _sysctl("machdep.cpu.brand_string")
    return name or platform.processor() or platform.machine()


def processor_count() -> int:
    """Logical processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def busy_with() -> float:
    """Processes that wanted a processor in the last minute, on average; 0 where nobody tells."""
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):  # Windows has none
        return 0.0


def memory_bytes() -> int:
    """Memory of the machine; 0 where the system does not tell."""
    try:
        if sys.platform == "win32":
            return _windows_memory()
        if sys.platform == "darwin":
            return int(_sysctl("hw.memsize") or 0)
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        return 0


def free_bytes(folder: Path) -> int:
    """Space left on the disk of a folder, or of the nearest one above it that exists.

    Raises:
        OSError: The system does not tell.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _from_cpuinfo() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""


def _sysctl(name: str) -> str:
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _windows_memory() -> int:
    class _Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e")),
        ]

    status = _Status(length=ctypes.sizeof(_Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.total
