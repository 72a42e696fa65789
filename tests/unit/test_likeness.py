# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frames a sheet of stills shows, and what of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.arkit import COUNT, INDEX
from engine.core.types import Observations
from tools.likeness import pick_stills, square_crop


def _clip(frames: int, **peaks: int) -> Observations:
    """A clip at 25 frames a second; each weight is 1 in one frame, else 0."""
    scores = np.zeros((frames, COUNT), np.float32)
    for name, frame in peaks.items():
        scores[frame, INDEX[name]] = 1.0
    numbers = np.arange(frames)
    nobody = Observations.empty(numbers, numbers / 25)
    return replace(nobody, valid=np.ones(frames, bool), scores=scores)


def test_the_strongest_movements_are_shown_and_the_rest_is_spread():
    clip = _clip(100, jawOpen=30, eyeBlinkLeft=55, mouthSmileRight=80, browInnerUp=12)
    stills = pick_stills(clip, 8)
    why = {still.why: still.frame for still in stills if still.why}
    assert {"jaw": 30, "lids": 55, "smile": 80, "brows": 12}.items() <= why.items()
    frames = np.array([still.frame for still in stills])
    assert len(frames) == 8
    assert (np.diff(np.concatenate([[0], frames, [99]])) <= 25).all()
    assert stills[3].time_s == pytest.approx(stills[3].frame / 25)


def test_two_movements_of_one_moment_are_shown_once():
    stills = pick_stills(_clip(100, jawOpen=40, mouthSmileLeft=41, browInnerUp=40), 8)
    assert sum(38 <= still.frame <= 42 for still in stills) == 1


def test_only_frames_with_the_face_are_shown():
    clip = _clip(40, jawOpen=5)
    clip.valid[:30] = False
    clip.scores[:30] = np.nan
    assert all(still.frame >= 30 for still in pick_stills(clip, 8))
    clip.valid[:38] = False
    assert [still.frame for still in pick_stills(clip, 8)] == [38, 39]
    clip.valid[:] = False
    assert pick_stills(clip, 8) == []


def test_a_glance_behind_closed_lids_does_not_count():
    clip = _clip(100, eyeLookOutLeft=20, eyeBlinkLeft=20, eyeBlinkRight=20, eyeLookOutRight=60)
    clip.scores[60, INDEX["eyeLookOutRight"]] = 0.5
    assert {still.why: still.frame for still in pick_stills(clip, 8)}["gaze"] == 60


def test_a_crop_beyond_the_picture_repeats_its_edge():
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, :10] = 200
    crop = square_crop(image, np.array([[0.0, 0.0], [8.0, 8.0]]), 24.0, 12)
    assert crop.shape == (12, 12, 3)
    assert (crop[:, :8] == 200).all() and (crop[:, 10:] == 0).all()
