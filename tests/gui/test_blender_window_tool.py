# SPDX-License-Identifier: GPL-3.0-or-later
"""The test Blender leaves nothing behind on the machine, however a start ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.gui.harness import skip_without_window
from tools import blender_window

pytestmark = pytest.mark.gui
TOOL = Path(blender_window.__file__)


@pytest.fixture(autouse=True)
def _window() -> None:
    skip_without_window()


def _mounts() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if str(blender_window.ROOT) in line]


def _alive(marker: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().split(b"\0")
        except OSError:
            continue
        if marker.encode() in words and words[0] == b"sleep":
            found.append(file.parent.name)
    return found


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_ending_the_starter_ends_everything_inside(end: signal.Signals) -> None:
    seconds = f"987.{end.value}"  # found again among all processes by this number
    starter = subprocess.Popen([sys.executable, str(TOOL), "exec", "--", "sleep", seconds])
    deadline = time.monotonic() + 120
    while not _alive(seconds) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _alive(seconds)
    starter.send_signal(end)
    starter.wait()
    deadline = time.monotonic() + 120
    while _alive(seconds) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _alive(seconds) == []
    assert _mounts() == []


def test_home_is_new_each_time_and_bound_folders_are_shared(tmp_path: Path) -> None:
    script = 'ls -A "$HOME" | wc -l; touch "$HOME/left"; echo "$GREETING" > "$0/out.txt"; exit 7'
    command = blender_window.command(
        "exec",
        ["sh", "-c", script, str(tmp_path)],
        binds=(tmp_path,),
        environment={"GREETING": "from inside"},
    )
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.strip()) == (7, "0")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "from inside\n"
