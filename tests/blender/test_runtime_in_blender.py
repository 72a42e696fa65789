# SPDX-License-Identifier: GPL-3.0-or-later
"""The GPU runtime's buttons and command: when they can be pressed, and what they say."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import bpy
import pytest
from facewright import cli, registration
from facewright.engine.core.errors import FacewrightError
from facewright.engine.runtime.folder import Runtime
from facewright.engine.runtime.lock import this_platform, this_python
from facewright.operators import runtime as operators
from facewright.operators import worker_operator
from facewright.properties import runtime as shown
from facewright.properties.run import run_of


@pytest.fixture(autouse=True, scope="module")
def registered():
    """The extension, registered once for this file."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty folder for what the person adds, and no card."""
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path))
    operators.look_again()
    yield tmp_path / "home"
    shown.INSTALLED.clear()
    shown.SAID.clear()


@pytest.fixture
def installed(home):
    """A runtime in its place, with no more in it than its list."""
    folder = home / "runtime" / "cuda13-made"
    folder.mkdir(parents=True)
    runtime = Runtime(
        folder, "cuda13", this_platform(), this_python(), time.time(), 1_500_000_000, {}, {}
    )
    runtime.write()
    operators.look_again()
    return runtime


@pytest.fixture
def online(monkeypatch):
    """The person has allowed online access."""
    monkeypatch.setattr(shown, "online_disabled_reason", lambda: "")
    monkeypatch.setattr(operators, "check_online", lambda: None)


def reason(operator) -> str:
    """Why an operator cannot be pressed, as its tooltip says."""
    said = []

    class Asked(operator):
        @classmethod
        def poll_message_set(cls, text):
            said.append(text)

    allowed = Asked.poll(bpy.context)
    assert allowed == (not said)
    return " ".join(said)


def test_nothing_is_fetched_without_online_permission():
    assert not bpy.app.online_access  # the module's own setting
    assert "Allow Online Access" in reason(operators.FACEWRIGHT_OT_install_runtime)
    with pytest.raises(RuntimeError, match="Allow Online Access"):
        bpy.ops.facewright.install_runtime()


def test_not_while_something_else_is_at_work(online):
    assert reason(operators.FACEWRIGHT_OT_install_runtime) == ""
    run_of(bpy.context).is_running = True
    try:
        assert "at work" in reason(operators.FACEWRIGHT_OT_install_runtime)
        assert "at work" in reason(operators.FACEWRIGHT_OT_download_runtime)
    finally:
        run_of(bpy.context).is_running = False


@pytest.mark.skipif(sys.platform != "linux", reason="Windows has DirectML")
def test_a_machine_without_a_card_is_told_so(online, home):
    with pytest.raises(RuntimeError, match="No NVIDIA card"):
        bpy.ops.facewright.install_runtime()
    assert not home.exists()


def test_the_preferences_say_what_came_of_it(online, monkeypatch):
    with pytest.raises(RuntimeError, match="No NVIDIA card"):
        bpy.ops.facewright.install_runtime("INVOKE_DEFAULT")
    assert "No NVIDIA card" in shown.SAID[0]

    def refuse(*_arguments):
        raise FacewrightError("There is no room.", "Make some.", "no-room")

    monkeypatch.setattr(worker_operator, "Job", refuse)
    with pytest.raises(RuntimeError, match="no room"):
        bpy.ops.facewright.download_runtime()
    assert shown.SAID == ["Installing the GPU runtime failed: There is no room. Make some."]


def test_what_is_installed_is_shown_and_removed(installed):
    assert shown.INSTALLED == ["cuda13-made, 1500 MB: ready"]
    assert bpy.ops.facewright.remove_runtime() == {"FINISHED"}
    assert not installed.folder.exists()
    assert shown.INSTALLED == []
    assert reason(operators.FACEWRIGHT_OT_remove_runtime) == "No GPU runtime is installed"


def test_one_that_cannot_be_used_says_why(installed):
    replace(installed, python="cp399").write()
    operators.look_again()
    assert "for Python 3.99" in shown.INSTALLED[0]


def test_a_removal_that_is_refused_is_told(installed, monkeypatch):
    def refuse():
        raise FacewrightError("Another program is at it.")

    monkeypatch.setattr(operators, "remove_runtime", refuse)
    with pytest.raises(RuntimeError, match="Another program"):
        bpy.ops.facewright.remove_runtime()
    assert installed.folder.exists()


def test_blenders_own_process_never_uses_it(installed):
    assert not [folder for folder in sys.path if str(installed.folder) in folder]
    assert not [finder for finder in sys.meta_path if "runtime" in type(finder).__module__]


def test_the_command_line_asks_the_same_permission(capfd, home):
    assert cli.main(["runtime", "install", "cuda13", "--yes"]) == 1
    said = capfd.readouterr()
    assert "MB to download" in said.out
    assert "NVIDIA" in said.out
    assert "error: Blender may not go online." in said.err
    assert not home.exists()


def test_the_command_line_shows_and_removes(installed, capfd):
    assert cli.main(["runtime", "status"]) == 0
    assert "cuda13-made: 1500 MB. It can be used." in capfd.readouterr().out
    assert cli.main(["runtime", "remove"]) == 1
    assert "--yes" in capfd.readouterr().err
    assert installed.folder.exists()
    assert cli.main(["runtime", "remove", "--dry-run"]) == 0
    assert installed.folder.exists()
    assert cli.main(["runtime", "remove", "--yes"]) == 0
    assert not installed.folder.exists()
