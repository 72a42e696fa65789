# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a script outside Blender import the repository as the package ``facewright``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]


def load_extension() -> ModuleType:
    """Import the repository root under the name ``facewright`` without registering anything."""
    if "facewright" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "facewright", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules["facewright"] = module
        spec.loader.exec_module(module)
    return sys.modules["facewright"]
