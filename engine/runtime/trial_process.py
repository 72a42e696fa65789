# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of ``trial``: imports a runtime's onnxruntime and lives, or does not."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from .activate import use


def main() -> int:
    """Returns the exit code: that an import only raises an exception is found out later."""
    use(Path(json.load(sys.stdin)["packages"]))
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as core.inference.onnx_session
    importlib.import_module("onnxruntime")
    return 0


if __name__ == "__main__":
    sys.exit(main())
