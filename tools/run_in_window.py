# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a script in a real Blender window and bring back what it found and what the screen showed.

The window belongs to the Blender of ``tools/blender_window.py``, which has nothing but the
extension's zip installed. The script defines ``steps(gui)``; ``window_driver.py`` says what
it can do.
"""

import functools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import blender_window

DRIVER = Path(__file__).with_name("window_driver.py")
# For what hangs, on any machine: a run takes 10 to 60 s on an idle one.
LIMIT_S = 600.0
# What the driver inside needs to write its result and leave, after its own time limit has passed.
GRACE_S = 60.0


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


def install(zip_path: Path, home: Path) -> None:
    """Make ``home``, new or empty, the folder of a user who has the extension enabled.

    Blender installs each zip once; further folders are copies of the first. What the wheels
    hold is shared by hard links, because nobody writes into it.
    """
    first = Path(_installed(zip_path.resolve(), zip_path.stat().st_mtime_ns).name)
    shutil.copytree(first, home, symlinks=True, copy_function=_link_or_copy, dirs_exist_ok=True)


def _link_or_copy(source: str, target: str) -> None:
    if "/.local/" in source or source.endswith(".whl"):
        try:
            os.link(source, target)
            return
        except OSError:  # another file system
            pass
    shutil.copy2(source, target)


@functools.cache
def _installed(zip_path: Path, _changed_ns: int) -> tempfile.TemporaryDirectory:
    """A folder in which Blender has installed the zip; it goes away with this process."""
    folder = tempfile.TemporaryDirectory(prefix="facewright-home-")
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
        home=Path(folder.name),
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    if done.returncode:
        raise GuiError(f"Blender did not install {zip_path.name}:\n{done.stdout}{done.stderr}")
    return folder


def run_in_window(
    script: Path,
    *,
    zip_path: Path,
    workdir: Path,
    timeout_s: float = LIMIT_S,
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
