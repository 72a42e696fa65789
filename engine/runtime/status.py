# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there of the GPU runtime, for people and for the doctor."""

from __future__ import annotations

from pathlib import Path

from .activate import activation_note, active_packages
from .folder import find_runtimes, runtime_root


def status(root: Path | None = None) -> dict:
    """Look at the folder; nothing is loaded.

    Args:
        root: Folder of the runtimes; without it that of ``home()``.

    Returns:
        JSON-able: ``folder``; ``installed``, a list with ``name``, ``runtime``, ``python``,
        ``bytes``, ``versions``, ``problem`` (why it cannot be used, or empty) and ``folder`` each;
        ``in_use``, the name of the one that this process uses, or empty; ``note``, why an
        installed one is not used, or empty.
    """
    from . import trial  # not with every command's start

    root = root or runtime_root()
    active, note = active_packages(), activation_note()
    try:
        runtimes = find_runtimes(root)
    except OSError as error:
        runtimes, note = [], note or f"The folder of the GPU runtime cannot be read: {error}"
    installed = [
        {
            "name": runtime.folder.name,
            "runtime": runtime.runtime,
            "python": runtime.python,
            "bytes": runtime.bytes,
            "versions": runtime.versions,
            "problem": runtime.problem() or trial.kept(runtime) or "",
            "folder": str(runtime.folder),
        }
        for runtime in runtimes
    ]
    return {
        "folder": str(root),
        "installed": installed,
        "in_use": active.parent.name if active else "",
        "note": note,
    }
