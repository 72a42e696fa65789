# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether importing a runtime's onnxruntime leaves the process alive: tried out in another one.

Libraries and systems change after an install. What came of the trial is kept beside the runtime,
so an installed one is tried once, and once more where Python or the system is another.
"""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
from contextlib import suppress

from .folder import Runtime
from .own_process import run_module

TRIAL = "trial.json"
# The first import reads a gigabyte from a disk that may be slow.
_PATIENCE_S = 300.0
# Ends that others bring about: nothing is known then.
_OTHERS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
# Windows ends a process that has crashed with such a code (NTSTATUS, severity "error").
_NTSTATUS_ERROR = 0xC0000000
_AGAIN = "`runtime forget` has it tried again, `runtime remove` takes it back."


def kept(runtime: Runtime) -> str | None:
    """What is known: why it is not used, a sentence; empty where it can be; None for nothing."""
    try:
        data = json.loads((runtime.folder / TRIAL).read_text("utf-8"))
        problem = data["problem"] if data["key"] == _key(runtime) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return problem if isinstance(problem, str) else None


def keep(runtime: Runtime, problem: str) -> None:
    """Remember; a folder that cannot be written costs only time."""
    path = runtime.folder / TRIAL
    partial = path.with_name(f"{TRIAL}.part")
    with suppress(OSError):
        partial.write_text(json.dumps({"key": _key(runtime), "problem": problem}), "utf-8")
        partial.replace(path)


def attempt(runtime: Runtime) -> str:
    """Import it in another process; why it is not used, a sentence, or empty where it can be."""
    if (known := kept(runtime)) is not None:
        return known
    try:
        done = run_module("runtime.trial_process", {"packages": str(runtime.packages)}, _PATIENCE_S)
    except subprocess.TimeoutExpired:
        problem = f"A process that imported it did not answer for {_PATIENCE_S:.0f} s. {_AGAIN}"
        keep(runtime, problem)
        return problem
    except OSError as error:
        return f"It could not be tried out: {error}."
    how = _crash(done.returncode)
    if how:
        problem = f"It ended the process that imported it ({how}). {_AGAIN}"
    elif done.returncode:
        # Python itself may have failed to start; it is tried again next time.
        last = " ".join(done.stderr.strip().splitlines()[-1:])
        return f"It could not be tried out: {last} (exit code {done.returncode})."
    else:
        problem = ""
    keep(runtime, problem)
    return problem


def _crash(code: int) -> str:
    """What ended a process by itself; empty for nothing, and for what others did."""
    if sys.platform == "win32":
        return f"{code & 0xFFFFFFFF:#x}" if (code & 0xFFFFFFFF) >= _NTSTATUS_ERROR else ""
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return ""
    return "" if name in _OTHERS else name


def _key(runtime: Runtime) -> list:
    return [runtime.installed, sys.version, platform.platform()]
