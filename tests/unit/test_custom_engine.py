# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that a person describes: read as described, and refused in words."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.arkit import INDEX, MEDIAPIPE_NAMES, NAMES
from engine.core.axes import euler_deg, rotation_from_euler_deg
from engine.core.engines import detector_of
from engine.core.errors import FacewrightError
from engine.core.face_geometry import load_geometry
from engine.core.types import Observations, VideoFrame
from engine.models.catalog import WEIGHTS, list_models, model_path
from engine.models.needs import hashes_of
from engine.sources.media import VideoSource
from engine.tracking import catalog
from engine.tracking.base import TrackerOptions
from engine.tracking.completion import completion_for
from engine.tracking.correspondence import IBUG_68, INSIGHTFACE_106, OPENSEEFACE_66
from engine.tracking.dense import Dense, with_irises
from engine.tracking.landmarkers.custom import custom_landmarker, read_custom_model
from engine.tracking.landmarkers.mediapipe import MediapipeLandmarker
from engine.tracking.regions import Region, matrix
from tests.onnx_files import Net

DOCS = Path(__file__).resolve().parents[2] / "docs" / "custom_engine.md"
OPTIONS = TrackerOptions(model_path, streams=1)
GEOMETRY = load_geometry(model_path("face_geometry"))
REGION = Region(150, 120, 160, 160, 0.3)


class Detector:
    """Sees a face with a score, always in the middle."""

    name, provider, notes = "fixed", "", []

    def __init__(self, score: float = 0.0) -> None:
        self.score = score

    def detect(self, image, region):
        from engine.tracking.parts import Detection

        box = np.array([region.x - 9, region.y - 9, region.x + 9, region.y + 9])
        return [Detection(box, np.zeros((2, 2)), self.score)] if self.score else []


def example() -> str:
    """The example of the documentation."""
    return re.search(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1]


def picture(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (240, 320, 3), np.uint8)


def written(folder: Path, text: str, net: Net | None = None) -> Path:
    if net:
        net.save(folder / "net.onnx")
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def opened(path: Path, detector=None):
    return custom_landmarker(read_custom_model(path), detector or Detector(), OPTIONS)


def constant(net: Net, values: np.ndarray, name: str, shape: list | None = None) -> None:
    """An output that is the same for any picture."""
    zero = net.node("Mul", net.node("ReduceMean", "input", keepdims=0), net.constant(np.float32(0)))
    values = np.asarray(values, np.float32)
    net.output(net.node("Add", net.constant(values), zero), shape or list(values.shape), name)


def described(meaning: str, more: str = "", size: int = 64) -> str:
    return (
        '[model]\nfile = "net.onnx"\nname = "Mine"\nlicence = "MIT"\n'
        f'[input]\nsize = {size}\n[[output]]\nmeaning = "{meaning}"\n{more}\n'
    )


@pytest.fixture
def documented(tmp_path):
    shutil.copy(WEIGHTS / "face_landmarks.onnx", tmp_path)
    return written(tmp_path, example())


def test_the_documented_example_reads_as_the_built_in_one(documented):
    ours, theirs = opened(documented), MediapipeLandmarker(OPTIONS)
    for seed in range(3):
        image = picture(seed)
        mine, known = ours.find(image, REGION), theirs.find(image, REGION)
        np.testing.assert_array_equal(mine.landmarks, known.landmarks)
        np.testing.assert_array_equal(mine.maps, known.maps)
        assert mine.presence == pytest.approx(known.presence)
        assert mine.tongue == known.tongue
        assert mine.scores is None
        assert mine.rotation is None


def test_the_documented_example_tracks_as_the_built_in_one(documented, clip):
    with VideoSource(clip("single_face.mp4")) as source:
        frames = list(itertools.islice(source.frames(), 12))

    def track(engine):
        return Observations.concatenate(
            list(catalog.create_tracker(engine, OPTIONS).track(iter(frames)))
        )

    mine, known = track(str(documented)), track("mediapipe")
    assert known.valid.all()
    for column in ("valid", "landmarks", "scores", "head", "appearance"):
        np.testing.assert_array_equal(getattr(mine, column), getattr(known, column))


