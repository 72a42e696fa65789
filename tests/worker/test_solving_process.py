# SPDX-License-Identifier: GPL-3.0-or-later
"""The real worker solves a real take anew, needing nothing but the take."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import time
from contextlib import closing

import numpy as np
import pytest

from engine.core.arkit import INDEX
from engine.core.requests import SolveRequest, SolveSettings, TrackRequest
from engine.takes.take_file import TakeWriter, read_header, read_track
from engine.worker.client import WorkerClient
from engine.worker.protocol import LAST_WORDS, Kind

RAW = SolveSettings(solver="raw")


@pytest.fixture(scope="module")
def solved(clip, tmp_path_factory):
    """A take of 72 frames whose clip is gone, as if it came from another machine."""
    from engine.pipeline.track import track_video

    folder = tmp_path_factory.mktemp("solved")
    video = folder / "single_face.mp4"
    shutil.copy(clip("single_face.mp4"), video)
    track_video(TrackRequest(str(video), str(folder / "a.fwtake")))
    video.unlink()
    return folder / "a.fwtake"


@pytest.fixture
def take(solved, tmp_path):
    """A copy of it to work on."""
    return shutil.copy(solved, tmp_path / "a.fwtake")


@pytest.fixture(scope="module")
def client():
    """One worker for the whole file: each job must leave it fit for the next."""
    client = WorkerClient([sys.executable, "-I"])
    yield client
    client.close()


def last_word(client, seconds=300.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for message in client.poll():
            if message.kind in LAST_WORDS:
                return message
        time.sleep(0.005)
    raise AssertionError(f"no last word; log: {client.log}")


def solve(client, take, settings=RAW, **more):
    client.solve(SolveRequest(str(take), settings, **more))
    return last_word(client)


def test_a_take_without_its_clip_is_solved_anew(client, take):
    before = read_track(take)
    done = solve(client, take)
    assert (done.kind, done.data["state"], done.data["frames"]) == (Kind.DONE, "complete", 72)
    header, after = read_header(take), read_track(take)
    assert header["solver"] == header["solve"]["solver"] == "raw"
    assert header["state"] == "complete"
    assert np.abs(after.weights - before.weights).max() > 0.1
    np.testing.assert_array_equal(after.time_s, before.time_s)
    # And back: what was seen is still all there.
    assert solve(client, take, SolveSettings()).kind is Kind.DONE
    np.testing.assert_allclose(read_track(take).weights, before.weights, atol=1e-5)


def test_a_sound_that_is_gone_cannot_help_and_costs_nothing(client, take):
    before = read_track(take)
    done = solve(client, take, SolveSettings(sound_helps=True))
    assert done.kind is Kind.DONE
    assert "sound cannot help" in done.data["sound_help"]["problem"]
    assert any("sound cannot help" in warning for warning in done.data["warnings"])
    np.testing.assert_allclose(read_track(take).weights, before.weights, atol=1e-5)
    assert read_header(take)["sound_help"] == done.data["sound_help"]
    assert solve(client, take, SolveSettings()).kind is Kind.DONE
    assert read_header(take)["sound_help"] == {}


def test_the_settings_arrive(client, take):
    assert solve(client, take, SolveSettings(symmetry=1.0)).kind is Kind.DONE
    weights = read_track(take).weights
    left, right = INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]
    np.testing.assert_allclose(weights[:, left], weights[:, right], atol=1e-6)
    assert weights[:, left].max() > 0.3


def test_cancelling_leaves_values_and_header_as_they_were(client, take):
    before, header = read_track(take), read_header(take)
    client.solve(SolveRequest(str(take), SolveSettings(symmetry=1.0)))
    client.cancel()
    done = last_word(client)
    assert (done.kind, done.data["state"]) == (Kind.DONE, "cancelled")
    np.testing.assert_array_equal(read_track(take).weights, before.weights)
    assert read_header(take) == header


def test_a_profile_is_learned_without_touching_the_take_and_used_by_another(client, take, tmp_path):
    content, profile = take.read_bytes(), tmp_path / "anna.fwperformer"
    done = solve(client, take, SolveSettings(), save_performer=str(profile), keep_values=True)
    assert (done.data["performer"], done.data["valid_frames"]) == (str(profile), 72)
    assert take.read_bytes() == content
    learned = json.loads(profile.read_text())
    assert 0.3 < learned["reach"]["mouthSmileLeft"] <= 1
    done = solve(client, take, SolveSettings(performer=str(profile)))
    assert (done.kind, read_header(take)["solve"]["performer"]) == (Kind.DONE, str(profile))


def test_a_profile_of_another_engine_is_used_and_told(client, take, tmp_path):
    profile = tmp_path / "anna.fwperformer"
    solve(client, take, SolveSettings(), save_performer=str(profile), keep_values=True)
    learned = json.loads(profile.read_text())
    assert learned["engine"] == "mediapipe"
    for engine, warnings in (("openseeface", 1), ("mediapipe-tasks", 0), (None, 0)):
        told = {key: value for key, value in learned.items() if key != "engine"}
        profile.write_text(json.dumps(told | ({"engine": engine} if engine else {})))
        done = solve(client, take, SolveSettings(performer=str(profile)))
        assert (done.kind, len(done.data["warnings"])) == (Kind.DONE, warnings)
        assert all(f"'{engine}'" in one for one in done.data["warnings"])


def test_an_old_take_is_solved_and_told_apart_no_more(client, take):
    make_first_schema(take)
    assert read_header(take)["schema"] == "FacewrightTake.1"
    assert solve(client, take, SolveSettings()).kind is Kind.DONE
    assert read_header(take)["schema"] == "FacewrightTake.2"
    assert np.isfinite(read_track(take).weights).all()


def test_an_unfinished_take_is_solved_with_a_warning(client, take):
    set_header(take, state="cancelled")
    done = solve(client, take)
    assert done.kind is Kind.DONE
    assert done.data["warnings"] == [
        "a.fwtake was not tracked to its end; what it holds is 72 frames."
    ]
    assert read_header(take)["state"] == "cancelled"


@pytest.mark.parametrize(
    ("settings", "more", "code"),
    [
        (SolveSettings(performer="/nowhere/anna.fwperformer"), {}, "performer-missing"),
        (SolveSettings(solver="crystal-ball"), {}, "solver-unknown"),
        (RAW, {"save_performer": "anna.fwperformer"}, "performer-unknown"),
        (SolveSettings(), {"save_performer": "/nowhere/anna.fwperformer"}, "performer-unwritable"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_changes(client, take, settings, more, code):
    content = take.read_bytes()
    failed = solve(client, take, settings, **more)
    assert (failed.kind, failed.data["code"]) == (Kind.FAILED, code)
    assert failed.data["message"].endswith(".")
    assert take.read_bytes() == content


def test_takes_that_hold_nothing_are_told(client, take, tmp_path):
    empty = tmp_path / "empty.fwtake"
    TakeWriter(empty, read_header(take)).close()
    (tmp_path / "text.fwtake").write_text("no take")
    told = {
        name: solve(client, tmp_path / name).data["code"]
        for name in ("empty.fwtake", "text.fwtake", "missing.fwtake")
    }
    assert told == {
        "empty.fwtake": "take-empty",
        "text.fwtake": "not-a-take",
        "missing.fwtake": "take-missing",
    }


def set_header(take, **values):
    with closing(sqlite3.connect(take)) as database, database:
        for key, value in values.items():
            database.execute("UPDATE header SET value = ? WHERE key = ?", (json.dumps(value), key))


def make_first_schema(take):
    """Take out what the second schema added."""
    from engine.takes import records

    old = {"frames": records._FIRST_FRAME, "landmarks": records._FIRST_LARGE}
    new = {"frames": records.FRAME, "landmarks": records.LARGE}
    with closing(sqlite3.connect(take)) as database, database:
        for table, dtype in old.items():
            for first, data in database.execute(f"SELECT first, data FROM {table}").fetchall():
                block = np.frombuffer(data, new[table])
                kept = np.empty(len(block), dtype)
                for name in dtype.names:
                    kept[name] = block[name]
                database.execute(
                    f"UPDATE {table} SET data = ? WHERE first = ?", (kept.tobytes(), first)
                )
    set_header(take, schema=records.FIRST_SCHEMA)
