# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the packages that Facewright uses are installed, for reports."""

from __future__ import annotations

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
