# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: the preferences' box, a download that Esc cancels, and one that fails."""

import os
import sys
from pathlib import Path

import bpy


def steps(gui):
    """Nothing is downloaded: a stand-in for pip waits, and later finds nothing."""
    with gui.override():
        poll_offline = bpy.ops.facewright.install_runtime.poll()
    operators = sys.modules["bl_ext.user_default.facewright.operators.runtime"]
    operators.shown.online_disabled_reason = lambda: ""
    operators.check_online = lambda: None
    request = operators.RuntimeRequest
    operators.RuntimeRequest = lambda: request("cuda13")

    preferences = gui.show_preferences()
    yield from gui.photograph("preferences")

    plan_install = sys.modules["bl_ext.user_default.facewright.engine.runtime.install"].plan_install
    operators.plan_runtime = lambda: plan_install("cuda13")
    with gui.override():
        bpy.ops.facewright.install_runtime("INVOKE_DEFAULT")
    yield from gui.photograph("dialog")
    yield from gui.press("ESC")
    running_after_no = run().is_running

    stand_in()
    # As its button does: from the window of the preferences, which is then closed.
    with bpy.context.temp_override(window=preferences, area=preferences.screen.areas[0]):
        bpy.ops.facewright.download_runtime("INVOKE_DEFAULT")
    yield from gui.until(lambda: "MB" in run().status, "pip is at work")
    while_working = run().status
    with bpy.context.temp_override(window=preferences):
        bpy.ops.wm.window_close()
    yield from gui.wait(1.0)
    running_after_close = run().is_running
    yield from gui.photograph("downloading")
    yield from gui.press("ESC")
    yield from gui.until(lambda: not run().is_running, "Esc ends it")
    after_esc = run().result

    os.environ["FACEWRIGHT_PIP_FAILS"] = "1"
    with gui.override():
        bpy.ops.facewright.download_runtime("INVOKE_DEFAULT")
    yield from gui.until(lambda: not run().is_running, "without an index it fails")
    return {
        "poll_offline": poll_offline,
        "running_after_no": running_after_no,
        "while_working": while_working,
        "running_after_close": running_after_close,
        "after_esc": after_esc,
        "after_failure": run().result,
        "why": [line.text for line in run().lines],
        "in_the_preferences": list(operators.shown.SAID),
        "left": sorted(path.name for path in home().rglob("*") if path.name != ".lock"),
    }


def run():
    """What is shown of the job."""
    return bpy.context.window_manager.facewright


def home():
    """The folder of the runtimes."""
    folder = sys.modules["bl_ext.user_default.facewright.engine.runtime.folder"]
    return folder.runtime_root()


def stand_in():
    """Put a pip that never ends where the worker finds it before any other."""
    process = sys.modules["bl_ext.user_default.facewright.scene.worker_process"]
    pip = Path(process.package_folders()[-1], "pip")
    pip.mkdir()
    (pip / "__init__.py").touch()
    (pip / "__main__.py").write_text(
        "import os, sys, time\n"
        "if 'FACEWRIGHT_PIP_FAILS' in os.environ:\n"
        "    sys.exit('ERROR: there is no such wheel')\n"
        "time.sleep(600)\n"
    )
