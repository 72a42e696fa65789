# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's button and command: shown, copied, and of use where no worker answers."""

from __future__ import annotations

import json

import bpy
import pytest
from facewright import cli
from facewright.engine.core.errors import FacewrightError
from facewright.properties.run import run_of
from facewright.scene import jobs

pytestmark = pytest.mark.usefixtures("own_home")


def doctor():
    return run_of(bpy.context).doctor


def test_the_button_shows_what_was_found(tmp_path):
    assert not bpy.ops.facewright.copy_report.poll()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert bpy.ops.facewright.doctor("EXEC_DEFAULT", quick=True) == {"FINISHED"}
    assert doctor().ready and doctor().verdict.startswith("Tracking can run")
    assert run_of(bpy.context).result == doctor().verdict
    told = doctor().text
    assert bpy.app.version_string in told and "started and answered" in told
    assert "<takes>" in told and str(tmp_path / "takes") not in told
    assert not (tmp_path / "takes").exists()  # looking makes nothing
    assert bpy.ops.facewright.copy_report() == {"FINISHED"}


def test_a_worker_that_does_not_start_is_the_report(monkeypatch):
    def refuse():
        raise FacewrightError("The worker could not be started.", "Look.", "worker-start")

    monkeypatch.setattr(jobs, "start_worker", refuse)
    with pytest.raises(RuntimeError, match="could not be started"):
        bpy.ops.facewright.doctor("EXEC_DEFAULT", quick=True)
    assert not doctor().ready and doctor().verdict == "Tracking cannot run"
    assert [line.blocks for line in doctor().lines] == [True]
    assert bpy.app.version_string in doctor().text


def test_the_command_tells_the_same(monkeypatch, capfd, tmp_path):
    assert cli.main(["doctor", "--quick", "--json", "--takes", str(tmp_path)]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["ready"] and not told["reasons"]
    names = {one["name"] for one in told["findings"] if one["topic"] == "Blender"}
    assert {"Blender", "Blender's Python", "Online access"} <= names

    def refuse():
        raise FacewrightError("No.", "Look.", "worker-start")

    monkeypatch.setattr(jobs, "start_worker", refuse)
    assert cli.main(["doctor", "--quick"]) == 1
    assert "tracking cannot run" in capfd.readouterr().out


def test_a_folder_that_cannot_be_written_is_the_reason(capfd, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    assert cli.main(["doctor", "--quick", "--takes", str(in_the_way)]) == 1
    assert "X Takes: <takes>" in capfd.readouterr().out
