# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of the engine in a process of its own, with the packages that ship."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

_LAUNCH = Path(__file__).resolve().parents[1] / "worker" / "launch.py"


def run_module(module: str, order: dict, patience_s: float) -> subprocess.CompletedProcess[str]:
    """Run ``main()`` of a module below the engine, with ``order`` as JSON on its stdin.

    Raises:
        OSError: It cannot be started.
        subprocess.TimeoutExpired: It took longer and was ended.
    """
    folders = []
    for name in ("numpy", "onnxruntime"):
        # By the path alone: an installed runtime in use here is not what ships.
        spec = PathFinder.find_spec(name)
        if spec and spec.origin and (folder := str(Path(spec.origin).parents[1])) not in folders:
            folders.append(folder)
    words = [word for folder in folders for word in ("--site-packages", folder)]
    window = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
    return subprocess.run(
        [sys.executable, "-I", str(_LAUNCH), *words, "--run", module],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=patience_s,
        **window,
    )
