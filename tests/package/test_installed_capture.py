# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed zip captures a clip in a Blender 5.2 that has nothing else, without a window."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gui import harness
from tools import blender_window

pytestmark = pytest.mark.gui
BATCH = Path(__file__).resolve().parents[2] / "docs" / "examples" / "batch.py"
MAKE_HEAD = (
    "import bpy; bpy.ops.wm.read_homefile(use_empty=True);"
    "bpy.ops.facewright.add_head(); bpy.ops.wm.save_as_mainfile(filepath={!r})"
)


@pytest.fixture(scope="module")
def place(linux_zip, clip, tmp_path_factory):
    """A folder with a home that has the extension, a clip and a head."""
    harness.skip_without_window()
    folder = tmp_path_factory.mktemp("capture")
    harness.install(linux_zip, folder / "home")
    shutil.copy(clip("single_face.mp4"), folder / "clip é.mp4")
    made = blender(folder, "--python-expr", MAKE_HEAD.format(str(folder / "head.blend")))
    assert (folder / "head.blend").is_file(), made.stdout + made.stderr
    return folder


def blender(folder: Path, *words: object) -> subprocess.CompletedProcess:
    """Blender in the background, with the extension, seeing that folder."""
    command = blender_window.command(
        "background",
        ["--python-exit-code", "9", *map(str, words)],
        binds=(folder, BATCH.parent),
        home=folder / "home",
    )
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def test_the_command_of_the_readme(place):
    out, report = place / "out.blend", place / "report.json"
    done = blender(
        place, "--command", "facewright", "capture", place / "clip é.mp4",
        "--blend", place / "head.blend", "--object", "Facewright Head",
        "--out", out, "--json", report,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(report.read_text(encoding="utf-8"))
    assert (told["state"], told["valid_frames"]) == ("complete", 72)
    assert told["keyframes"]["mapped"] == 52
    assert out.is_file()


def test_the_command_fails_with_a_sentence_and_exit_code_1(place):
    done = blender(
        place, "--command", "facewright", "capture", place / "nothing.mp4",
        "--blend", place / "head.blend", "--object", "Facewright Head", "--out", place / "no.blend",
    )  # fmt: skip
    assert done.returncode == 1
    assert "nothing.mp4" in done.stderr
    assert not (place / "no.blend").exists()


def test_the_script_of_the_readme(place):
    out = place / "scripted.blend"
    head, clip_ = place / "head.blend", place / "clip é.mp4"
    done = blender(place, head, "--python", BATCH, "--", clip_, "Facewright Head", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert out.is_file()
