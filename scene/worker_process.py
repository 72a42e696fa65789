# SPDX-License-Identifier: GPL-3.0-or-later
"""How Blender starts the worker: with its own Python, isolated, and the wheels' folders."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import bpy

from ..engine.worker.client import WorkerClient

# What the worker imports; find_spec looks without importing.
_PACKAGES = ("numpy", "av", "cv2", "onnxruntime")


def start_worker() -> WorkerClient:
    """Start a worker process.

    Raises:
        FacewrightError: ``worker-start``.
    """
    # 4.2.0 has no python_args; -I is what later versions say.
    options = getattr(bpy.app, "python_args", ("-I",))
    return WorkerClient([sys.executable, *options], package_folders())


def package_folders() -> list[Path]:
    """The folders in which Blender finds the worker's packages, e.g. the extensions' own.

    An isolated Python knows only its own; the extensions' site-packages it must be told.
    """
    folders = []
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            folder = Path(spec.origin).parent.parent
            if folder not in folders:
                folders.append(folder)
    return folders
