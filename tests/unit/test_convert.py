# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m engine convert``, and takes that are imported."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from face_tracks import weight

from engine.__main__ import main
from engine.core.errors import FacewrightError
from engine.core.requests import SolveRequest, SolveSettings
from engine.pipeline.solve import solve_take
from engine.takes.manage import read_summary
from engine.takes.take_file import TakeWriter, read_header, read_observations, read_track

ROWS = (
    "Timecode,BlendShapeCount,JawOpen,JawLeft,HeadYaw\n"
    "10:00:00:58,61,0.25,0,0.1\n10:00:00:59,0,0,0,0\n10:00:01:00,61,0.75,0,0.1\n"
    "10:00:01:01,61,1,0,0.1\n"
)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "shot.csv"
    path.write_text(ROWS)
    return path


def test_csv_to_json(tmp_path, source, capsys):
    report = tmp_path / "report.json"
    out = tmp_path / "out.json"
    assert main(["convert", str(source), str(out), "--json", str(report)]) == 0
    content = json.loads(out.read_text())
    assert content["exportFps"] == 60
    column = content["facsNames"].index("jawOpen")
    assert [row[column] for row in content["weightMat"]] == [0.25, 0.25, 0.75, 1]
    told = json.loads(report.read_text())
    assert (told["frames"], told["valid_frames"], told["state"]) == (4, 3, "complete")
    printed = capsys.readouterr()
    assert "3 of 4 frames with a face, 60 frames/s" in printed.out
    assert "told by the labels" in printed.err


def test_a_named_rate_and_format(tmp_path, source):
    out = tmp_path / "out.data"
    args = ["convert", str(source), str(out), "--to", "audio2face-json", "--in-fps", "120"]
    assert main([*args, "--from", "live-link-csv", "--fps", "240"]) == 0
    content = json.loads(out.read_text())
    # Frames 58, 59 of one second, then 0, 1 of the next: 62 hundred-and-twentieths lie between.
    assert content["exportFps"] == 240
    assert content["numFrames"] == 2 * 63 + 1


