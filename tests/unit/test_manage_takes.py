# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes as files: listed, annotated, renamed and deleted, and never more than that."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from test_take_file import observed

from engine.core.errors import FacewrightError
from engine.solve import raw
from engine.takes import manage
from engine.takes.manage import annotate, companions, delete_take, list_takes, rename_take
from engine.takes.take_file import TakeWriter, read_header, read_track


def make_take(path, state="complete", created="2026-11-21T12:00:00+00:00", count=26, kind="video"):
    """A take of 25 frames a second."""
    source = {"kind": kind, "file": path.with_suffix(".wav").name, "path": ""}
    sound = {"offset_s": 0.0} if kind == "live" else None
    header = {"state": state, "created": created, "source": source, "sound": sound}
    with TakeWriter(path, header) as take:
        block = observed(0, count)
        take.append(block, raw.solve(block))
    return path


def test_the_newest_take_comes_first_with_what_a_list_shows(tmp_path):
    make_take(tmp_path / "a.fwtake", created="2026-11-21T12:00:00+00:00")
    make_take(tmp_path / "b.fwtake", "cancelled", "2026-11-21T14:00:00+01:00", count=2)
    make_take(tmp_path / "c.fwtake", created="2026-11-20T23:00:00+00:00")
    annotate(tmp_path / "c.fwtake", star=True, note="wider smile")
    first, second, third = list_takes(tmp_path)
    assert [take.path.name for take in (first, second, third)] == [
        "b.fwtake",
        "a.fwtake",
        "c.fwtake",
    ]
    assert [take.is_complete for take in (first, second, third)] == [False, True, True]
    assert (first.length_s, second.length_s) == pytest.approx((0.04, 1.0))
    assert (third.star, third.note) == (True, "wider smile")
    assert (first.star, first.note, first.problem) == (False, "", "")


def test_no_folder_has_no_takes(tmp_path):
    assert list_takes(tmp_path / "none") == []


def test_a_take_that_cannot_be_read_says_so_and_is_listed(tmp_path):
    (tmp_path / "a.fwtake").write_text("not a take")
    (tmp_path / "b.txt").write_text("something else")
    (take,) = list_takes(tmp_path)
    assert "not a Facewright take" in take.problem
    assert take.is_complete is False


def test_an_empty_take_has_no_length(tmp_path):
    with TakeWriter(tmp_path / "a.fwtake", {"state": "recording"}):
        pass
    (take,) = list_takes(tmp_path)
    assert (take.length_s, take.is_complete, take.problem) == (0.0, False, "")


def test_a_note_changes_nothing_else(tmp_path):
    path = make_take(tmp_path / "a.fwtake")
    before, values = read_header(path), read_track(path).weights
    annotate(path, note="ünïcode")
    assert read_header(path) == before | {"note": "ünïcode"}
    assert (read_track(path).weights == values).all()


def test_a_note_on_a_take_of_the_first_schema_does_not_bring_it_up_to_date(tmp_path):
    path = make_take(tmp_path / "a.fwtake")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE header SET value = '\"FacewrightTake.1\"' WHERE key = 'schema'")
        blocks = database.execute("SELECT first, data FROM frames").fetchall()
    annotate(path, star=True)
    assert read_header(path)["schema"] == "FacewrightTake.1"
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT first, data FROM frames").fetchall() == blocks


def test_a_take_that_somebody_is_writing_on_is_not_annotated(tmp_path, monkeypatch):
    monkeypatch.setattr(manage, "_PATIENCE_S", 0.01)
    path = make_take(tmp_path / "a.fwtake")
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(FacewrightError) as caught:
            annotate(path, note="x")
    assert caught.value.code == "take-unwritable"
    assert "note" not in read_header(path)


def test_renaming_takes_the_recorded_sound_along(tmp_path):
    path = make_take(tmp_path / "a.fwtake", kind="live")
    path.with_suffix(".wav").write_bytes(b"sound")
    path.with_suffix(".mp4").write_bytes(b"somebody's clip")
    new = rename_take(path, "b.v2")
    assert new == tmp_path / "b.v2.fwtake"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.mp4", "b.v2.fwtake", "b.v2.wav"]
    assert read_header(new)["source"]["file"] == "b.v2.wav"
    assert companions(new) == [tmp_path / "b.v2.wav"]


def test_a_clips_own_files_are_not_touched(tmp_path):
    path = make_take(tmp_path / "a.fwtake")
    path.with_suffix(".wav").write_bytes(b"the production's sound")
    new = rename_take(path, "b.fwtake")
    assert read_header(new)["source"]["file"] == "a.wav"
    assert delete_take(new) == [new]
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", ".fwtake", "a\\b", "what?"])
def test_names_that_no_file_can_have_are_refused(tmp_path, name):
    path = make_take(tmp_path / "a.fwtake")
    with pytest.raises(FacewrightError) as caught:
        rename_take(path, name)
    assert caught.value.code == "bad-name"
    assert path.is_file()


@pytest.mark.parametrize("taken", ["b.fwtake", "b.wav"])
def test_nothing_is_written_over(tmp_path, taken):
    path = make_take(tmp_path / "a.fwtake", kind="live")
    path.with_suffix(".wav").write_bytes(b"sound")
    (tmp_path / taken).write_text("there before")
    with pytest.raises(FacewrightError) as caught:
        rename_take(path, "b")
    assert caught.value.code == "take-exists"
    assert (tmp_path / taken).read_text() == "there before"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.fwtake", "a.wav", taken]


def test_a_renaming_that_fails_half_way_is_taken_back(tmp_path, monkeypatch):
    path = make_take(tmp_path / "a.fwtake", kind="live")
    path.with_suffix(".wav").write_bytes(b"sound")

    def fail(path, **values):
        raise FacewrightError("no", "", "take-unwritable")

    monkeypatch.setattr(manage, "annotate", fail)
    with pytest.raises(FacewrightError):
        rename_take(path, "b")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.fwtake", "a.wav"]


def test_a_name_stays_without_complaint(tmp_path):
    path = make_take(tmp_path / "a.fwtake")
    assert rename_take(path, " a.fwtake ") == path
    assert path.is_file()


def test_deleting_takes_the_recorded_sound_along(tmp_path):
    path = make_take(tmp_path / "a.fwtake", kind="live")
    path.with_suffix(".wav").write_bytes(b"sound")
    (tmp_path / "a.txt").write_text("notes")
    delete_take(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    with pytest.raises(FacewrightError) as caught:
        delete_take(path)
    assert caught.value.code == "take-missing"


def test_a_damaged_take_can_be_deleted(tmp_path):
    (tmp_path / "a.fwtake").write_text("not a take")
    (tmp_path / "a.fwtake-journal").write_text("")
    delete_take(tmp_path / "a.fwtake")
    assert list(tmp_path.iterdir()) == []


def test_a_sound_that_was_not_recorded_with_a_take_is_somebody_elses(tmp_path):
    path = make_take(tmp_path / "a.fwtake", kind="live")
    annotate(path, sound=None)
    path.with_suffix(".wav").write_bytes(b"mine")
    rename_take(path, "b")
    delete_take(tmp_path / "b.fwtake")
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]
