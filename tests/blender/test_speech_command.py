# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender --command facewright lipsync``: one line, hundreds of lines, and a broken one."""

from __future__ import annotations

import json
import os
import sys

import bpy
import pytest
import spoken
from faces import curve_keys, make_face
from facewright import cli, registration
from facewright.cli import capture as capture_command
from facewright.cli import speech_lines as lines_command
from facewright.engine.core.cues import read_cues
from facewright.engine.core.errors import FacewrightError
from facewright.scene import keyframes, sequencer


class PickyJob(spoken.FakeJob):
    """A worker that cannot read some files."""

    def run(self, progress):
        """Do all of it, or tell."""
        if "broken" in self.request.sound:
            raise FacewrightError("There is no sound in it.", "", "no-sound")
        return super().run(progress)

    def close(self):
        """There is no process."""


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    for module in (capture_command, lines_command):
        monkeypatch.setattr(module, "Job", PickyJob)
    monkeypatch.setattr(spoken.FakeJob, "requests", [])
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def face_file(scene, tmp_path):
    """A face whose brows are animated."""
    face = make_face("Face")
    brow = face.data.shape_keys.key_blocks["browInnerUp"]
    for frame, brow.value in ((1, 0.1), (9, 0.8)):
        brow.keyframe_insert("value", frame=frame)
    keyframes.current_action(face.data.shape_keys).name = "Brows"
    make_face("Other")
    path = tmp_path / "in.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def run(*words):
    return cli.main([str(word) for word in words])


def open_file(path):
    bpy.ops.wm.open_mainfile(filepath=str(path))


def keys(name="Face"):
    return curve_keys(bpy.data.objects[name].data.shape_keys)


def test_a_line_lands_on_a_character(face_file, tmp_path):
    sound = spoken.write_sound(tmp_path / "line.wav")
    out, cues, report = (tmp_path / name for name in ("o.blend", "c.json", "r.json"))
    words = ("--blend", face_file, "--object", "Face", "--out", out, "--start-frame", 5)
    code = run("lipsync", sound, *words, "--visemes", cues, "--set", "rhubarb", "--report", report)
    assert code == 0
    told = json.loads(report.read_text())
    assert (told["state"], told["by"], told["take"]) == ("complete", "sound", None)
    assert {row["viseme"] for row in json.loads(cues.read_text())} <= set("ABCDEFGHX")
    open_file(out)
    assert keys()['key_blocks["jawOpen"].value', 0][0, 0] == 5
    # What was animated goes on.
    assert len(keys()['key_blocks["browInnerUp"].value', 0]) == 2


def test_a_folder_becomes_an_action_a_line(face_file, tmp_path, capfd):
    folder = tmp_path / "lines"
    folder.mkdir()
    for name in ("one.wav", "broken.wav", "two.wav", "two.flac"):
        spoken.write_sound(folder / name)
    (folder / "one.txt").write_text("Mama papa")
    out, takes, report = tmp_path / "o.blend", tmp_path / "takes", tmp_path / "r.json"
    words = ("--blend", face_file, "--object", "Face", "--out", out, "--json", report)
    code = run("lipsync", folder, *words, "--take", takes, "--text-file", folder, "--nla")
    assert code == 1
    assert "error: 1/4 broken.wav: There is no sound in it." in capfd.readouterr().err
    told = json.loads(report.read_text())
    assert [(row["state"], row.get("by")) for row in told] == [
        ("failed", None),
        ("complete", "text"),
        ("complete", "sound"),
        ("complete", "sound"),
    ]
    assert told[0]["code"] == "no-sound"
    open_file(out)
    names = {"one", "two.wav", "two.flac"}
    assert names <= {action.name for action in bpy.data.actions}
    shape_keys = bpy.data.objects["Face"].data.shape_keys
    assert {track.name for track in shape_keys.animation_data.nla_tracks} == names
    # What played before plays again.
    assert keyframes.current_action(shape_keys).name == "Brows"
    assert {path.stem for path in takes.glob("*.fwtake")} == names
    assert read_cues(takes / "one.cues.json")[1].viseme == "PP"
    assert not sequencer.strips_in(bpy.context.scene)