def in_picture(points: np.ndarray, size: int) -> np.ndarray:
    to_image = matrix(REGION, size)
    return points[:, :2] @ to_image[:, :2].T + to_image[:, 2]


POINTS = np.random.default_rng(5).uniform(8, 56, (478, 3))


@pytest.mark.parametrize(
    ("units", "values"),
    [("pixels", POINTS), ("0..1", POINTS / 64), ("-1..1", POINTS / 32 - [1, 1, 0])],
)
@pytest.mark.parametrize("batched", [True, False])
def test_units_of_landmarks(tmp_path, units, values, batched):
    net = Net((1, 3, 64, 64))
    constant(net, values.reshape(1, -1) if batched else values, "points")
    face = opened(written(tmp_path, described("landmarks478", f'units = "{units}"'), net)).find(
        picture(), REGION
    )
    np.testing.assert_allclose(face.landmarks[:, :2], in_picture(POINTS, 64), atol=1e-3)
    depth = POINTS[:, 2] * REGION.width / 64 * np.hypot(np.cos(0.3), np.sin(0.3) * 320 / 240)
    np.testing.assert_allclose(face.landmarks[:, 2], depth, atol=1e-3)


def test_heat_maps(tmp_path):
    rng = np.random.default_rng(6)
    cells = rng.integers(1, 15, (68, 2))
    maps = np.full((1, 70, 16, 16), -3.0)
    for point, (x, y) in enumerate(cells):
        maps[0, point, y, x] = 5
        maps[0, point, y, x + 1] = 1
    net = Net((1, 3, 64, 64))
    constant(net, maps, "maps")
    path = written(tmp_path, described("landmarks68", 'units = "heatmaps"'), net)
    face = opened(path).find(picture(), REGION)
    # The neighbour's heat above the ground is half of the peak's: a third of a cell.
    places = (cells + [0.5 + 4 / 12, 0.5]) * 4
    dense = Dense(GEOMETRY, IBUG_68, completion_for(model_path("face_completion"), IBUG_68))
    expected = dense(in_picture(places, 64), 320 / 240)
    np.testing.assert_allclose(face.landmarks, expected, atol=1e-3)


def posed(scale=9.0, angles=(6.0, 14.0, 5.0)) -> np.ndarray:
    """float64 (478, 3): the canonical face in pixels of a crop of 192, y down."""
    face = with_irises(GEOMETRY.vertices) @ rotation_from_euler_deg(np.array(angles)).T * scale
    return face * [1, -1, -1] + [96, 96, 0]


@pytest.mark.parametrize(
    ("meaning", "scheme", "count"),
    [
        ("landmarks106", INSIGHTFACE_106, 106),
        ("landmarks68", IBUG_68, 68),
        ("landmarks66", OPENSEEFACE_66, 66),
    ],
)
def test_few_landmarks_become_the_whole_face(tmp_path, meaning, scheme, count):
    face = posed()
    dense = Dense(GEOMETRY, scheme)
    turned = dense.places @ rotation_from_euler_deg(np.array((6.0, 14.0, 5.0))).T * 9.0
    points = np.full((count, 2), 96.0)
    points[list(scheme.take)] = turned[:, :2] * [1, -1] + [96, 96]
    if count == 106:
        # Two points in each iris, either side of its middle.
        points[[34, 38, 88, 92]] = face[[468, 468, 473, 473], :2] + [[1, 0], [-1, 0]] * 2
    net = Net((1, 3, 192, 192))
    constant(net, points.reshape(1, -1), "points")
    text = described(meaning, 'axes = "xy"', 192)
    seen = opened(written(tmp_path, text, net)).find(picture(), REGION)
    apart = np.linalg.norm(seen.landmarks[:, :2] - in_picture(face, 192), axis=1)
    assert np.median(apart) < 1.0
    # What was learned knows real faces; their lids are not the canonical one's.
    assert apart[:468].max() < 6.0
    if count == 106:
        np.testing.assert_allclose(apart[[468, 473]], 0, atol=0.01)


