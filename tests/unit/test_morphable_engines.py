# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines ``3ddfa``, ``deca`` and ``emoca`` on made files of the published layouts."""

from __future__ import annotations

from pathlib import Path

import detector_models as models
import numpy as np
import pytest

from engine.__main__ import main
from engine.core.arkit import INDEX, NAMES
from engine.core.axes import rotation_from_euler_deg
from engine.core.errors import FacewrightError
from engine.core.types import Observations, VideoFrame
from engine.models.catalog import model_path
from engine.sources.media import VideoSource
from engine.takes.take_file import read_header
from engine.tracking import catalog
from engine.tracking.base import TrackerOptions
from engine.tracking.flame.arkit_fit import UNTOLD
from engine.tracking.flame.model import JAW, ROOT, read_flame, rotation
from engine.tracking.landmarkers.face_square import FaceSquare
from engine.tracking.landmarkers.flame import split_code
from engine.tracking.landmarkers.three_ddfa import decode, read_basis, sanity
from engine.tracking.regions import Region
from tests import flame_files as made
from tools import convert_three_ddfa

STRIDES = (8, 16, 32)
FIVE = np.array([[-16, -12], [16, -12], [0, 4], [-12, 20], [12, 20]], float)
CLIPS = sorted((Path(__file__).resolve().parents[3] / "shared" / "data" / "video").glob("*.mp4"))
ENGINES = ("3ddfa", "deca", "emoca")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    paths = made.write_all(folder)
    paths["scrfd"] = models.scrfd(
        folder / "scrfd.onnx",
        {s: np.full(4, 30.0) / s for s in STRIDES},
        {s: FIVE.ravel() / s for s in STRIDES},
    )
    return paths


def options(paths, **more):
    more = {"device": "cpu", "streams": 1, **more}
    return TrackerOptions(lambda model: paths.get(model) or model_path(model), **more)


def spots(places):
    for index, place in enumerate(places):
        image = np.full((480, 640, 3), 40, np.uint8)
        if place:
            x, y = place
            image[y - 20 : y + 20, x - 20 : x + 20] = (255, 0, 0)
        yield VideoFrame(index, index / 30, image)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_face_is_taken_up_kept_and_lost(files, engine, tmp_path):
    # A face at rest: the same open mouth in every crop would let the crop grow.
    rest = {
        "deca_encoder": made.write_encoder(tmp_path / "d.onnx", 224, made.deca_code()),
        "emoca_encoder": made.write_encoder(tmp_path / "e.onnx", 224, np.zeros(50)),
    }
    tracker = catalog.create_tracker(engine, options({**files, **rest}, detector="scrfd"))
    places = [None, *[(400, 200)] * 5, None]
    seen = Observations.concatenate(list(tracker.track(spots(places))))
    np.testing.assert_array_equal(seen.valid, [bool(place) for place in places])
    middle = seen.landmarks[seen.valid][:, :, :2].mean(1)
    assert np.abs(middle - [400, 200]).max() < 25
    assert np.isfinite(seen.scores[seen.valid]).all() and np.isfinite(seen.head[seen.valid]).all()
    assert np.isnan(seen.appearance).all() and tracker.engine == engine
    # The face neither grows nor shrinks: the crop's rule fits what comes out of the crop.
    widths = np.ptp(seen.landmarks[seen.valid][:, :, 0], axis=1)
    assert widths[-1] == pytest.approx(widths[1], rel=0.05)


@pytest.mark.parametrize("engine", ["deca", "emoca"])
def test_weights_that_are_told_come_from_the_head(files, engine):
    tracker = catalog.create_tracker(engine, options(files, detector="scrfd"))
    seen = Observations.concatenate(list(tracker.track(spots([(400, 200)] * 2))))
    wanted = {"jawOpen": 0.4, "mouthSmileLeft": 0.5} if engine == "deca" else {"browInnerUp": 0.7}
    for name in NAMES:
        if name not in UNTOLD:
            assert abs(seen.scores[-1, INDEX[name]] - wanted.get(name, 0)) < 0.06, name


