# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a Facewright command on the ``bpy`` module, as ``blender --command facewright`` would."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.extension import load_extension


def main(argv: list[str]) -> int:
    """Register the extension in an empty Blender and run one command; returns the exit code."""
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
