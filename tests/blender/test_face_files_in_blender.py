# SPDX-License-Identifier: GPL-3.0-or-later
"""Face files of other programs onto a character and out of takes: operators, command, drops."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from faces import curve_keys, make_face
from facewright import cli, registration
from facewright.engine.takes.take_file import read_header
from facewright.operators import face_files
from facewright.operators.face_files import FACEWRIGHT_FH_face_file
from test_comping import path

# 30 frames a second from timecode 58 on; the third row has no face. JawOpen rises by a tenth.
ROWS = "Timecode,BlendShapeCount,JawOpen,JawLeft,HeadYaw\n" + "".join(
    f"10:00:00:{frame:02d},{0 if row == 2 else 61},{row / 10},0,0\n"
    for row, frame in enumerate(range(20, 30))
)
ROWS += "".join(f"10:00:01:{frame:02d},61,{1 + frame / 10},0,0\n" for frame in range(2))


@pytest.fixture(autouse=True, scope="module")
def registered():
    """The extension, registered once for this file."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def shot(scene, tmp_path):
    """The settings of a shot in a saved file with a face as target, smoothing off."""
    shot = scene.facewright
    shot.target = make_face()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    for name in ("brows", "eyelids", "gaze", "cheeks", "jaw", "mouth", "tongue", "head"):
        setattr(shot, f"smooth_{name}", 0.0)
    return shot


@pytest.fixture
def source(tmp_path) -> Path:
    file = tmp_path / "amy_01.csv"
    file.write_text(ROWS)
    return file


def jaw(shot) -> np.ndarray:
    return curve_keys(shot.target.data.shape_keys)[path("jawOpen")]


def test_a_csv_becomes_a_take_and_keys(shot, source):
    assert bpy.ops.facewright.import_face_file(filepath=str(source), start_frame=101) == {
        "FINISHED"
    }
    keys = jaw(shot)
    assert keys[:, 0].tolist() == list(range(101, 113))
    # The short dropout is bridged on a straight line or a curve through its neighbours.
    np.testing.assert_allclose(
        np.delete(keys[:, 1], 2), [0, 0.1, *np.arange(3, 12) / 10], atol=1e-6
    )
    take = Path(shot.take)
    assert take.name == "amy_01.fwtake"
    assert take.is_file()
    assert shot.start_frame == 101
    assert read_header(take)["engine"] == "import"
    lines = [line.text for line in bpy.context.window_manager.facewright.lines]
    assert any("30 frames/s (told by the labels)" in line for line in lines)
    assert not any("sound" in line for line in lines)


def test_the_keys_can_be_written_again_from_the_take(shot, source):
    bpy.ops.facewright.import_face_file(filepath=str(source))
    source.unlink()
    shot.start_frame = 51
    assert bpy.ops.facewright.apply_take() == {"FINISHED"}
    assert jaw(shot)[0, 0] == 51


def test_a_rate_can_be_named(shot, source):
    bpy.ops.facewright.import_face_file(filepath=str(source), fps=60)
    # At 60 the second has 30 labels more: 41 steps of a sixtieth are 20.5 frames of 30.
    assert jaw(shot)[-1, 0] == shot.start_frame + 20


def test_a_second_import_keeps_the_first_take(shot, source):
    bpy.ops.facewright.import_face_file(filepath=str(source))
    first = Path(shot.take)
    bpy.ops.facewright.import_face_file(filepath=str(source))
    assert first.is_file()
    assert Path(shot.take) != first


def test_a_take_is_used_as_it_is(shot, source, tmp_path):
    bpy.ops.facewright.import_face_file(filepath=str(source))
    moved = Path(shot.take).rename(tmp_path / "moved.fwtake")
    bpy.ops.facewright.import_face_file(filepath=str(moved))
    assert Path(shot.take) == moved
    assert jaw(shot)[0, 1] == 0