@pytest.mark.skipif(not CLIPS, reason="no clips")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_real_clip_runs_through(files, engine):
    source = VideoSource(CLIPS[0])
    frames = [frame for frame, _ in zip(source.frames(), range(6), strict=False)]
    tracker = catalog.create_tracker(engine, options(files))
    seen = Observations.concatenate(list(tracker.track(iter(frames))))
    assert len(seen.valid) == 6 and seen.valid.any()
    assert np.isfinite(seen.scores[seen.valid]).all()


@pytest.mark.skipif(not CLIPS, reason="no clips")
def test_a_take_from_the_command_line(files, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "home"))
    take, csv = tmp_path / "a.fwtake", tmp_path / "a.csv"
    track = ["track", str(CLIPS[0]), "--engine", "deca", "--device", "cpu"]
    track += ["--take", str(take), "-o", str(csv)]
    assert main(track) != 0
    assert "flame_model" in capsys.readouterr().err and not take.exists()
    for model in ("deca_encoder", "flame_model", "flame_landmarks"):
        assert main(["models", "add", model, str(files[model]), "--accept-licence"]) == 0
    assert main(track) == 0
    header = read_header(take)
    assert (header["engine"], header["solver"]) == ("deca", "raw")
    assert len(header["models"]["flame_model"]) == 64
    rows = np.genfromtxt(csv, delimiter=",", names=True)
    assert np.median(rows["JawOpen"]) == pytest.approx(0.4, abs=0.06)
    assert np.isfinite(rows["EyeBlinkLeft"]).all()


@pytest.mark.parametrize("engine", ["3ddfa", "deca"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30])
def test_numbers_that_are_none_are_no_face(files, tmp_path, engine, value):
    size, count = (120, 62) if engine == "3ddfa" else (224, 236)
    model = "three_ddfa" if engine == "3ddfa" else "deca_encoder"
    wrong = made.write_encoder(tmp_path / "wrong.onnx", size, np.full(count, value))
    tracker = catalog.create_tracker(engine, options({**files, model: wrong}, detector="scrfd"))
    seen = Observations.concatenate(list(tracker.track(spots([(400, 200)] * 2))))
    assert not seen.valid.any()


def test_the_converter_refuses_other_files(files, tmp_path, monkeypatch, capsys):
    bfm, scaling = made.write_three_ddfa(tmp_path)
    out = str(tmp_path / "out.npz")
    for given in ((scaling, bfm), (bfm, bfm), (files["flame_model"], scaling)):
        monkeypatch.setattr("sys.argv", ["x", *map(str, given), out])
        assert convert_three_ddfa.main() == 1
        assert "not 3DDFA_V2's" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["x", str(bfm), str(scaling), out])
    assert convert_three_ddfa.main() == 0
    assert "models add three_ddfa_basis" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("engine", "missing"),
    [
        ("3ddfa", "three_ddfa"),
        ("3ddfa", "three_ddfa_basis"),
        ("deca", "deca_encoder"),
        ("deca", "flame_model"),
        ("deca", "flame_landmarks"),
        ("emoca", "emoca_encoder"),
    ],
)
def test_what_is_missing_is_told(files, engine, missing):
    def path(model):
        if model == missing:
            raise FacewrightError(f"The model {model} is not there.", "", "model-not-there")
        return files.get(model) or model_path(model)

    with pytest.raises(FacewrightError, match=missing):
        catalog.create_tracker(engine, TrackerOptions(path, device="cpu"))


@pytest.mark.parametrize(
    ("engine", "model", "other"),
    [
        ("3ddfa", "three_ddfa", "deca_encoder"),
        ("3ddfa", "three_ddfa_basis", "flame_model"),
        ("deca", "deca_encoder", "emoca_encoder"),
        ("deca", "flame_model", "three_ddfa_basis"),
        ("deca", "flame_landmarks", "flame_model"),
        ("emoca", "emoca_encoder", "deca_encoder"),
    ],
)
def test_another_file_is_refused(files, engine, model, other):
    with pytest.raises(FacewrightError) as caught:
        catalog.create_tracker(engine, options({**files, model: files[other]}))
    assert caught.value.code == "model-layout"


