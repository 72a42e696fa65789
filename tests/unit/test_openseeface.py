# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSeeFace's engine: how its outputs are read, and, where its models are, what it sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.types import Observations, VideoFrame
from engine.models.catalog import model_path
from engine.sources.media import VideoSource
from engine.tracking.base import TrackerOptions
from engine.tracking.catalog import create_tracker
from engine.tracking.detectors import openseeface as squares
from engine.tracking.detectors.blazeface import BlazeFace
from engine.tracking.detectors.catalog import create_detector
from engine.tracking.detectors.retinaface import RetinaFace, priors
from engine.tracking.landmarkers import openseeface as landmarks
from engine.tracking.landmarkers import openseeface_gaze as gaze
from engine.tracking.regions import Region, letterbox

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MODELS = {
    "openseeface_landmarks": "openseeface_lm_model0_opt.onnx",
    "openseeface_gaze": "openseeface_mnv3_gaze32_split_opt.onnx",
    "openseeface_detection": "openseeface_mnv3_detection_opt.onnx",
    "openseeface_retinaface": "openseeface_retinaface_640x640_opt.onnx",
}


def squeezed(share: float, steep: float) -> float:
    """What a network gives for a point that lies ``share`` of the picture beside its cell."""
    return 1 / (1 + np.exp(-share * steep))


def test_points_are_read_between_the_cells():
    maps = np.full((198, 28, 28), 0.5, np.float32)
    maps[:66] = 0.1
    cells = [(point % 28, (point * 5) % 28) for point in range(66)]
    for point, (row, column) in enumerate(cells):
        maps[point, row, column] = 0.9
        maps[66 + point, row, column] = squeezed(0.01, 16)
        maps[132 + point, row, column] = squeezed(-0.02, 16)
    points, certain = landmarks.decode(maps)
    expected = [(223 * (column / 27 - 0.02), 223 * (row / 27 + 0.01)) for row, column in cells]
    np.testing.assert_allclose(points, expected, atol=1e-3)
    np.testing.assert_allclose(certain, 0.9)


def test_offsets_at_their_ends_are_numbers():
    maps = np.ones((198, 28, 28), np.float32)
    maps[132:] = 0
    assert np.isfinite(landmarks.decode(maps)[0]).all()
    assert np.isfinite(gaze.decode(np.ones((3, 8, 8), np.float32))[0]).all()


def test_certainty_becomes_a_probability():
    likely = [landmarks.presence(c) for c in (0.0, 0.5, 0.62, 0.73, 0.86, 1.0)]
    assert likely == sorted(likely)
    assert likely[1] < 0.03
    assert likely[2] == pytest.approx(0.5)
    assert likely[3] > 0.97
    assert likely[4] > 0.999


def test_the_network_looks_at_the_face_in_an_upright_or_tilted_region():
    upright = landmarks.part_of(Region(100, 200, 300, 300, 0.0))
    assert upright[:2] == pytest.approx((100, 200 + 0.09 * 300))
    tilted = landmarks.part_of(Region(100, 200, 300, 300, np.pi / 2))
    assert tilted[:2] == pytest.approx((100 - 0.09 * 300, 200))
    assert tilted.width == pytest.approx(0.82 * 300)


def test_a_pupil_is_read_columns_first():
    maps = np.full((3, 8, 8), 0.5, np.float32)
    maps[0] = 0
    maps[0, 5, 2] = 0.8
    maps[1, 5, 2], maps[2, 5, 2] = squeezed(0.03, 8), squeezed(-0.01, 8)
    pupil, certain = gaze.decode(maps)
    np.testing.assert_allclose(pupil, [32 * (5 / 8 + 0.03), 32 * (2 / 8 - 0.01)], atol=1e-3)
    assert certain == pytest.approx(0.8)
    eye = gaze.eye_region(np.array([[10.0, 10], [10, 30]]))
    assert eye == pytest.approx((10, 20, 28, 24, np.pi / 2))