def test_468_get_irises_and_xy_gets_depth(tmp_path):
    face = posed()
    net = Net((1, 192, 192, 3))
    constant(net, face[:468].reshape(1, 1, 1, -1), "points")
    text = described("landmarks468", "", 192).replace("[[output]]", 'layout = "NHWC"\n[[output]]')
    full = opened(written(tmp_path, text, net)).find(picture(), REGION)
    np.testing.assert_allclose(full.landmarks[:, :2], in_picture(face, 192), atol=0.7)
    (tmp_path / "flat").mkdir()
    net = Net((1, 192, 192, 3))
    constant(net, face[:468, :2].reshape(1, -1), "points")
    text = text.replace('"landmarks468"\n', '"landmarks468"\naxes = "xy"\n')
    flat = opened(written(tmp_path / "flat", text, net)).find(picture(), REGION)
    np.testing.assert_allclose(flat.landmarks[:, :2], full.landmarks[:, :2], atol=0.5)
    depth = flat.landmarks[:468, 2] - full.landmarks[:468, 2]
    assert np.abs(depth - depth.mean()).max() < 2.0


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("colour", ["RGB", "BGR"])
def test_the_picture_is_made_as_described(tmp_path, last, colour):
    shape = (1, 16, 16, 3) if last else (1, 3, 16, 16)
    net = Net(shape)
    constant(net, np.zeros((1, 956)), "points")
    net.output(
        net.node("ReduceMean", "input", axes=[1, 2] if last else [2, 3], keepdims=0),
        [1, 3],
        "means",
    )
    text = described("landmarks478", 'axes = "xy"', 16).replace(
        "[[output]]",
        f'layout = "{"NHWC" if last else "NCHW"}"\ncolour = "{colour}"\nscale = 0.01\n'
        "mean = [0.1, 0.2, 0.3]\nstd = [2, 4, 5]\n[[output]]",
    )
    text += '[[output]]\nmeaning = "weights"\nnames = ["jawOpen", "", "jawLeft"]\n'
    image = np.zeros((240, 320, 3), np.uint8)
    image[:] = (200, 120, 60)
    face = opened(written(tmp_path, text, net)).find(image, REGION)
    planes = np.array([200, 120, 60] if colour == "RGB" else [60, 120, 200])
    means = (planes * 0.01 - [0.1, 0.2, 0.3]) / [2, 4, 5]
    assert face.scores[INDEX["jawOpen"]] == pytest.approx(means[0], abs=1e-5)
    assert face.scores[INDEX["jawLeft"]] == pytest.approx(means[2], abs=1e-5)
    assert np.isnan(np.delete(face.scores, [INDEX["jawOpen"], INDEX["jawLeft"]])).all()


def test_where_the_crop_lies(tmp_path):
    net = Net((1, 3, 64, 64))
    constant(net, np.zeros((1, 956)), "points")
    text = described("landmarks478", 'axes = "xy"')

    def place(more):
        path = written(tmp_path, text.replace("[[output]]", f"{more}\n[[output]]"), net)
        return opened(path).place(REGION)

    assert place("") == REGION
    assert place("margin = 3.0") == (150, 120, 320, 320, 0.3)
    assert place("rotated = false") == (150, 120, 160, 160, 0.0)
    moved = place("shift = [0.1, 0.2]")
    box = 160 / 1.5
    right = np.array([np.cos(0.3), np.sin(0.3)]) * 0.1 * box
    down = np.array([-np.sin(0.3), np.cos(0.3)]) * 0.2 * box
    np.testing.assert_allclose(moved[:2], [150, 120] + right + down)