@pytest.fixture(scope="module")
def flame(files):
    return read_flame(files["flame_model"], files["flame_landmarks"])


def test_flame_at_rest_is_its_template(flame):
    np.testing.assert_allclose(flame.landmarks(np.zeros(100), np.zeros(50)), made.PLACES, atol=1e-6)
    assert flame.ibug == tuple(range(68))


def test_flame_is_linear_in_shape_and_expression(flame):
    rng = np.random.default_rng(4)
    shape, expression = rng.standard_normal(100), rng.standard_normal(50)
    tables = made.flame_tables()
    whole = np.r_[shape, np.zeros(200), expression, np.zeros(50)]
    expected = (tables["v_template"] + tables["shapedirs"] @ whole).reshape(68, 3, 3).mean(1)
    np.testing.assert_allclose(flame.landmarks(shape, expression), expected, atol=1e-9)


def test_flame_turns_as_a_whole_about_its_root(flame):
    rng = np.random.default_rng(5)
    shape, expression = rng.standard_normal((2, 100))[0], rng.standard_normal(50)
    still = flame.landmarks(shape, expression, {JAW: [0.2, 0, 0]})
    turned = flame.landmarks(shape, expression, {JAW: [0.2, 0, 0], ROOT: [0.1, -0.7, 0.3]})
    tables = made.flame_tables()
    code = np.r_[shape, np.zeros(200), expression, np.zeros(50)]
    root = tables["J_regressor"][0] @ (tables["v_template"] + tables["shapedirs"] @ code)
    expected = (still - root) @ rotation(np.array([0.1, -0.7, 0.3])).T + root
    np.testing.assert_allclose(turned, expected, atol=1e-9)


def test_a_vertex_between_two_joints_goes_between_them(flame):
    """One vertex by hand: its pose directions, then the mean of jaw's and neck's places."""
    tables, turn = made.flame_tables(), rotation(np.array([0.3, 0.1, 0.0]))
    joints = tables["J_regressor"] @ tables["v_template"]
    feature = np.concatenate([np.zeros(9), (turn - np.eye(3)).ravel(), np.zeros(18)])
    bent = (tables["v_template"] + tables["posedirs"] @ feature).reshape(68, 3, 3)
    share = tables["weights"].reshape(68, 3, 5)[..., 2:3]
    moved = (1 - share) * bent + share * ((bent - joints[2]) @ turn.T + joints[2])
    found = flame.landmarks(np.zeros(100), np.zeros(50), {JAW: [0.3, 0.1, 0.0]})
    np.testing.assert_allclose(found, moved.mean(1), atol=1e-9)


def test_turns_are_those_of_rotation_vectors():
    from scipy.spatial.transform import Rotation

    for vector in ([0.0, 0, 0], [1e-9, 0, 0], [0.3, -1.2, 2.0]):
        expected = Rotation.from_rotvec(vector).as_matrix()
        np.testing.assert_allclose(rotation(np.array(vector)), expected, atol=1e-12)


def test_flame_from_a_npz_and_with_51_landmarks(files, flame, tmp_path):
    np.savez(tmp_path / "flame.npz", **made.flame_tables())
    np.savez(tmp_path / "51.npz", **made.landmark_tables(51))
    other = read_flame(tmp_path / "flame.npz", tmp_path / "51.npz")
    assert other.ibug == tuple(range(17, 68))
    code = np.random.default_rng(6).standard_normal(150)
    expected = flame.landmarks(code[:100], code[100:], {JAW: [0.1, 0, 0]})[17:]
    found = other.landmarks(code[:100], code[100:], {JAW: [0.1, 0, 0]})
    np.testing.assert_allclose(found, expected, atol=1e-9)
    paths = {**files, "flame_model": tmp_path / "flame.npz", "flame_landmarks": tmp_path / "51.npz"}
    tracker = catalog.create_tracker("deca", options(paths, detector="scrfd"))
    seen = Observations.concatenate(list(tracker.track(spots([(400, 200)] * 2))))
    assert seen.valid.all() and abs(seen.scores[-1, INDEX["jawOpen"]] - 0.4) < 0.06


