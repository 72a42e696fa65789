# SPDX-License-Identifier: GPL-3.0-or-later
"""The default tracker gives what Google's own package gives in VIDEO mode, with one face."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.support.tracking_runs import differences, rotation_difference_deg
from engine.core.face_geometry import load_geometry
from engine.core.types import Observations
from engine.models.catalog import model_path
from engine.sources.media import VideoSource
from engine.tracking.base import TrackerOptions
from engine.tracking.catalog import create_tracker
from engine.tracking.head_pose import head_pose

pytest.importorskip("mediapipe", reason="Google's package is not installed")

CLIPS = ("carphone_pristine.mp4", "single_face.mp4", "WolfgangLanger_Pexels.mp4", "noface_face.mov")
FRAMES = 170


@pytest.fixture(scope="module", params=CLIPS)
def footage(request, clip):
    """Frames, picture size and what Google's package sees in them."""
    with VideoSource(clip(request.param)) as source:
        size = source.info.width, source.info.height
        frames = list(itertools.islice(source.frames(), FRAMES))
    return frames, size, _track(frames, "mediapipe-tasks")


def _track(frames, engine, **options):
    tracker = create_tracker(engine, TrackerOptions(model_path, **options))
    return Observations.concatenate(list(tracker.track(iter(frames))))


@pytest.mark.parametrize("streams", [1, 2])
def test_landmarks_scores_and_head_agree(footage, streams):
    frames, _, theirs = footage
    ours = _track(frames, "mediapipe", streams=streams)
    assert ours.valid[theirs.valid].mean() > 0.98
    pixels, scores, degrees = differences(ours, theirs)
    assert np.median(pixels) < 0.1
    assert np.percentile(pixels, 99) < 0.5
    assert scores.mean() < 0.002
    assert scores.max() < 0.1
    assert np.median(degrees) < 0.05
    assert np.percentile(degrees, 95) < 0.3


def test_the_same_landmarks_give_the_same_head(footage):
    _, size, theirs = footage
    seen = theirs[theirs.valid]
    poses = head_pose(load_geometry(model_path("face_geometry")), seen.landmarks, *size)
    assert rotation_difference_deg(poses, seen.head).max() < 0.05
    np.testing.assert_allclose(poses[:, :3, 3], seen.head[:, :3, 3], atol=0.05)