@pytest.mark.parametrize(("list_name", "names"), [("arkit", NAMES), ("mediapipe", MEDIAPIPE_NAMES)])
@pytest.mark.parametrize("units", ["probability", "logit"])
def test_lists_of_weights(tmp_path, list_name, names, units):
    values = np.linspace(0.02, 0.98, 52)
    net = Net((1, 3, 64, 64))
    constant(net, np.zeros((1, 1434)), "points")
    given = values if units == "probability" else np.log(values / (1 - values))
    constant(net, given[None], "weights")
    text = described("landmarks478")
    text += f'[[output]]\nmeaning = "weights"\nlist = "{list_name}"\nunits = "{units}"\n'
    face = opened(written(tmp_path, text, net)).find(picture(), REGION)
    for name, value in zip(names, values, strict=True):
        if name in INDEX:
            assert face.scores[INDEX[name]] == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("units", ["degrees", "matrix"])
def test_a_rotation_is_brought_back_to_the_picture(tmp_path, units):
    head = rotation_from_euler_deg(np.array([10.0, -20.0, 4.0]))
    net = Net((1, 3, 64, 64))
    constant(net, np.zeros((1, 1434)), "points")
    more = '[[output]]\nmeaning = "rotation"\nname = "head"\n'
    if units == "matrix":
        constant(net, 1.02 * head.reshape(1, 9), "head")
        more += 'units = "matrix"\n'
    else:
        constant(net, [[-20.0, -10.0, 4.0]], "head")
        more += 'angles = ["yaw", "pitch", "roll"]\nsigns = [1, -1, 1]\n'
    path = written(tmp_path, described("landmarks478") + more, net)
    upright = opened(path).find(picture(), REGION._replace(angle=0.0)).rotation
    np.testing.assert_allclose(euler_deg(upright), [10, -20, 4], atol=1e-4)
    # The crop was turned clockwise on the screen by 0.3: so is the head in the picture.
    tilted = opened(path).find(picture(), REGION).rotation
    turn = rotation_from_euler_deg(np.array([0, 0, -np.degrees(0.3)]))
    np.testing.assert_allclose(tilted, turn @ upright, atol=1e-6)


def test_the_rotation_reaches_the_observations(tmp_path):
    net = Net((1, 3, 64, 64))
    constant(net, (posed(3.0) - [64, 64, 0]).reshape(1, -1), "points")
    constant(net, [[3.0]], "presence")
    constant(net, [[11.0, 12.0, 13.0]], "head")
    text = described("landmarks478") + '[[output]]\nmeaning = "presence"\nunits = "logit"\n'
    text += '[[output]]\nmeaning = "rotation"\n'
    tracker = catalog.create_tracker(str(written(tmp_path, text, net)), OPTIONS)
    known = (posed(3.0)).astype(np.float32)
    frames = [VideoFrame(0, 0.0, picture())]
    (seen,) = tracker.track(iter(frames), known)
    assert seen.valid[0]
    region_turn = euler_deg(seen.head[0, :3, :3])
    assert region_turn[0] != 0
    # Roll of the region is added to the network's; pitch and yaw turn with it.
    from engine.tracking.regions import from_landmarks

    angle = from_landmarks(known).angle
    turn = rotation_from_euler_deg(np.array([0, 0, -np.degrees(angle)]))
    expected = turn @ rotation_from_euler_deg(np.array([11.0, 12, 13]))
    np.testing.assert_allclose(seen.head[0, :3, :3], expected, atol=1e-5)


