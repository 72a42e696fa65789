# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a Facewright command on the ``bpy`` module, as ``blender --command facewright`` would.

The repository's root is the extension; it is loaded under the extension's id and registered.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def load_extension(name: str = "facewright") -> ModuleType:
    """Import the repository's root as a package of that name, and return it."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(
        name, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main(argv: list[str]) -> int:
    """Register the extension in an empty Blender and run one command."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    extension = load_extension()
    extension.register()
    try:
        from facewright.cli import main as run

        return run(argv)
    finally:
        extension.unregister()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
