# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip, installed where there is nothing else, works: in Blender 5.2 and in the bpy modules."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gui import harness
from tools import blender_window

PROBE = Path(__file__).with_name("install_probe.py")
REPO = Path(__file__).resolve().parents[2]
OTHER_BPY = sorted((REPO / ".cache" / "bpy").glob("[0-9]*"))
WHEEL_LIBRARIES = ("onnxruntime", "av", "cv2", "scipy", "scipy.optimize", "scipy.spatial")


def _in_blender_5_2(zip_path: Path, workdir: Path) -> dict:
    harness.skip_without_window()
    home = workdir / "home"
    harness.install(zip_path, home)
    result = workdir / "result.json"
    command = blender_window.command(
        "background",
        ["--python-exit-code", "9", "--python", str(PROBE), "--", str(result)],
        binds=(workdir, PROBE.parent),
        home=home,
    )
    return _run(command, result)


def _in_bpy(folder: Path | None, zip_path: Path, workdir: Path) -> dict:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the zip under test is the one for Linux on x64")
    result = workdir / "result.json"
    environment = os.environ | {
        "HOME": str(workdir),
        "BLENDER_USER_RESOURCES": str(workdir / "config"),
    }
    if folder:
        environment["PYTHONPATH"] = str(folder)
    command = [sys.executable, str(PROBE), "--", str(result), str(zip_path)]
    return _run(command, result, environment)


def _run(command: list[str], result: Path, environment: dict | None = None) -> dict:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert result.is_file(), done.stdout + done.stderr
    return json.loads(result.read_text(encoding="utf-8"))


HOSTS = [pytest.param(_in_blender_5_2, id="blender-5.2", marks=pytest.mark.gui)]
HOSTS += [pytest.param(lambda z, w: _in_bpy(None, z, w), id="bpy")]
HOSTS += [
    pytest.param(lambda z, w, folder=folder: _in_bpy(folder, z, w), id=f"bpy-{folder.name}")
    for folder in OTHER_BPY
]


@pytest.fixture(scope="module", params=HOSTS)
def installed(request, linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the probe found in one host after a fresh installation."""
    return request.param(linux_zip, tmp_path_factory.mktemp("host"))


def test_it_can_be_enabled_and_disabled(installed: dict) -> None:
    assert installed["enabled"] == installed["disabled"] == ["FINISHED"]


def test_blender_itself_loads_none_of_the_heavy_libraries(installed: dict) -> None:
    assert installed["heavy_libraries_in_blender"] == []


def test_the_worker_starts_with_blenders_python_and_says_hello(installed: dict) -> None:
    assert installed["worker"], installed["worker_log"]
    _kind, hello = installed["worker"][0]
    assert {"numpy", "onnxruntime", "av", "opencv-python-headless", "scipy"} <= set(
        hello["packages"]
    )


def test_isolated_python_imports_the_wheels_that_were_unpacked(installed: dict) -> None:
    assert "-I" in installed["python_args"]
    assert installed["imports"], installed["imports_log"]
    unpacked = str(Path(installed["extensions"]) / ".local")
    for library in WHEEL_LIBRARIES:
        assert installed["imports"][library].startswith(unpacked)
    assert not installed["imports"]["numpy"].startswith(unpacked)