def test_presence_comes_from_the_model_or_else_from_the_detector(tmp_path):
    net = Net((1, 3, 64, 64))
    constant(net, np.zeros((1, 1434)), "points")
    constant(net, [[2.0]], "presence")
    text = described("landmarks478")
    told = text + '[[output]]\nmeaning = "presence"\nunits = "logit"\n'
    face = opened(written(tmp_path, told, net), Detector(0.3)).find(picture(), REGION)
    assert face.presence == pytest.approx(1 / (1 + np.exp(-2)))
    assert np.isnan(face.tongue)
    path = written(tmp_path, text, net)
    assert opened(path, Detector(0.3)).find(picture(), REGION).presence == 0.3
    assert opened(path, Detector()).find(picture(), REGION).presence == 0.0


@pytest.mark.parametrize("meaning", ["landmarks478", "landmarks68"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30, 1e4])
def test_numbers_that_are_none_are_no_face(tmp_path, meaning, value):
    net = Net((1, 3, 64, 64))
    values = np.zeros((1, 3 * int(meaning[-3:].lstrip("s"))))
    values[0, 7] = value
    constant(net, values, "points")
    face = opened(written(tmp_path, described(meaning), net), Detector(0.9)).find(picture(), REGION)
    assert face.presence == 0.0
    assert face.landmarks.shape == (478, 3)
    assert np.isfinite(face.landmarks).all()


@pytest.mark.parametrize("units", ["degrees", "matrix"])
@pytest.mark.parametrize("quality", ["fast", "best"])
def test_a_rotation_that_is_no_number_leaves_the_head_to_the_landmarks(tmp_path, units, quality):
    net = Net((1, 3, 64, 64))
    constant(net, (posed(3.0) - [64, 64, 0]).reshape(1, -1), "points")
    constant(net, [[3.0]], "presence")
    constant(net, np.full((1, 9 if units == "matrix" else 3), np.nan), "head")
    text = described("landmarks478") + '[[output]]\nmeaning = "presence"\nunits = "logit"\n'
    text += f'[[output]]\nmeaning = "rotation"\nname = "head"\nunits = "{units}"\n'
    options = replace(OPTIONS, quality=quality)
    tracker = catalog.create_tracker(str(written(tmp_path, text, net)), options)
    frames = [VideoFrame(0, 0.0, picture())]
    (seen,) = tracker.track(iter(frames), posed(3.0).astype(np.float32))
    assert seen.valid[0] and np.isfinite(seen.head).all()


def test_a_description_saved_by_notepad_is_read(documented):
    documented.write_text(example(), encoding="utf-8-sig", newline="\r\n")
    assert read_custom_model(documented).description.name == "FaceLandmarker v2"
    assert detector_of(str(documented)) == "blazeface"


