# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: what goes in comes out, whatever happens on the way."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from engine.core.errors import FacewrightError
from engine.core.types import Observations
from engine.solve import raw
from engine.takes.records import FRAME, LARGE
from engine.takes.take_file import TakeWriter, read_header, read_observations, read_track


def observed(first: int, count: int, *, valid: bool = True) -> Observations:
    index = np.arange(first, first + count)
    if not valid:
        return Observations.empty(index, index / 25)
    random = np.random.default_rng(first)
    return Observations(
        index,
        index / 25,
        np.ones(count, bool),
        random.random(count, np.float32),
        random.uniform(100, 400, (count, 478, 3)).astype(np.float32),
        random.random((count, 52), np.float32),
        np.tile(np.eye(4, dtype=np.float32), (count, 1, 1)),
        random.normal(0, 1, (count, 256)).astype(np.float16).astype(np.float32),
    )


def write(path, *blocks, **options):
    with TakeWriter(path, {"state": "tracking"}, **options) as take:
        for block in blocks:
            take.append(block, raw.solve(block))


def test_values_come_back(tmp_path):
    path = tmp_path / "a.fwtake"
    blocks = [observed(0, 16), observed(16, 5)]
    write(path, *blocks)
    whole = Observations.concatenate(blocks)
    track = read_track(path)
    assert len(track) == 21
    np.testing.assert_array_equal(track.weights, whole.scores)
    np.testing.assert_array_equal(track.time_s, whole.time_s)
    again = read_observations(path)
    np.testing.assert_array_equal(again.scores, whole.scores)
    np.testing.assert_allclose(again.landmarks, whole.landmarks, atol=0.006)
    assert read_header(path)["state"] == "tracking"


def test_a_frame_without_a_face_stays_without(tmp_path):
    path = tmp_path / "a.fwtake"
    write(path, observed(0, 4), observed(4, 3, valid=False), observed(7, 2))
    track = read_track(path)
    assert track.valid.tolist() == [True] * 4 + [False] * 3 + [True] * 2
    assert np.isnan(track.weights[4:7]).all()
    assert np.isnan(read_observations(path, 4, 3).landmarks).all()


def test_part_of_the_landmarks_can_be_read(tmp_path):
    path = tmp_path / "a.fwtake"
    write(path, *(observed(16 * i, 16) for i in range(4)))
    part = read_observations(path, 20, 30)
    assert part.index.tolist() == list(range(20, 50))
    np.testing.assert_allclose(part.landmarks[0], observed(16, 16).landmarks[4], atol=0.006)


def test_resume_continues_where_the_last_whole_block_ended(tmp_path):
    path = tmp_path / "a.fwtake"
    write(path, observed(0, 16))
    with TakeWriter(path, {}, resume=True) as take:
        assert (take.frame_count, take.last_time_s) == (16, pytest.approx(15 / 25))
        block = observed(16, 4)
        take.append(block, raw.solve(block))
    assert len(read_track(path)) == 20


def test_holes_are_refused(tmp_path):
    with TakeWriter(tmp_path / "a.fwtake", {}) as take, pytest.raises(ValueError, match="follows"):
        take.append(observed(3, 2), raw.solve(observed(3, 2)))


def test_overwrite_changes_those_frames_alone(tmp_path):
    path = tmp_path / "a.fwtake"
    write(path, observed(0, 8), observed(8, 8, valid=False), observed(16, 8))
    before = read_track(path)
    found = observed(13, 4)  # reaches over the border between two blocks
    with TakeWriter(path, {}, resume=True) as take:
        take.overwrite(found, raw.solve(found))
    after = read_track(path)
    np.testing.assert_array_equal(after.weights[13:17], found.scores)
    np.testing.assert_array_equal(after.weights[:13], before.weights[:13])
    np.testing.assert_array_equal(after.weights[17:], before.weights[17:])
    np.testing.assert_allclose(
        read_observations(path, 13, 4).landmarks, found.landmarks, atol=0.006
    )


def test_an_existing_take_is_never_replaced(tmp_path):
    path = tmp_path / "a.fwtake"
    write(path, observed(0, 8))
    with pytest.raises(FacewrightError) as caught:
        TakeWriter(path, {})
    assert caught.value.code == "take-exists"
    assert len(read_track(path)) == 8


@pytest.mark.parametrize("content", [b"", b"text " * 1000])
def test_another_file_is_not_a_take(tmp_path, content):
    path = tmp_path / "a.fwtake"
    path.write_bytes(content)
    with pytest.raises(FacewrightError) as caught:
        read_header(path)
    assert caught.value.code == "not-a-take"
    assert path.read_bytes() == content


