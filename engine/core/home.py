# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder for what a person adds: models, the GPU runtime, caches of compiled networks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "FACEWRIGHT_HOME"


def home() -> Path:
    """The folder; it need not exist yet.

    Blender names the extension's own folder in ``FACEWRIGHT_HOME`` when it starts the worker.
    Without it, it is where the system keeps such data (XDG Base Directory Specification, Windows
    known folders, Apple's File System Programming Guide). An account without a home folder, as
    services have, has none for this either: a place that cannot be is named, so that nothing is
    found or kept there. A folder that others can write is no substitute, because code is loaded.
    """
    try:
        return _home()
    except RuntimeError:  # what pathlib raises
        return Path(os.devnull) / "facewright"


def _home() -> Path:
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(base) / "Facewright"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Facewright"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "facewright"
