# SPDX-License-Identifier: GPL-3.0-or-later
"""The quality mode: looking several times is nearer to the truth, and nothing else changes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.__main__ import main
from engine.core.arkit import COUNT, INDEX
from engine.core.axes import rotation_from_euler_deg
from engine.core.engines import BEST, FAST
from engine.core.errors import FacewrightError
from engine.core.face_geometry import load_geometry
from engine.core.requests import TrackRequest
from engine.core.types import Observations, VideoFrame
from engine.models import optional
from engine.models.catalog import model_path
from engine.pipeline.engines import engine_header
from engine.pipeline.track import _check_same_clip
from engine.sources.media import VideoSource
from engine.tracking import catalog
from engine.tracking.base import TrackerOptions
from engine.tracking.detectors import second_opinion
from engine.tracking.detectors.second_opinion import SecondOpinion, with_second_opinion
from engine.tracking.left_right import left_right, mirrored_face, mirrored_region
from engine.tracking.parts import RawFace
from engine.tracking.quality import LOOKS, Look, QualityLandmarker, mean_rotation, merged
from engine.tracking.regions import Region

GEOMETRY = load_geometry(model_path("face_geometry"))
PAIRS = left_right(GEOMETRY)
WIDTH = 64
IMAGE = np.tile(np.arange(WIDTH, dtype=np.uint8)[None, :, None], (48, 1, 3))
OPTIONS = TrackerOptions(model_path, quality=BEST)
REGION = Region(30.0, 20.0, 20.0, 20.0, 0.1)


def a_face(rng, **values) -> RawFace:
    landmarks = rng.normal(size=(478, 3)).astype(np.float32) * 9 + 30
    return RawFace(landmarks, 0.99, 0.2, np.ones(10240, np.float32))._replace(**values)


class Noisy:
    """Sees the same face everywhere, a little beside its place, and the mirrored one mirrored."""

    provider, notes = "FakeProvider", ["A note."]
    min_presence, new_presence, new_presence_in_square = 0.4, 0.8, 0.95

    def __init__(self, noise: float = 1.0, presence: float = 0.99) -> None:
        self.rng = np.random.default_rng(7)
        self.truth = a_face(self.rng).landmarks
        self.noise, self.presence, self.asked = noise, presence, []

    def find(self, image, region):
        is_mirrored = bool(image[0, 0, 0] > image[0, -1, 0])
        self.asked.append((is_mirrored, region))
        noise = self.rng.normal(size=(478, 3)).astype(np.float32) * self.noise
        face = RawFace(self.truth + noise, self.presence, 0.3, np.full(10240, region.width))
        if not is_mirrored:
            return face
        return mirrored_face(face, WIDTH, PAIRS)._replace(maps=face.maps)


def test_pairs_are_those_of_the_face():
    assert PAIRS.shape == (478,)
    assert (PAIRS[PAIRS] == np.arange(478)).all()
    assert (PAIRS[33], PAIRS[61], PAIRS[468]) == (263, 291, 473)
    assert (PAIRS[[1, 10, 152]] == [1, 10, 152]).all()
    chosen = set(GEOMETRY.blendshape_landmarks.tolist())
    both = sum(int(PAIRS[one]) in chosen for one in chosen)
    assert both > 0.9 * len(chosen)


def test_a_mirror_of_a_mirror_is_the_face():
    rng = np.random.default_rng(1)
    rotation = rotation_from_euler_deg(np.array([10.0, 20.0, 5.0]))
    face = a_face(rng, scores=rng.uniform(size=COUNT).astype(np.float32), rotation=rotation)
    once = mirrored_face(face._replace(looks=np.ones(256, np.float32)), WIDTH, PAIRS)
    assert once.maps is None
    assert once.looks is None
    assert once.scores[INDEX["mouthSmileLeft"]] == face.scores[INDEX["mouthSmileRight"]]
    expected = rotation_from_euler_deg(np.array([10.0, -20.0, -5.0]))
    np.testing.assert_allclose(once.rotation, expected, atol=1e-9)
    again = mirrored_face(once, WIDTH, PAIRS)
    np.testing.assert_allclose(again.landmarks, face.landmarks, atol=1e-4)
    np.testing.assert_array_equal(again.scores, face.scores)
    np.testing.assert_allclose(again.rotation, rotation)
    assert mirrored_region(mirrored_region(REGION, WIDTH), WIDTH) == REGION


def test_many_looks_are_nearer_than_one():
    inner = Noisy()
    face = QualityLandmarker(inner, PAIRS).find(IMAGE, REGION)
    off = np.std(face.landmarks - inner.truth)
    assert off == pytest.approx(1 / math.sqrt(len(LOOKS) + 1), rel=0.1)
    assert face.landmarks.dtype == np.float32
    assert inner.asked[0] == (False, REGION)
    assert sum(is_mirrored for is_mirrored, _ in inner.asked) == sum(x.mirrored for x in LOOKS)


def test_without_noise_nothing_changes():
    inner = Noisy(noise=0.0)
    face = QualityLandmarker(inner, PAIRS).find(IMAGE, REGION)
    np.testing.assert_allclose(face.landmarks, inner.truth, atol=1e-4)
    assert (face.presence, face.tongue) == (pytest.approx(0.99), pytest.approx(0.3))


def test_a_look_is_what_it_says():
    inner = Noisy()
    looks = [Look(scale=1.25), Look(mirrored=True, turn=90.0)]
    QualityLandmarker(inner, PAIRS, looks).find(IMAGE, REGION)
    (_, wide), (is_mirrored, turned) = inner.asked[1:]
    assert (wide.width, wide.height, wide.angle) == (25.0, 25.0, REGION.angle)
    assert is_mirrored and turned.x == WIDTH - REGION.x
    assert turned.angle == pytest.approx(-(REGION.angle + math.pi / 2))


def test_nobody_looks_twice_at_what_is_no_face():
    inner = Noisy(presence=0.3)
    assert QualityLandmarker(inner, PAIRS).find(IMAGE, REGION).presence == 0.3
    assert len(inner.asked) == 1


def test_it_stands_for_the_other_one():
    quality = QualityLandmarker(Noisy(), PAIRS)
    assert (quality.provider, quality.notes, quality.batch) == ("FakeProvider", ["A note."], 1)
    told = quality.min_presence, quality.new_presence, quality.new_presence_in_square
    assert told == (0.4, 0.8, 0.95)


def test_looks_are_merged_as_documented():
    rng = np.random.default_rng(2)
    plain = a_face(rng, presence=1.0)
    bent = a_face(rng, presence=0.6, maps=None, tongue=0.6)
    face = merged([plain, bent])
    assert face.presence == pytest.approx(0.8)
    assert face.tongue == pytest.approx(0.4)
    np.testing.assert_array_equal(face.maps, plain.maps)
    assert face.scores is None and face.rotation is None
    scores = np.full(COUNT, np.nan, np.float32)
    face = merged([plain._replace(scores=scores), bent._replace(scores=scores)])
    assert np.isnan(face.scores).all()  # still no opinion


def test_the_plain_look_counts_twice_for_the_appearance():
    rng = np.random.default_rng(2)
    values = (1.0, 4.0, None, 7.0)
    looks = [None if value is None else np.full(256, value, np.float32) for value in values]
    face = merged([a_face(rng, looks=each) for each in looks])
    np.testing.assert_allclose(face.looks, (1 + 1 + 4 + 7) / 4)
    assert merged([a_face(rng)]).looks is None


def test_the_mean_of_two_turns_is_between_them():
    turns = [rotation_from_euler_deg(np.array([0.0, yaw, 0.0])) for yaw in (-10.0, 30.0)]
    expected = rotation_from_euler_deg(np.array([0.0, 10.0, 0.0]))
    np.testing.assert_allclose(mean_rotation(turns), expected, atol=1e-9)


class Sees:
    """A detector that sees what it is told to."""

    provider = "FakeProvider"

    def __init__(self, name: str, found: list) -> None:
        self.name, self.found, self.notes, self.asked = name, found, [f"{name} notes."], 0

    def detect(self, _image, _region):
        self.asked += 1
        return self.found


def test_the_second_detector_is_asked_where_the_first_sees_nobody():
    nobody, somebody, other = Sees("a", []), Sees("b", ["face"]), Sees("c", ["other"])
    both = SecondOpinion(nobody, somebody)
    assert both.detect(IMAGE, REGION) == ["face"]
    assert (both.name, both.provider) == ("a", "FakeProvider")
    assert both.notes == ["a notes.", "b notes."]
    assert SecondOpinion(somebody, other).detect(IMAGE, REGION) == ["face"]
    assert other.asked == 0


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "own"))


@pytest.mark.parametrize(("code", "raises"), [("model-not-there", False), ("model-corrupt", True)])
def test_a_second_detector_that_is_not_there_is_no_fault(monkeypatch, code, raises):
    def broken(_options):
        raise FacewrightError("No.", "Do.", code)

    monkeypatch.setattr(second_opinion, "create_detector", broken)
    first = Sees("blazeface", [])
    if raises:
        with pytest.raises(FacewrightError):
            with_second_opinion(first, OPTIONS)
    else:
        assert with_second_opinion(first, OPTIONS) is first
    assert with_second_opinion(Sees("retinaface", []), OPTIONS).name == "retinaface"


def test_unreadable_acceptances_are_told_and_block_nothing(own_home, tmp_path):
    (tmp_path / "own" / "models").mkdir(parents=True)
    (tmp_path / "own" / "models" / "accepted.json").write_text("{")
    first = Sees("blazeface", ["face"])
    both = with_second_opinion(first, OPTIONS)
    assert both.detect(IMAGE, REGION) == ["face"]
    assert "accepted.json" in both.notes[-1] and len(both.notes) == 1 + len(first.notes)
    first.found = []
    assert both.detect(IMAGE, REGION) == []
    assert "openseeface_retinaface" not in engine_header("mediapipe", "", BEST)["models"]


def test_it_is_asked_for_by_its_own_name(monkeypatch):
    asked = []
    monkeypatch.setattr(second_opinion, "create_detector", lambda o: asked.append(o.detector))
    assert isinstance(with_second_opinion(Sees("blazeface", []), OPTIONS), SecondOpinion)
    assert asked == ["retinaface"]


def test_a_take_tells_the_second_detector_where_it_was_there(own_home, monkeypatch):
    without = engine_header("mediapipe", "", BEST)
    assert without["quality"] == BEST
    assert "openseeface_retinaface" not in without["models"]
    monkeypatch.setattr("engine.pipeline.engines.missing_of", lambda _info: [])
    sha256 = optional.optional_model("openseeface_retinaface").sha256
    assert engine_header("mediapipe", "", BEST)["models"]["openseeface_retinaface"] == sha256
    assert "openseeface_retinaface" not in engine_header("mediapipe", "")["models"]


def frames_of(clip, some: int) -> list[VideoFrame]:
    with VideoSource(clip) as source:
        return [frame for frame, _ in zip(source.frames(), range(some), strict=False)]


def tracked(frames, **options) -> Observations:
    tracker = catalog.create_tracker("mediapipe", TrackerOptions(model_path, **options))
    return Observations.concatenate(list(tracker.track(iter(frames))))


def test_a_clip_is_tracked_the_same_in_any_number_of_streams(clip, monkeypatch):
    monkeypatch.setattr("engine.tracking.streams.BLOCK_FRAMES", 8)
    frames = frames_of(clip("single_face.mp4"), 16)
    fast = tracked(frames, streams=1)
    best = tracked(frames, streams=1, quality=BEST)
    both = tracked(frames, streams=2, quality=BEST)
    assert best.valid.all()
    assert np.isfinite(best.appearance).all()
    apart = np.linalg.norm((best.landmarks - fast.landmarks)[..., :2], axis=2)
    size = np.ptp(fast.landmarks[0, :, 0])
    assert 0 < np.median(apart) < 0.02 * size
    np.testing.assert_allclose(both.landmarks, best.landmarks, atol=0.05)


def test_a_quality_that_is_not_there_is_refused():
    with pytest.raises(FacewrightError) as caught:
        catalog.create_tracker("mediapipe", TrackerOptions(model_path, quality="better"))
    assert caught.value.code == "quality-unknown"
    with pytest.raises(FacewrightError) as caught:
        catalog.create_tracker("mediapipe-tasks", TrackerOptions(model_path, quality=BEST))
    assert caught.value.code == "quality-unused"


def test_a_request_keeps_its_quality():
    request = TrackRequest("a.mp4", "a.fwtake", quality=BEST)
    assert TrackRequest.from_wire(request.to_wire()) == request
    assert TrackRequest("a.mp4", "a.fwtake").quality == FAST


def test_the_command_line_asks_for_it(monkeypatch, clip, tmp_path):
    asked = []

    def stop(request, _progress):
        asked.append(request)
        raise FacewrightError("Enough.", "None.", "enough")

    monkeypatch.setattr("engine.pipeline.track.track_video", stop)
    for words, expected in (((), FAST), (("--quality", "best"), BEST)):
        take = str(tmp_path / "a.fwtake")
        assert main(["track", str(clip("single_face.mp4")), "--take", take, *words]) != 0
        assert asked[-1].quality == expected


def test_a_take_goes_on_with_the_quality_that_began_it(monkeypatch, tmp_path):
    settings = {"source": {"sha256": "1", "file": "a"}, "settings": {"face": 0}}
    now = {"engine": "mediapipe", "detector": "blazeface", "models": {}, **settings}
    monkeypatch.setattr("engine.pipeline.track.read_header", lambda _: dict(old))
    old = dict(now)  # a take of before there was a choice
    assert _check_same_clip(tmp_path, now | {"quality": FAST}) == 0
    with pytest.raises(FacewrightError, match="quality") as caught:
        _check_same_clip(tmp_path, now | {"quality": BEST})
    assert caught.value.code == "resume-other-engine"
    assert "fast" in str(caught.value)