def test_another_database_is_not_a_take(tmp_path):
    path = tmp_path / "a.fwtake"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE header (key TEXT, value TEXT)")
    with pytest.raises(FacewrightError) as caught:
        read_header(path)
    assert caught.value.code == "not-a-take"


def test_a_newer_take_says_so(tmp_path):
    path = tmp_path / "a.fwtake"
    write(path, observed(0, 1))
    with TakeWriter(path, {"schema": "FacewrightTake.9"}, resume=True):
        pass
    with pytest.raises(FacewrightError) as caught:
        read_header(path)
    assert caught.value.code == "take-newer"


def test_missing_take_and_missing_folder(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        read_header(tmp_path / "no.fwtake")
    assert caught.value.code == "take-missing"
    with pytest.raises(FacewrightError) as caught:
        TakeWriter(tmp_path / "no" / "folder.fwtake", {})
    assert caught.value.code == "take-unwritable"


def test_a_full_disk_is_told_and_keeps_what_was_written(tmp_path):
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    path = tmp_path / "a.fwtake"
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with TakeWriter(path, {}) as take:
            take.append(observed(0, 16), raw.solve(observed(0, 16)))
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20_000, old[1]))
            with pytest.raises(FacewrightError) as caught:
                for first in range(16, 160, 16):
                    take.append(observed(first, 16), raw.solve(observed(first, 16)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.code == "disk-full"
    assert len(read_track(path)) >= 16


def test_solved_values_are_replaced_and_what_was_seen_stays(tmp_path):
    path = tmp_path / "a.fwtake"
    blocks = [observed(0, 16), observed(16, 5)]
    write(path, *blocks)
    before = read_observations(path)
    fresh = raw.solve(observed(100, 8))
    with TakeWriter(path, {}, resume=True) as take:
        take.overwrite_tracks([(12, fresh)], state="complete")
    track, after = read_track(path), read_observations(path)
    np.testing.assert_array_equal(track.weights[12:20], fresh.weights)
    np.testing.assert_array_equal(track.weights[:12], blocks[0].scores[:12])
    np.testing.assert_array_equal(track.weights[20:], blocks[1].scores[4:])
    for name in ("time_s", "landmarks", "scores", "appearance"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_a_replacement_that_breaks_off_changes_nothing(tmp_path):
    path = tmp_path / "a.fwtake"
    write(path, observed(0, 16), observed(16, 5))
    content = path.read_bytes()

    def until_the_worker_dies():
        yield 0, raw.solve(observed(100, 16))
        raise KeyboardInterrupt

    with TakeWriter(path, {}, resume=True) as take, pytest.raises(KeyboardInterrupt):
        take.overwrite_tracks(until_the_worker_dies(), solver="other")
    assert path.read_bytes() == content


def first_schema(path):
    """Turn a take into what the first version wrote."""
    frame = np.dtype([(n, FRAME[n]) for n in FRAME.names if n != "channel_confidence"])
    large = np.dtype([(n, LARGE[n]) for n in LARGE.names if n != "appearance"])
    with closing(sqlite3.connect(path)) as database, database:
        for table, new, old in (("frames", FRAME, frame), ("landmarks", LARGE, large)):
            for first, data in database.execute(f"SELECT first, data FROM {table}").fetchall():
                records = np.frombuffer(data, new)
                plain = np.empty(len(records), old)
                for name in old.names:
                    plain[name] = records[name]
                database.execute(
                    f"UPDATE {table} SET data = ? WHERE first = ?", (plain.tobytes(), first)
                )
        database.execute(
            "UPDATE header SET value = ? WHERE key = 'schema'", (json.dumps("FacewrightTake.1"),)
        )


def test_a_take_of_the_first_version_is_read_and_brought_up_to_date(tmp_path):
    path = tmp_path / "a.fwtake"
    blocks = [observed(0, 6), observed(6, 3, valid=False), observed(9, 4)]
    write(path, *blocks)
    new = read_observations(path)
    first_schema(path)
    track, old = read_track(path), read_observations(path)
    assert np.isnan(old.appearance).all()
    np.testing.assert_array_equal(old.landmarks, new.landmarks)
    assert (track.channel_confidence[track.valid] == 1).all()
    with TakeWriter(path, {}, resume=True) as take:
        take.append(observed(13, 2), raw.solve(observed(13, 2)))
    assert read_header(path)["schema"] == "FacewrightTake.2"
    again = read_observations(path)
    assert len(again) == 15
    np.testing.assert_array_equal(again.landmarks[:13], new.landmarks)
    assert np.isfinite(again.appearance[13:]).all()