def test_without_other_animation_the_first_line_plays(face_file, tmp_path):
    folder = tmp_path / "lines"
    folder.mkdir()
    for name in ("a.wav", "b.wav"):
        spoken.write_sound(folder / name)
    out = tmp_path / "o.blend"
    assert run("lipsync", folder, "--blend", face_file, "--object", "Other", "--out", out) == 0
    open_file(out)
    shape_keys = bpy.data.objects["Other"].data.shape_keys
    assert keyframes.current_action(shape_keys).name == "a"
    assert "b" in bpy.data.actions


def test_speakers_by_the_markers_of_the_file(face_file, tmp_path):
    open_file(face_file)
    bpy.context.scene.timeline_markers.new("Anna:", frame=1)
    bpy.context.scene.timeline_markers.new("Bob:", frame=20)
    bpy.ops.wm.save_mainfile()
    sound, out = spoken.write_sound(tmp_path / "talk.wav"), tmp_path / "o.blend"
    words = ("--speaker", "Anna=Face", "--speaker", "Bob=Other", "--out", out)
    assert run("lipsync", sound, "--blend", face_file, *words) == 0
    open_file(out)
    for name in ("Face", "Other"):
        assert len(keys(name)['key_blocks["jawOpen"].value', 0]) > 40


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("nowhere.wav",), 1, "There is no file nowhere.wav"),
        (("line.wav", "--object", "Nobody"), 1, 'There is no object "Nobody"'),
        (("line.wav", "--nla"), 2, "--nla is for a folder"),
        (("empty",), 1, "There is no recording in"),
        (("empty", "--text", "Hello"), 2, "--text is for one recording"),
        (("line.wav", "--speaker", "Anna"), 2, "is not NAME=OBJECT"),
        (("line.wav", "--speaker", "Anna=Face"), 1, "No marker of the timeline"),
    ],
)
def test_what_is_wrong_is_told(face_file, tmp_path, monkeypatch, capfd, words, code, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    spoken.write_sound(tmp_path / "line.wav")
    out = tmp_path / "o.blend"
    assert run("lipsync", *words, "--blend", face_file, "--out", out) == code
    assert sentence in capfd.readouterr().err
    assert not out.exists() and not spoken.FakeJob.requests


def test_ctrl_c_is_told_of_every_line(face_file, tmp_path, monkeypatch):
    (tmp_path / "lines").mkdir()
    for name in ("a", "b", "c"):
        spoken.write_sound(tmp_path / "lines" / f"{name}.wav")

    def run_until_b(job, progress):
        if job.request.sound.endswith("b.wav"):
            raise KeyboardInterrupt
        return spoken.FakeJob.run(job, progress)

    monkeypatch.setattr(PickyJob, "run", run_until_b)
    out, report = tmp_path / "o.blend", tmp_path / "r.json"
    words = ("--blend", face_file, "--object", "Face", "--out", out, "--report", report)
    assert run("lipsync", tmp_path / "lines", *words) == 1
    told = json.loads(report.read_text())
    assert [line["state"] for line in told] == ["complete", "cancelled", "cancelled"]
    assert all("was not saved" in line["notes"][-1] for line in told)
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--visemes", "line.wav"],
        ["--report", "said.txt", "--text-file", "said.txt"],
        ["--visemes", "in.blend"],
        ["--visemes", "a.json", "--report", "a.json"],
        ["--take", "new.fwtake", "--visemes", "new.cues.json"],
        ["--visemes", "old.cues.json"],
    ],
)
def test_nothing_that_is_read_is_written_over(face_file, tmp_path, monkeypatch, capfd, words):
    monkeypatch.chdir(tmp_path)
    spoken.write_sound(tmp_path / "line.wav")
    for name in ("said.txt", "old.fwtake", "old.cues.json"):
        (tmp_path / name).write_text("there before")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    words = ["lipsync", "line.wav", "--blend", "in.blend", "--out", "o.blend", *words]
    assert run(*words) == 1
    assert "error: " in capfd.readouterr().err
    assert not spoken.FakeJob.requests
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_a_name_that_is_no_text_becomes_one(face_file, tmp_path):
    folder = tmp_path / "lines"
    folder.mkdir()
    sound = spoken.write_sound(folder / "a.wav")
    sound.rename(os.fsdecode(os.fsencode(folder) + b"/bad\xff.wav"))
    out = tmp_path / "o.blend"
    words = ("--blend", face_file, "--object", "Face", "--out", out, "--nla")
    assert run("lipsync", folder, *words) == 0
    open_file(out)
    assert any(action.name.startswith("bad?") for action in bpy.data.actions)
