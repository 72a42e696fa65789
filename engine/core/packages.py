# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the packages that Facewright uses are installed, for reports."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = (
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "av",
    "opencv-python-headless",
    "scipy",
    "mediapipe",
)


def installed_packages() -> dict[str, str]:
    """Name and version of those that are there, found without importing them."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def absent_package(error: ModuleNotFoundError) -> str:
    """The package that an import did not find; empty where it was a module of Facewright's own."""
    wanted, own = ((name or "").partition(".")[0] for name in (error.name, __name__))
    return "" if wanted == own else wanted


def import_version(module: str) -> str:
    """Imports a package and tells its version.

    Only the doctor does so: what is installed may still not load, and then says why.

    Raises:
        Exception: Whatever the import raises; ImportError where it is not there.
    """
    imported = importlib.import_module(module)
    told = getattr(imported, "__version__", "")
    try:
        return str(told) if told else version(module)
    except PackageNotFoundError:
        return "of unknown version"
