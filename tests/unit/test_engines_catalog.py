# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to choose from: described as it is made, and refused in words."""

from __future__ import annotations

import json
import shutil

import pytest

from engine.__main__ import main
from engine.core import engines
from engine.core.engines import DETECTORS, ENGINES, PartInfo, detector_of
from engine.core.errors import FacewrightError
from engine.models import adding, needs, terms
from engine.models.catalog import list_models, model_path
from engine.models.needs import hashes_of, licences_of, missing_of
from engine.models.optional import list_optional
from engine.pipeline.engines import describe_engines, engine_header
from engine.pipeline.track import _check_same_clip
from engine.tracking import catalog
from engine.tracking.base import TrackerOptions
from engine.tracking.detectors import catalog as detector_catalog


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "own"))


def test_what_is_described_is_what_can_be_made():
    assert {info.id for info in ENGINES} == set(catalog.ENGINES)
    assert {info.id for info in DETECTORS} == set(detector_catalog.DETECTORS)


@pytest.mark.parametrize("infos", [ENGINES, DETECTORS])
def test_descriptions_are_whole(infos):
    assert len({info.number for info in infos}) == len(infos)
    known = {model.id for model in (*list_models(), *list_optional())}
    detectors = {info.id for info in DETECTORS} | {""}
    for info in infos:
        assert info.label and info.about.endswith(".") and info.good_at.endswith(".")
        assert set(info.models) <= known
        assert licences_of(info) or not info.models
        assert info.detector in detectors
    assert [info.number for info in infos[:1]] == [0]  # what an old .blend file means


def test_the_default_engine_lacks_nothing():
    info = engines.engine_info(engines.DEFAULT_ENGINE)
    assert missing_of(info) == []
    assert licences_of(info) == ["Apache-2.0"]
    assert detector_of("mediapipe") == engines.DEFAULT_DETECTOR


def test_what_an_engine_lacks_is_told_step_by_step(tmp_path):
    wants = PartInfo("x", 9, "X", "X.", "X.", ("scrfd",), ("no_such_package",))
    package, model = missing_of(wants)
    assert "no_such_package" in package and "models add scrfd" in model
    source = tmp_path / "det.onnx"
    source.write_bytes(b"\x08network")
    adding.add("scrfd", source)
    assert "accept scrfd" in missing_of(wants)[1]
    terms.accept("scrfd")
    assert missing_of(wants) == [package]
    assert "non-commercial" in licences_of(wants)[0]


def test_a_take_tells_the_hashes_of_what_made_it(tmp_path, monkeypatch):
    wants = PartInfo("x", 9, "X", "X.", "X.", ("scrfd",))
    monkeypatch.setattr(needs, "engine_info", lambda _: wants)
    shipped = {model.id: model.sha256 for model in list_models()}
    assert hashes_of("x") == shipped | {"scrfd": ""}
    source = tmp_path / "det.onnx"
    source.write_bytes(b"\x08network")
    adding.add("scrfd", source)
    assert len(hashes_of("x")["scrfd"]) == 64


def test_a_detector_that_an_engine_cannot_use_is_refused():
    with pytest.raises(FacewrightError) as caught:
        catalog.create_tracker("mediapipe-tasks", TrackerOptions(model_path, detector="blazeface"))
    assert caught.value.code == "detector-unused"
    with pytest.raises(FacewrightError) as caught:
        catalog.create_tracker("mediapipe", TrackerOptions(model_path, detector="nothing"))
    assert caught.value.code == "detector-unknown"
    tracker = catalog.create_tracker("mediapipe", TrackerOptions(model_path, detector="blazeface"))
    assert tracker.engine == "mediapipe"


def test_the_command_lists_all(capsys):
    assert main(["engines", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in told["engines"]] == [info.id for info in ENGINES]
    assert [one["id"] for one in told["detectors"]] == [info.id for info in DETECTORS]
    assert main(["engines"]) == 0
    assert "Apache-2.0" in capsys.readouterr().out


def test_damaged_acceptances_are_told_once_and_the_default_engine_runs(tmp_path, capsys):
    (tmp_path / "own" / "models").mkdir(parents=True)
    (tmp_path / "own" / "models" / "accepted.json").write_text("{")
    assert main(["engines"]) == 0
    told = capsys.readouterr()
    assert told.err.count("accepted.json") == 1
    assert "models fetch openseeface_landmarks" in told.out
    assert missing_of(engines.engine_info(engines.DEFAULT_ENGINE)) == []
    catalog.create_tracker("mediapipe", TrackerOptions(model_path, quality="best")).close()


@pytest.fixture
def own_engine(tmp_path):
    """The shipped network, described as if it were the person's own."""
    shutil.copy(model_path("face_landmarks"), tmp_path / "mine.onnx")
    (tmp_path / "mine.toml").write_text(
        """
        [model]
        file = "mine.onnx"
        name = "Mine"
        licence = "Apache-2.0"
        detector = "scrfd"
        [input]
        size = 256
        layout = "NCHW"
        colour = "RGB"
        scale = 0.00392156862745098
        margin = 1.5
        rotated = true
        [[output]]
        name = "landmarks"
        meaning = "landmarks478"
        units = "pixels"
        axes = "xyz"
        """
    )
    return tmp_path / "mine.toml"


def test_a_take_of_an_own_engine_tells_both_its_files(own_engine):
    told = engine_header(str(own_engine), "")
    assert (told["engine"], told["detector"]) == ("mine.toml", "scrfd")
    before = dict(told["models"])
    assert before["mine.onnx"] == known_shipped()["face_landmarks"]
    assert len(before["mine.toml"]) == 64 and before["scrfd"] == ""
    own_engine.write_text(own_engine.read_text().replace("1.5", "1.6"))
    assert engine_header(str(own_engine), "")["models"]["mine.toml"] != before["mine.toml"]
    assert engine_header(str(own_engine), "blazeface")["detector"] == "blazeface"
    own_engine.unlink()
    with pytest.raises(FacewrightError):
        engine_header(str(own_engine), "")


def known_shipped():
    return {model.id: model.sha256 for model in list_models()}


def test_a_take_of_a_named_engine_tells_its_detector():
    assert engine_header("mediapipe", "") == {
        "engine": "mediapipe",
        "detector": "blazeface",
        "quality": "fast",
        "models": known_shipped(),
    }
    assert engine_header("mediapipe-tasks", "")["detector"] == ""


def test_an_engine_lacks_what_its_detector_lacks(monkeypatch):
    info = PartInfo("x", 9, "X", "X.", "X.", detector="scrfd")
    monkeypatch.setattr("engine.pipeline.engines.ENGINES", (info,))
    (told,) = describe_engines()["engines"]
    assert "scrfd" in told["missing"][0]


@pytest.mark.parametrize("key", ["detector", "models"])
def test_a_take_goes_on_with_what_began_it_alone(tmp_path, monkeypatch, key):
    source, settings = {"sha256": "1", "file": "a"}, {"face": 0}
    now = engine_header("mediapipe", "") | {"source": source, "settings": settings}
    monkeypatch.setattr("engine.pipeline.track.read_header", lambda _: dict(old))
    old = dict(now)
    assert _check_same_clip(tmp_path, now) == 0
    del old["detector"]  # a take of before there was a choice
    assert _check_same_clip(tmp_path, now) == 0
    old = now | {key: "scrfd" if key == "detector" else {"face_landmarks": "0"}}
    with pytest.raises(FacewrightError) as caught:
        _check_same_clip(tmp_path, now)
    assert caught.value.code == "resume-other-engine"
