# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a script in a real Blender window and bring back what it found and what the screen showed.

The window belongs to the Blender of ``tools/blender_window.py``, which has nothing but the
extension's zip installed. The script defines ``steps(gui)``; ``window_driver.py`` says what
it can do.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import blender_window

DRIVER = Path(__file__).with_name("window_driver.py")
# What the driver inside needs to write its result and leave, after its own time limit has passed.
GRACE_S = 20.0


class GuiError(AssertionError):
    """The script inside failed or did not end; the text holds what Blender printed."""


@dataclass(frozen=True)
class GuiResult:
    """What a run in the window brought back.

    Attributes:
        result: what ``steps`` returned.
        screenshots: PNG files of the whole screen, in the order they were taken.
        log: everything that Blender printed.
    """

    result: dict
    screenshots: list[Path]
    log: str


def why_no_window() -> str:
    """Why there can be no window here; empty where there can be one."""
    if reason := blender_window.unavailable_reason():
        return reason
    if not blender_window.prepared_version():
        return "no test Blender: run `python tools/blender_window.py prepare` as root"
    return ""


def install(zip_path: Path, home: Path) -> str:
    """Install and enable the extension for the user whose folder is ``home``; returns the log."""
    command = blender_window.command(
        "exec",
        [
            "blender",
            # Saved together with the enabled extension: the splash would cover the 3D view.
            "--python-expr",
            "import bpy; bpy.context.preferences.view.show_splash = False",
            "--command",
            "extension",
            "install-file",
            "--repo=user_default",
            "--enable",
            str(zip_path),
        ],
        binds=(zip_path.parent,),
        home=home,
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise GuiError(f"Blender did not install {zip_path.name}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def run_in_window(
    script: Path,
    *,
    zip_path: Path,
    workdir: Path,
    timeout_s: float = 120.0,
    blend: Path | None = None,
    binds: Sequence[Path] = (),
    arguments: Sequence[str] = (),
) -> GuiResult:
    """Install the zip, open Blender's window, run ``steps(gui)`` of a script in it, and close it.

    Args:
        script: Python file that defines the generator function ``steps(gui)``.
        zip_path: the extension, for Linux.
        workdir: empty folder for everything of this run. Inside it has the same path, and ``home``
            in it is the user's folder; a folder whose ``home`` has the extension is used as it is.
        timeout_s: seconds from the start of Blender until it is killed.
        blend: file to open; None is Blender's default scene.
        binds: more folders of this machine that the script needs inside, under the same path.
        arguments: more arguments for Blender.

    Returns:
        What the script returned, and the pictures it asked for.

    Raises:
        GuiError: the script raised, Blender crashed, or time was up.
    """
    home, screens, result = workdir / "home", workdir / "screens", workdir / "result.json"
    screens.mkdir(parents=True, exist_ok=True)
    if not home.exists():
        home.mkdir()
        install(zip_path, home)
    opened = [str(blend)] if blend else []
    command = blender_window.command(
        "run",
        [
            *opened,
            *arguments,
            *("--python-exit-code", "9", "--enable-event-simulate", "--python", str(DRIVER)),
        ],
        binds=(workdir, script.resolve().parent, DRIVER.parent, *binds)
        + tuple(Path(name).parent for name in opened),
        home=home,
        screenshots=screens,
        environment={
            "FACEWRIGHT_GUI_SCRIPT": str(script.resolve()),
            "FACEWRIGHT_GUI_SCREENS": str(screens),
            "FACEWRIGHT_GUI_RESULT": str(result),
            "FACEWRIGHT_GUI_SECONDS": str(timeout_s),
        },
    )
    log_file = workdir / "blender.log"
    with log_file.open("wb") as log_stream:
        process = subprocess.Popen(command, stdout=log_stream, stderr=subprocess.STDOUT)
        try:
            process.wait(timeout_s + GRACE_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            process.kill()
            process.wait()
    log = log_file.read_text(encoding="utf-8", errors="replace")
    if not result.is_file():
        raise GuiError(f"Blender ended without a result ({process.returncode}):\n{log[-6000:]}")
    found = json.loads(result.read_text(encoding="utf-8"))
    if "error" in found:
        raise GuiError(f"{script.name} failed inside Blender:\n{found['error']}\n{log[-6000:]}")
    pictures = sorted(screens.glob("*.png"), key=lambda path: path.stat().st_mtime_ns)
    return GuiResult(found, pictures, log)
