# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSV that other programs read."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from engine.core.arkit import INDEX, NAMES
from engine.core.errors import FacewrightError
from engine.core.types import FaceTrack
from engine.takes.csv_out import write_csv


def track_of_two() -> FaceTrack:
    weights = np.full((2, 52), np.nan, np.float32)
    weights[0] = 0.0
    weights[0, INDEX["jawOpen"]] = 0.75
    head = np.full((2, 3), np.nan, np.float32)
    head[0] = (10, -20, 5)
    gaze = np.full((2, 2, 2), np.nan, np.float32)
    gaze[0] = [[4, 8], [5, 9]]
    return FaceTrack(
        np.array([0.0, 1001 / 30000]),
        np.array([True, False]),
        np.array([1, 0], np.float32),
        np.ones((2, 52), np.float32),
        weights,
        head,
        head * 2,
        gaze,
    )


def test_rows_and_columns(tmp_path):
    path = tmp_path / "out.csv"
    write_csv(path, track_of_two())
    rows = list(csv.DictReader(path.open()))
    assert len(rows) == 2
    for name in NAMES:
        assert name[0].upper() + name[1:] in rows[0]
    assert rows[0]["BlendShapeCount"] == "61"
    assert float(rows[0]["JawOpen"]) == 0.75
    assert float(rows[0]["HeadYaw"]) == pytest.approx(np.radians(-20), abs=1e-6)
    assert float(rows[0]["LeftEyePitch"]) == pytest.approx(np.radians(4), abs=1e-6)
    assert float(rows[0]["RightEyeYaw"]) == pytest.approx(np.radians(9), abs=1e-6)
    assert float(rows[0]["headPitchDeg"]) == pytest.approx(10)
    assert float(rows[1]["time_s"]) == pytest.approx(1001 / 30000, abs=1e-6)


def test_a_row_without_a_face_is_empty(tmp_path):
    path = tmp_path / "out.csv"
    write_csv(path, track_of_two())
    row = list(csv.reader(path.open()))[2]
    assert row[1] == "0"
    assert set(row[2:]) == {""}


def test_an_unwritable_place_is_told_and_leaves_the_old_file(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        write_csv(tmp_path / "no" / "out.csv", track_of_two())
    assert caught.value.code == "csv-unwritable"


def test_a_csv_is_never_written_over_a_take(tmp_path):
    take = tmp_path / "mine.fwtake"
    take.write_bytes(b"a take")
    with pytest.raises(FacewrightError):
        write_csv(take, track_of_two())
    assert take.read_bytes() == b"a take"