def test_a_take_of_a_file(tmp_path, source, capsys):
    take = tmp_path / "shot.fwtake"
    assert main(["convert", str(source), str(take)]) == 0
    header, track = read_header(take), read_track(take)
    assert header["engine"] == "import"
    assert header["solver"] == "none"
    assert header["source"]["file"] == "shot.csv"
    assert header["source"]["rate"] == [60, 1]
    assert header["import"]["start_timecode"] == "10:00:00:58"
    assert track.valid.tolist() == [True, False, True, True]
    assert weight(track, "jawOpen")[[0, 2, 3]].tolist() == [0.25, 0.75, 1]
    np.testing.assert_allclose(track.time_s, np.arange(4) / 60, atol=1e-9)
    assert len(read_observations(take)) == 0
    assert read_summary(take).problem == ""
    assert read_summary(take).is_complete

    capsys.readouterr()
    assert main(["take", "info", str(take)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["valid_frames"]) == (4, 3)
    assert len(told["gaps"]) == 1

    out = tmp_path / "export.csv"
    assert main(["take", "export", str(take), "-o", str(out)]) == 0
    rows = list(csv.DictReader(out.open()))
    assert [row["BlendShapeCount"] for row in rows] == ["61", "0", "61", "61"]

    before = take.read_bytes()
    assert main(["take", "solve", str(take)]) == 1
    assert "imported from shot.csv" in capsys.readouterr().err
    assert take.read_bytes() == before


def test_an_imported_take_cannot_be_solved(tmp_path, source):
    take = tmp_path / "shot.fwtake"
    main(["convert", str(source), str(take)])
    with pytest.raises(FacewrightError) as caught:
        solve_take(SolveRequest(str(take), SolveSettings()))
    assert caught.value.code == "take-imported"


def test_a_take_to_a_file_keeps_gaps_and_timecode(tmp_path, source):
    take, out = tmp_path / "shot.fwtake", tmp_path / "out.csv"
    main(["convert", str(source), str(take)])
    assert main(["convert", str(take), str(out)]) == 0
    rows = list(csv.DictReader(out.open()))
    assert [row["BlendShapeCount"] for row in rows] == ["61", "0", "61", "61"]
    assert rows[0]["Timecode"] == "10:00:00:58.000"
    assert rows[3]["Timecode"] == "10:00:01:01.000"


def test_the_start_goes_with_the_take_at_any_rate(tmp_path, source):
    source.write_text(
        "Timecode,BlendShapeCount,JawOpen,JawLeft\n10:00:00:20,61,0.25,0\n10:00:00:29,61,0.5,0\n"
        "10:00:01:00,61,0.75,0\n10:00:01:01,61,0.75,0\n"
    )
    take, out = tmp_path / "shot.fwtake", tmp_path / "out.csv"
    recorded, again = tmp_path / "shot.gesichter", tmp_path / "again.csv"
    main(["convert", str(source), str(take), "--in-fps", "30"])
    for args, first in (([], "10:00:00:20.000"), (["--fps", "60"], "10:00:00:40.000")):
        assert main(["convert", str(take), str(out), *args]) == 0
        assert next(csv.DictReader(out.open()))["Timecode"] == first
    assert main(["convert", str(take), str(recorded)]) == 0
    assert main(["convert", str(recorded), str(again)]) == 0
    assert next(csv.DictReader(again.open()))["Timecode"] == "10:00:00:40.000"


def test_a_take_that_cannot_be_finished_goes(tmp_path, source, monkeypatch):
    def out_of_memory(*_arguments):
        raise MemoryError

    monkeypatch.setattr(TakeWriter, "append_values", out_of_memory)
    with pytest.raises(MemoryError):
        main(["convert", str(source), str(tmp_path / "shot.fwtake")])
    assert not list(tmp_path.glob("*.fwtake*"))


def test_a_take_is_never_replaced(tmp_path, source, capsys):
    take = tmp_path / "shot.fwtake"
    take.write_bytes(b"precious")
    assert main(["convert", str(source), str(take)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert take.read_bytes() == b"precious"


def test_the_source_is_never_replaced(source, capsys):
    assert main(["convert", str(source), str(source)]) == 1
    assert "the source itself" in capsys.readouterr().err
    assert source.read_text() == ROWS


@pytest.mark.parametrize("name", ["old.fwtake", "old.FWTAKE", "link.csv"])
def test_no_other_file_replaces_a_take(tmp_path, source, capsys, name):
    take = tmp_path / "old.fwtake"
    take.write_bytes(b"precious")
    (tmp_path / "link.csv").symlink_to(take)
    args = ["convert", str(source), str(tmp_path / name), "--to", "live-link-csv"]
    assert main(args) == 1
    assert "is the name of a take" in capsys.readouterr().err
    assert take.read_bytes() == b"precious"
    assert (tmp_path / "link.csv").is_symlink()


def test_the_source_by_another_way_is_the_source(tmp_path, source, capsys):
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)
    for target in (tmp_path / "sub" / ".." / "shot.csv", tmp_path / "link.csv"):
        assert main(["convert", str(source), str(target)]) == 1
        assert "the source itself" in capsys.readouterr().err
        assert main(["convert", str(target), str(source)]) == 1
    assert main(["convert", str(source), str(tmp_path / "hard.csv")]) == 1
    assert source.read_text() == ROWS
    assert (tmp_path / "link.csv").is_symlink()


def test_the_report_replaces_nothing(tmp_path, source, capsys):
    out = tmp_path / "out.json"
    for report in (source, tmp_path / "sub" / ".." / "shot.csv", out, tmp_path / "a.fwtake"):
        (tmp_path / "sub").mkdir(exist_ok=True)
        assert main(["convert", str(source), str(out), "--json", str(report)]) == 1
        assert source.read_text() == ROWS
        assert not out.exists()
    folder = ["convert", str(tmp_path), str(tmp_path / "sub"), "--to", "beat", "--json"]
    for report in (source, tmp_path / "sub" / "shot.json"):
        assert main([*folder, str(report)]) == 1
    assert not list((tmp_path / "sub").iterdir())
    assert source.read_text() == ROWS


def test_a_folder_into_itself_replaces_no_source(tmp_path, source):
    other = tmp_path / "shot.csv.csv"
    other.write_text(ROWS)
    args = ["convert", str(tmp_path), str(tmp_path), "--to", "live-link-csv"]
    assert main(args) == 1
    assert source.read_text() == ROWS


def test_a_failure_writes_its_report(tmp_path, capsys):
    bad, report = tmp_path / "bad.csv", tmp_path / "report.json"
    bad.write_text("Timecode,JawOpen\nx,y\n")
    assert main(["convert", str(bad), str(tmp_path / "o.json"), "--json", str(report)]) == 1
    told = json.loads(report.read_text())
    assert (told["state"], told["code"]) == ("failed", "file-unreadable")
    assert '"y" in row 2 is no number' in told["message"]


def test_other_files_in_a_folder_are_skipped(tmp_path, source, capsys):
    (tmp_path / "people.csv").write_text("name,age\nbob,3\n")
    (tmp_path / "readme.txt").write_text("plain words")
    (tmp_path / "old.csv").mkdir()
    report, out = tmp_path / "report", tmp_path / "out"
    args = ["convert", str(tmp_path), str(out), "--to", "beat", "--json", str(report)]
    assert main(args) == 0
    told = {Path(one["source"]).name: one for one in json.loads(report.read_text())}
    states = {name: one["state"] for name, one in told.items()}
    assert states == {"people.csv": "skipped", "readme.txt": "skipped", "shot.csv": "complete"}
    assert "no format that Facewright knows" in told["people.csv"]["message"]
    assert "skipped: people.csv" in capsys.readouterr().err
    source.write_bytes(b"")
    assert main(args) == 1
    assert {one["state"] for one in json.loads(report.read_text())} == {"skipped", "failed"}
    source.unlink()
    assert main(args) == 1
    assert "there is no face file" in capsys.readouterr().err


def test_a_folder_goes_on_after_a_bad_file(tmp_path, source, capsys):
    (tmp_path / "bad.csv").write_text("Timecode,JawOpen\nx,y\n")
    (tmp_path / "shot.json").write_text(
        '{"exportFps": 30, "facsNames": ["jawOpen"], "weightMat": [[0.5]]}'
    )
    out, report = tmp_path / "out", tmp_path / "report.json.txt"
    args = ["convert", str(tmp_path), str(out), "--to", "beat", "--json", str(report)]
    assert main(args) == 1
    # Two files of one stem keep their whole names.
    assert sorted(path.name for path in out.iterdir()) == ["shot.csv.json", "shot.json.json"]
    states = {
        one["source"].rsplit("/", 1)[-1]: one["state"] for one in json.loads(report.read_text())
    }
    assert states == {"bad.csv": "failed", "shot.csv": "complete", "shot.json": "complete"}
    failed = next(one for one in json.loads(report.read_text()) if one["state"] == "failed")
    assert failed["code"] == "file-unreadable"
    assert "bad.csv" in failed["message"]
    assert "bad.csv cannot be read" in capsys.readouterr().err


def test_a_folder_of_takes(tmp_path, source):
    assert main(["convert", str(tmp_path), str(tmp_path / "out"), "--to", "take"]) == 0
    assert (tmp_path / "out" / "shot.fwtake").is_file()


def test_wrong_usage(tmp_path, source, capsys):
    assert main(["convert", str(tmp_path), str(tmp_path / "out")]) == 2
    assert "a folder needs --to" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["convert", str(source), "x.csv", "--fps", "fast"])
    assert stopped.value.code == 2
    assert main(["convert", str(source), str(tmp_path / "x.fbx")]) == 1
    assert "No format is known" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["convert", str(tmp_path / "empty"), str(tmp_path / "o"), "--to", "beat"]) == 1