def test_squares_are_the_highest_of_their_neighbourhood():
    maps = np.zeros((2, 56, 56), np.float32)
    maps[1] = 0.25
    maps[0, 20, 30], maps[0, 20, 31], maps[0, 40, 10], maps[0, 5, 5] = 0.9, 0.8, 0.7, 0.5
    highest = maps[0].copy()
    highest[20, 31] = 0.9
    boxes, scores = squares.decode(maps, highest)
    np.testing.assert_allclose(scores, [0.9, 0.7])
    np.testing.assert_allclose(boxes[0], [120 - 28, 80 - 28, 120 + 28, 80 + 28])
    np.testing.assert_allclose(boxes[1, :2], [40 - 28, 160 - 28])


def test_prior_boxes_follow_the_rule_of_the_file():
    boxes = priors(640, 640)
    assert boxes.shape == (16800, 3)
    # The first rows of OpenSeeFace's priorbox_640x640.json, in pixels.
    np.testing.assert_allclose(boxes[:3], [(4, 4, 16), (4, 4, 32), (12, 4, 16)])
    np.testing.assert_allclose(boxes[-1], (624, 624, 512))


def test_retinaface_is_read_from_its_priors():
    detector = object.__new__(RetinaFace)
    detector.path = Path("model.onnx")
    anchors = priors(64, 64)
    boxes, points = np.zeros((1, len(anchors), 4)), np.zeros((1, len(anchors), 10))
    classes = np.tile([1.0, 0.0], (1, len(anchors), 1))
    classes[0, 7] = (0.1, 0.9)
    boxes[0, 7], points[0, 7, :2] = (1, -1, 0, 5 * np.log(2)), (2, -3)
    found = detector.decode([boxes, classes, points], 64, 64)
    x, y, side = anchors[7]
    np.testing.assert_allclose(
        found.boxes,
        [(x + 0.1 * side - side / 2, y - 0.1 * side - side, x + 0.6 * side, y + 0.9 * side)],
        rtol=1e-5,
    )
    np.testing.assert_allclose(found.keypoints[0, 0], (x + 0.2 * side, y - 0.3 * side), rtol=1e-5)
    assert found.scores == pytest.approx([0.9])


@pytest.fixture(scope="module")
def paths():
    """A ``TrackerOptions.model_path`` that knows OpenSeeFace's models, or skips."""
    folder = SHARED / "models"
    if not (folder / MODELS["openseeface_landmarks"]).exists():
        pytest.skip("OpenSeeFace's models are not here")
    return lambda model: folder / MODELS[model] if model in MODELS else model_path(model)


def options(paths, **more) -> TrackerOptions:
    return TrackerOptions(paths, device="cpu", **{"streams": 1, **more})


def frames(path: Path, count: int, first: int = 0) -> list[VideoFrame]:
    with VideoSource(path) as source:
        return [f for f in source.frames() if first <= f.index < first + count]


def eye_distance(faces: np.ndarray) -> float:
    return float(np.linalg.norm(faces[:, 33, :2] - faces[:, 263, :2], axis=1).mean())


def test_it_sees_what_mediapipe_sees(paths, clip):
    some = frames(clip("single_face.mp4"), 10)
    ours, theirs = (
        Observations.concatenate(list(create_tracker(engine, options(paths)).track(iter(some))))
        for engine in ("openseeface", "mediapipe")
    )
    assert ours.valid.all()
    assert ours.presence.min() > 0.9
    apart = np.linalg.norm(ours.landmarks[..., :2] - theirs.landmarks[..., :2], axis=2)
    apart = apart.mean(0) / eye_distance(theirs.landmarks)
    assert apart.mean() < 0.06
    assert apart[[33, 133, 362, 263, 13, 14, 4]].max() < 0.06
    assert apart[[468, 473]].max() < 0.06
    # The appearance is MediaPipe's, guessed.
    together = np.corrcoef(ours.appearance.mean(0), theirs.appearance.mean(0))[0, 1]
    assert together > 0.5
    assert np.isfinite(ours.scores).all()


