# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the packages that tracking uses are installed, for reports."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("numpy", "onnxruntime", "onnxruntime-gpu", "av", "opencv-python-headless", "mediapipe")


def installed_packages() -> dict[str, str]:
    """Name and version of those that are there, found without importing them."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
