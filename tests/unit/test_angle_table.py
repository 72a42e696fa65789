# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the engines benchmark that shows who is better at which head angle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from face_tracks import make_track

from benchmarks.support.angle_table import angle_table, figures, turned_deg
from benchmarks.support.truth import Truth
from engine.core.arkit import NAMES

# Two frames ahead, one aside, one so far aside that no face is found.
HEAD = np.array([[0.0, 0, 0], [0, 10, 0], [0, 30, 40], [0, 60, 0]])
TIMES = np.arange(4) / 30
SMILE = np.array([0.0, 0.8, 0.6, 0.4])


def a_truth() -> Truth:
    weights = np.zeros((4, len(NAMES)))
    weights[:, NAMES.index("mouthSmileLeft")] = SMILE
    return Truth(Path("clip.mp4"), NAMES, TIMES, weights, HEAD, None)


def a_track(error: float, turned: float = 0.0):
    smile = {"mouthSmileLeft": SMILE - error}
    found = [True, True, True, False]
    return make_track(TIMES, smile, valid=found, head_deg=HEAD + turned)


def test_roll_turns_no_face_away():
    assert turned_deg(HEAD) == pytest.approx([0, 10, 30, 60])
    assert turned_deg(np.array([[60.0, 60, 0]])) == pytest.approx([75.5], abs=0.1)


def test_frames_are_told_apart_by_angle():
    pairs = [(a_truth(), a_track(0.1, 3.0))]
    frames, ahead = figures(pairs, 0, 20)
    assert (frames, ahead.found) == (2, 1.0)
    assert (ahead.active, ahead.head_deg) == (pytest.approx(0.1), pytest.approx(3.0))
    frames, far = figures(pairs, 40, 90)
    assert (frames, far.found) == (1, 0.0)
    assert far.active == pytest.approx(0.4)  # an artist gets nothing there
    assert np.isnan(far.head_deg)


def test_the_best_has_a_star():
    table = angle_table({"one": [(a_truth(), a_track(0.1))], "two": [(a_truth(), a_track(0.2))]})
    (line,) = [line for line in table.splitlines()[1:5] if "active" in line]
    assert line.split()[-2:] == ["0.100*", "0.200"]
    assert "20-40, 1 frames" in table