def test_a_bad_file_changes_nothing(shot, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("Timecode,BlendShapeCount,JawOpen\n00:00:00:00,61,open\n")
    with pytest.raises(RuntimeError, match='"open" in row 2 is no number'):
        bpy.ops.facewright.import_face_file(filepath=str(bad))
    assert shot.take == ""
    assert shot.target.data.shape_keys.animation_data is None
    assert not list(tmp_path.rglob("*.fwtake"))


def test_a_file_without_a_face_leaves_no_take(shot, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("Timecode,BlendShapeCount,JawOpen,JawLeft\n00:00:00:00,0,0,0\n")
    with pytest.raises(RuntimeError, match="no frame with a face"):
        bpy.ops.facewright.import_face_file(filepath=str(empty))
    assert not list(tmp_path.rglob("*.fwtake"))


def test_whatever_goes_wrong_leaves_no_take(shot, source, tmp_path, monkeypatch):
    def out_of_memory(*_arguments):
        raise MemoryError

    monkeypatch.setattr(face_files, "write_keys", out_of_memory)
    with pytest.raises(RuntimeError, match="MemoryError"):
        bpy.ops.facewright.import_face_file(filepath=str(source))
    assert shot.take == ""
    assert not list(tmp_path.rglob("*.fwtake"))


def test_without_a_target_the_reason_is_told(scene, source):
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.facewright.import_face_file(filepath=str(source))


def test_export_in_every_format(shot, source, tmp_path):
    bpy.ops.facewright.import_face_file(filepath=str(source))
    items = bpy.ops.facewright.export_take.get_rna_type().properties["format"].enum_items
    formats = {item.identifier for item in items}
    assert {"live-link-csv", "audio2face-json", "face-cap", "beat", "gesichter"} <= formats
    for name in formats:
        out = tmp_path / f"out_{name}"
        assert bpy.ops.facewright.export_take(filepath=str(out), format=name) == {"FINISHED"}
        assert out.stat().st_size > 100
    content = json.loads((tmp_path / "out_audio2face-json").read_text())
    assert content["exportFps"] == 30
    assert content["numFrames"] == 12


def test_export_to_nowhere_is_told(shot, source, tmp_path):
    bpy.ops.facewright.import_face_file(filepath=str(source))
    with pytest.raises(RuntimeError, match="cannot be written"):
        bpy.ops.facewright.export_take(filepath=str(tmp_path / "no" / "a.csv"))


def test_export_never_replaces_a_take(shot, source, tmp_path):
    bpy.ops.facewright.import_face_file(filepath=str(source))
    take = Path(shot.take)
    before = take.read_bytes()
    other = tmp_path / "other.fwtake"
    other.write_bytes(b"precious")
    for file in (take, other):
        with pytest.raises(RuntimeError, match="is the name of a take"):
            bpy.ops.facewright.export_take(filepath=str(file), format="live-link-csv")
    renamed = take.with_suffix(".csv")
    renamed.hardlink_to(take)
    with pytest.raises(RuntimeError, match="is the take itself"):
        bpy.ops.facewright.export_take(filepath=str(renamed), format="live-link-csv")
    assert take.read_bytes() == before
    assert other.read_bytes() == b"precious"


def test_export_without_a_take(shot):
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.facewright.export_take(filepath="a.csv")


def test_dropped_files_go_to_the_import():
    assert FACEWRIGHT_FH_face_file.is_registered
    assert FACEWRIGHT_FH_face_file.bl_import_operator == "facewright.import_face_file"
    suffixes = FACEWRIGHT_FH_face_file.bl_file_extensions.split(";")
    assert {".csv", ".json", ".txt", ".gesichter", ".fwtake"} <= set(suffixes)
    # Nothing is under the mouse in the background.
    assert not FACEWRIGHT_FH_face_file.poll_drop(bpy.context)


def test_the_command_applies_a_face_file(source, tmp_path, capfd):
    out, report = tmp_path / "out.blend", tmp_path / "report.json"
    words = ["apply", str(source), "--out", str(out), "--json", str(report), "--smoothing", "0"]
    assert cli.main(words) == 0, capfd.readouterr().err
    told = json.loads(report.read_text())
    assert told["take"] == str(source)
    assert told["keyframes"]["mapped"] == 52
    assert told["keyframes"]["frames"] == 12
    assert "told by the labels" in capfd.readouterr().err
    bpy.ops.wm.open_mainfile(filepath=str(out))
    assert bpy.context.scene.render.fps == 30


def test_the_command_refuses_to_solve_a_face_file(source, tmp_path, capfd):
    out = tmp_path / "out.blend"
    assert cli.main(["apply", str(source), "--solve", "--out", str(out)]) == 1
    assert "was imported from amy_01.csv" in capfd.readouterr().err
    assert not out.exists()


def test_one_undo_step_takes_an_import_back(shot, source):
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.facewright.import_face_file(filepath=str(source))
    bpy.ops.ed.undo_push(message="import")
    assert bpy.context.scene.facewright.take
    bpy.ops.ed.undo()
    restored = bpy.context.scene.facewright
    assert restored.take == ""
    assert restored.target.data.shape_keys.animation_data is None