def test_a_blink_of_a_real_face_is_seen(paths, clip):
    # Frames 26 to 28 of this clip are shut (benchmarks/support/real_blinks.toml).
    some = frames(clip("single_face.mp4"), 30, first=15)
    seen = Observations.concatenate(
        list(create_tracker("openseeface", options(paths)).track(iter(some)))
    )
    gaps = [
        np.linalg.norm(seen.landmarks[:, a, :2] - seen.landmarks[:, b, :2], axis=1)
        for a, b in ((159, 145), (386, 374))
    ]
    gap = np.mean(gaps, 0) / eye_distance(seen.landmarks)
    shut = np.isin(seen.index, (26, 27, 28))
    assert gap[shut].min() < 0.45 * np.median(gap)
    assert gap[~shut & (np.abs(seen.index - 27) > 4)].min() > 0.7 * np.median(gap)


def test_best_quality_keeps_the_appearance(paths, clip):
    (frame,) = frames(clip("single_face.mp4"), 1)
    seen = create_tracker("openseeface", options(paths, quality="best")).track_one(frame)
    assert np.isfinite(seen.appearance).all()


def test_streams_live_and_backwards_agree(paths, clip):
    some = frames(clip("single_face.mp4"), 30)
    tracker = create_tracker("openseeface", options(paths))
    whole = Observations.concatenate(list(tracker.track(iter(some))))
    live = Observations.concatenate([tracker.track_one(frame) for frame in some])
    np.testing.assert_allclose(live.landmarks, whole.landmarks, atol=1e-3)
    back = tracker.track_backwards(some[5:0:-1], whole.landmarks[6])
    assert back.valid.all()
    assert list(back.index) == [1, 2, 3, 4, 5]
    apart = np.abs(back.landmarks[..., :2] - whole.landmarks[1:6, :, :2]).mean()
    assert apart < 0.02 * eye_distance(whole.landmarks)


def test_a_face_is_lost_and_found(paths, clip):
    some = frames(clip("single_face.mp4"), 4)
    height, width = some[0].image.shape[:2]
    grey = np.full((height, width, 3), 128, np.uint8)
    images = [some[0].image, some[1].image, grey, grey, some[2].image, some[3].image]
    tracker = create_tracker("openseeface", options(paths))
    rows = [tracker.track_one(VideoFrame(i, i / 25, image)) for i, image in enumerate(images)]
    assert [bool(row.valid[0]) for row in rows] == [True, True, False, False, True, True]


def test_of_two_faces_the_one_asked_for_is_followed(paths, clip):
    (frame,) = frames(clip("single_face.mp4"), 1)
    two = np.concatenate([frame.image, frame.image[:, ::-1]], 1)
    middles = []
    for face in (0, 1):
        tracker = create_tracker("openseeface", options(paths, face=face))
        rows = [tracker.track_one(VideoFrame(i, i / 25, two)) for i in range(2)]
        assert rows[-1].valid.all()
        middles.append(float(rows[-1].landmarks[0, :, 0].mean()))
    assert tracker.faces_seen == 2
    assert abs(middles[0] - middles[1]) > 100


@pytest.mark.parametrize("name", ["openseeface", "retinaface"])
def test_the_detectors_draw_blazefaces_box(paths, clip, name):
    (frame,) = frames(clip("single_face.mp4"), 1)
    region = letterbox(frame.image)
    (theirs,) = BlazeFace(options(paths)).detect(frame.image, region)
    detector = create_detector(options(paths, detector=name))
    assert detector.name == name
    (ours,) = detector.detect(frame.image, region)
    side = theirs.box[2] - theirs.box[0]
    assert np.abs(ours.box - theirs.box).max() < 0.2 * side
    assert np.abs(ours.keypoints[:2] - theirs.keypoints[:2]).max() < 0.12 * side
    assert (
        detector.detect(np.full((240, 320, 3), 90, np.uint8), Region(160, 120, 320, 320, 0)) == []
    )


def test_tensorrt_is_not_asked(paths):
    detector = create_detector(options(paths, detector="openseeface"))
    assert detector.notes == []
    asked, notes = landmarks.without_tensorrt(TrackerOptions(paths, device="tensorrt"))
    assert asked.device == "cuda"
    assert "TensorRT" in notes[0]
