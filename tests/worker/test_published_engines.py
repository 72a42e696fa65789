# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines and detectors with the weights that their authors published, where those are at hand.

    FACEWRIGHT_HOME=.cache/engine_models python tools/fetch_engine_models.py --accept-licence

brings them here. Most are for research alone, so that nothing fetches them unasked.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.types import Observations
from engine.models.added import is_there
from engine.models.catalog import model_path
from engine.models.optional import optional_model
from engine.sources.media import VideoSource
from engine.tracking.base import TrackerOptions
from engine.tracking.catalog import create_tracker
from engine.tracking.detectors.catalog import create_detector
from engine.tracking.regions import letterbox
from tools.fetch_engine_models import SOURCES

HOME = Path(__file__).resolve().parents[2] / ".cache" / "engine_models"
# Corners of the eyes and the mouth, nose, chin: every network knows them.
POINTS = [33, 133, 362, 263, 1, 61, 291, 152]


@pytest.fixture(autouse=True)
def home(monkeypatch):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(HOME))
    if not all(is_there(optional_model(source.model)) for source in SOURCES):
        pytest.skip("needs tools/fetch_engine_models.py")


def frames(path: Path, first: int, count: int) -> list:
    with VideoSource(path) as source:
        return list(itertools.islice(source.frames(), first, first + count))


def tracked(engine: str, pictures: list) -> Observations:
    tracker = create_tracker(engine, TrackerOptions(model_path, device="cpu", streams=1))
    return Observations.concatenate(list(tracker.track(iter(pictures))))


@pytest.mark.parametrize(("engine", "most"), [("insightface", 0.05), ("3ddfa", 0.08)])
@pytest.mark.parametrize(("name", "first"), [("single_face.mp4", 0), ("carphone_pristine.mp4", 60)])
def test_points_lie_where_mediapipe_sees_them(clip, engine, most, name, first):
    pictures = frames(clip(name), first, 8)
    usual, other = tracked("mediapipe", pictures), tracked(engine, pictures)
    assert usual.valid.all() and other.valid.all()
    eyes = np.linalg.norm(usual.landmarks[:, 263, :2] - usual.landmarks[:, 33, :2], axis=1)
    apart = np.linalg.norm((usual.landmarks - other.landmarks)[:, POINTS, :2], axis=2)
    assert np.median(apart / eyes[:, None]) < most
    # Heads: the relative rotation is small.
    turned = np.einsum("tij,tik->tjk", usual.head[:, :3, :3], other.head[:, :3, :3])
    assert np.degrees(np.arccos((np.trace(turned, axis1=1, axis2=2) - 1) / 2)).max() < 12


@pytest.mark.parametrize("detector", ["scrfd", "centerface"])
def test_detectors_find_faces_and_nothing_else(clip, detector):
    options = TrackerOptions(model_path, device="cpu", streams=1)
    usual, other = (
        create_detector(replace(options, detector=one)) for one in ("blazeface", detector)
    )
    for picture in frames(clip("single_face.mp4"), 0, 3):
        whole = letterbox(picture.image)
        (seen,), (found,) = usual.detect(picture.image, whole), other.detect(picture.image, whole)
        assert _overlap(seen.box, found.box) > 0.6
        assert np.linalg.norm(seen.keypoints[:2] - found.keypoints[:2], axis=1).max() < 12
    for picture in frames(clip("no_face.mp4"), 0, 3):
        assert not other.detect(picture.image, letterbox(picture.image))


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Area that two boxes share, by the area that they cover together."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    shared = np.prod(np.maximum(sides, 0))
    both = sum(np.prod(box[2:] - box[:2]) for box in (one, other))
    return float(shared / (both - shared))
