# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender or the bpy module: enable the installed extension and start its worker.

Arguments after ``--``: the JSON file to write, and the zip when it is not installed yet.
"""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.facewright"
LIBRARIES = ("numpy", "onnxruntime", "av", "cv2", "scipy")
# Where scipy meets numpy: importing scipy alone loads little of it.
PARTS = ("scipy.optimize", "scipy.sparse.linalg", "scipy.spatial")
# scipy warns of a numpy that it was not made for.
STRICT = ("-W", "error::UserWarning")
IMPORTS = """
import importlib, json, sys
sys.path[:0] = sys.argv[1:]
print(json.dumps({n: importlib.import_module(n).__file__ for n in %r}))
"""


def _probe() -> dict:
    enabled = bpy.ops.preferences.addon_enable(module=MODULE)
    worker_process = importlib.import_module(f"{MODULE}.scene.worker_process")
    in_blender = sorted(set(LIBRARIES[1:]) & set(sys.modules))
    client = worker_process.start_worker()
    try:
        messages = _wait_for(client, 300.0)
    finally:
        client.close()
    options = getattr(bpy.app, "python_args", ("-I",))
    extensions = bpy.utils.user_resource("EXTENSIONS")
    folders = [str(folder) for folder in worker_process.package_folders()]
    # The bpy module's Python may have the same libraries; here only the unpacked ones count.
    # numpy is to come from Blender's own Python.
    unpacked = [folder for folder in sys.path if folder.startswith(extensions)]
    imports = subprocess.run(
        [sys.executable, *options, *STRICT, "-c", IMPORTS % (LIBRARIES + PARTS,), *unpacked],
        capture_output=True,
        text=True,
        check=False,
    )
    disabled = bpy.ops.preferences.addon_disable(module=MODULE)
    return {
        "blender": list(bpy.app.version),
        "python": sys.executable,
        "python_args": list(options),
        "extensions": extensions,
        "package_folders": folders,
        "enabled": sorted(enabled),
        "disabled": sorted(disabled),
        "heavy_libraries_in_blender": in_blender,
        "worker": [[str(message.kind), message.data] for message in messages],
        "worker_log": client.log,
        "imports": json.loads(imports.stdout or "null"),
        "imports_log": imports.stderr,
    }


def _wait_for(client, seconds: float) -> list:
    """The messages that come first, or none when time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if messages := client.poll():
            return messages
        time.sleep(0.01)
    return []


def _main(result: str, *zips: str) -> None:
    if zips:
        # The bpy module starts without the add-on that installs extensions.
        bpy.ops.preferences.addon_enable(module="bl_pkg")
        bpy.ops.extensions.package_install_files(
            filepath=zips[0], repo="user_default", enable_on_install=False
        )
    Path(result).write_text(json.dumps(_probe()), encoding="utf-8")


_main(*sys.argv[sys.argv.index("--") + 1 :])