@pytest.mark.parametrize(
    "change",
    [
        {"shapedirs": np.zeros((204, 3, 100))},
        {"weights": np.zeros((204, 4))},
        {"f": np.zeros((2, 3), int)},
        {"kintree_table": np.array([[-1, 3, 0, 1, 1], range(5)])},
    ],
)
def test_a_head_of_another_layout_is_refused(files, tmp_path, change):
    np.savez(tmp_path / "flame.npz", **{**made.flame_tables(), **change})
    with pytest.raises(FacewrightError) as caught:
        read_flame(tmp_path / "flame.npz", files["flame_landmarks"])
    assert caught.value.code == "model-layout"


def test_the_codes_parts_are_where_decas_are():
    deca = np.arange(236.0)
    code = split_code(deca)
    assert [part[0] for part in code] == [0, 150, 200, 203, 206]
    assert [len(part) for part in code] == [100, 50, 3, 3, 3]
    emoca = 1000 + np.arange(56.0)
    assert [p[0] for p in split_code(deca, emoca[:50])] == [0, 1000, 200, 203, 206]
    assert [p[0] for p in split_code(deca, emoca[:53])] == [0, 1000, 200, 1050, 206]
    assert [p[0] for p in split_code(deca, emoca)] == [0, 1000, 1050, 1053, 206]


def test_3ddfa_projects_and_knows_what_is_no_camera(files):
    basis = read_basis(files["three_ddfa_basis"])
    points, camera = decode(np.zeros(62), basis)
    # The mean parameters show the made face around the crop's middle, upright.
    box = points[:, :2].min(0), points[:, :2].max(0)
    np.testing.assert_allclose(np.add(*box) / 2, 60, atol=0.1)
    assert np.ptp(points[:, :2], axis=0).max() == pytest.approx(120 / np.sqrt(2), rel=1e-3)
    assert points[8, 1] > points[27, 1] and points[45, 0] > points[36, 0]
    assert sanity(points, camera) == 1
    turned = camera @ rotation_from_euler_deg(np.array([20.0, 50.0, 10.0]))
    assert sanity(points, turned) == pytest.approx(1)
    assert sanity(points, camera * [[1.0], [1.0], [0.3]]) == 0
    assert sanity(points, camera * [[1.0], [1.0], [-1.0]]) == 0
    assert sanity(points + 60, camera) < 0.5 and sanity(points * 0.1, camera) == 0
    assert sanity(points * np.nan, camera) == 0


def test_the_square_lies_around_the_points():
    upright = FaceSquare(made.GEOMETRY, longer=1.0)(Region(100, 50, 300, 300, 0.0))
    # The region is 1.5 times the face; its box's middle lies on the region's.
    vertices = made.GEOMETRY.vertices[:, :2]
    scale = 200 / np.ptp(vertices, axis=0).max()
    points = (100 * made.PLACES[:, :2] - (vertices.min(0) + vertices.max(0)) / 2) * [scale, -scale]
    points += [100, 50]
    np.testing.assert_allclose(
        [upright.x, upright.y], [100, (points.min(0) + points.max(0))[1] / 2], atol=0.5
    )
    assert upright.width == pytest.approx(np.ptp(points, axis=0).max(), rel=1e-6)
    assert upright.y > 50
    turned = FaceSquare(made.GEOMETRY, longer=1.0)(Region(100, 50, 300, 300, np.pi / 2))
    assert turned.x == pytest.approx(100 - (upright.y - 50)) and turned.y == pytest.approx(50)