WRONG = {
    "no file": ("", "face_landmarks.onnx", "other.onnx", r"line 2: \[model\] file: there is no"),
    "key": ("", "rotated = true", "rotate = true", r"line 12: \[input\] rotate: no such key"),
    "size": ("", "size = 256 ", 'size = "256" ', r"line 7: \[input\] size: a whole number"),
    "missing": ("", 'licence = "Apache-2.0"', "", r"line 1: \[model\] licence: is missing"),
    "choice": ("", '"NCHW"', '"CHW"', r"line 8: \[input\] layout: 'CHW' is not one of 'NCHW'"),
    "meaning": (
        "",
        '"presence"\nunits',
        '"prescience"\nunits',
        r"line 22: .* meaning: 'prescience'",
    ),
    "table": ("[outputs]\n", "", "", r"there is no table 'outputs' \(model, input, output\)"),
    "toml": ("file = \n", "", "", r"is not valid TOML: .* \(at line "),
    "twice": (
        '[[output]]\nname = "landmarks"\nmeaning = "presence"\n',
        "",
        "",
        "presence is there twice",
    ),
    "none": (
        "",
        '"landmarks478"\nunits = "pixels"\naxes = "xyz"',
        '"tongue"',
        "has to be landmarks",
    ),
    "detector": (
        "",
        "licence =",
        'detector = "hawk"\nlicence =',
        "'hawk' is not one of 'blazeface'",
    ),
    "hash": ("", "licence =", 'sha256 = "00"\nlicence =', "has another hash"),
    "std": ("", "margin = 1.5", "std = [1, 0, 1]", r"std: 0 cannot"),
    "mean": ("", "margin = 1.5", "mean = [1, 0]", r"mean: a list of 3 numbers"),
    "shift": ("", "margin = 1.5", "shift = [inf, 0]", r"shift: a list of 2 numbers"),
    "weights": (
        '[[output]]\nmeaning = "weights"\nnames = ["jawUp"]\n',
        "",
        "",
        "'jawUp' is not an ARKit name",
    ),
    "negative index": ("", 'name = "landmarks"', "index = -1", r"line 15: .* index: a whole"),
    "foreign key": ("", 'units = "logit"', 'axes = "xy"', r"line 23: .* axes: no such key"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_description_is_told_by_line_and_key(documented, case):
    added, old, new, message = WRONG[case]
    text = example()
    assert old in text
    documented.write_text(text.replace(old, new, 1) + added if old else text + added)
    with pytest.raises(FacewrightError, match=message) as caught:
        read_custom_model(documented)
    assert caught.value.code == "engine-file-wrong"
    assert str(documented) in caught.value.message
    assert "custom_engine.md" in caught.value.hint


UNLIKE = {
    "output": (
        'name = "landmarks"',
        'name = "points"',
        r"line 15: there is no output named 'points'",
    ),
    "number": ('name = "landmarks"', "index = 9", r"line 16: there is no output number 9"),
    "count": ('"landmarks478"', '"landmarks468"', r"line 15: landmarks468 need 1404 numbers, but"),
    "size": ("size = 256", "size = 192", r"line 7: the input described is \(1, 3, 192, 192\)"),
    "layout": ('"NCHW"', '"NHWC"', r"line 7: the input described is \(1, 256, 256, 3\)"),
    "input": ("margin", 'name = "data"\nmargin', r"line 7: there is no input named 'data'"),
    "which": ('name = "tongue"\n', "", r"More than one output fits presence \(one number\)"),
    "none": (
        'name = "maps"\nmeaning = "appearance"',
        'meaning = "rotation"',
        "No output fits rotation",
    ),
    "maps": ('units = "pixels"', 'units = "heatmaps"', "need 478 heat maps, but the output"),
}


@pytest.mark.parametrize("case", UNLIKE)
def test_a_model_that_is_not_as_described_says_what_it_has(documented, case):
    old, new, message = UNLIKE[case]
    text = example()
    assert old in text
    text = text.replace(old, new, 1)
    if case == "which":
        text = text.replace('name = "presence"\n', "")
    documented.write_text(text)
    with pytest.raises(FacewrightError, match=message) as caught:
        opened(documented)
    assert caught.value.code == "model-layout"
    assert "'image' (n, 3, 256, 256) float32" in caught.value.hint
    assert "'landmarks' (n, 1434) float32" in caught.value.hint


def test_a_shape_that_shows_only_when_it_runs_is_told_then(tmp_path):
    net = Net((1, 3, "rows", "columns"))
    net.output(net.node("Flatten", "input"), ["n", "numbers"], "points")
    path = written(tmp_path, described("landmarks478", 'name = "points"'), net)
    with pytest.raises(
        FacewrightError, match=r"1434 numbers, but the model Mine gave \(1, 12288\)"
    ):
        opened(path).find(picture(), REGION)


def test_a_size_that_does_not_go_through_the_network_is_told(tmp_path):
    net = Net((1, 3, "rows", "columns"))
    summed = net.node("Add", "input", net.constant(np.zeros((1, 3, 100, 100), np.float32)))
    zero = net.node("Mul", net.node("ReduceMean", summed, keepdims=0), net.constant(np.float32(0)))
    points = net.constant(np.zeros((1, 1434), np.float32))
    net.output(net.node("Add", points, zero), [1, 1434], "points")
    path = written(tmp_path, described("landmarks478", 'name = "points"'), net)
    with pytest.raises(
        FacewrightError, match=r"Mine fails on a picture \(1, 3, 64, 64\)"
    ) as caught:
        opened(path).find(picture(), REGION)
    assert caught.value.code == "model-layout"


def test_a_description_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(FacewrightError, match=r"gone\.toml cannot be read \(.+\)"):
        read_custom_model(tmp_path / "gone.toml")
    (tmp_path / "other.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(FacewrightError, match=r"other\.toml is no UTF-8 text"):
        read_custom_model(tmp_path / "other.toml")


def test_no_model_at_all(documented):
    (documented.parent / "face_landmarks.onnx").write_text("no")
    with pytest.raises(FacewrightError) as caught:
        opened(documented)
    assert caught.value.code == "model-corrupt"
    assert "has to be an ONNX network" in caught.value.hint
    with pytest.raises(FacewrightError, match="cannot be read") as caught:
        catalog.create_tracker(str(documented.parent / "none.toml"), OPTIONS)
    assert caught.value.code == "engine-file-wrong"


def test_a_take_knows_the_description_the_model_and_the_detector(documented):
    hashes = hashes_of(str(documented))
    shipped = {model.id: model.sha256 for model in list_models()}
    assert hashes["face_landmarks.onnx"] == shipped["face_landmarks"]
    assert len(hashes["mine.toml"]) == 64
    assert hashes.items() >= shipped.items()
    assert detector_of(str(documented)) == "blazeface"
    assert detector_of(str(documented), "s3fd") == "s3fd"
    documented.write_text(example().replace("licence =", 'detector = "scrfd"\nlicence ='))
    assert detector_of(str(documented)) == "scrfd"
    assert "scrfd" in hashes_of(str(documented))
    assert hashes_of(str(documented))["mine.toml"] != hashes["mine.toml"]
    # A file that is none is told by the tracker; here it says nothing.
    documented.write_text("model = 3")
    assert detector_of(str(documented)) == "blazeface"
    assert detector_of("nowhere.toml") == "blazeface"


def test_the_detector_that_is_described_finds_the_faces(documented, monkeypatch):
    asked = []
    real = catalog.create_detector
    monkeypatch.setattr(
        catalog,
        "create_detector",
        lambda options: asked.append(options.detector) or real(replace(options, detector="")),
    )
    documented.write_text(example().replace("licence =", 'detector = "s3fd"\nlicence ='))
    catalog.create_tracker(str(documented), OPTIONS)
    catalog.create_tracker(str(documented), replace(OPTIONS, detector="scrfd"))
    assert asked == ["s3fd", "scrfd"]


_VALUES = st.one_of(
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["landmarks68", "heatmaps", "-1..1", "matrix", "logit", "NHWC", "weights"]),
    st.lists(st.one_of(st.floats(), st.text(max_size=3)), max_size=4),
    st.dictionaries(st.text("ab", min_size=1, max_size=2), st.integers(), max_size=2),
)


def as_toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, float):
        return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(str(value), repr(value))
    return json.dumps(value, ensure_ascii=True)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nothing_that_is_written_surprises_the_reader(documented, data):
    lines = example().splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key = data.draw(st.sampled_from(["name", "size", "units", "axes", "index", "mean", "list"]))
        old = lines[at].split("=")[0].strip() if "=" in lines[at] else key
        line = f"{data.draw(st.sampled_from([old, key]))} = {as_toml(data.draw(_VALUES))}"
        lines[at : at + data.draw(st.integers(0, 1))] = [line]
    documented.write_text("\n".join(lines), encoding="utf-8")
    try:
        read_custom_model(documented)
    except FacewrightError as error:
        assert error.code == "engine-file-wrong"
        assert str(documented) in error.message
