# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to choose from: described as it is made, and refused in words."""

from __future__ import annotations

import json

import pytest

from engine.__main__ import main
from engine.core import engines
from engine.core.engines import DETECTORS, ENGINES, PartInfo, detector_of
from engine.core.errors import FacewrightError
from engine.models import needs, optional
from engine.models.catalog import list_models, model_path
from engine.models.needs import hashes_of, licences_of, missing_of
from engine.models.optional import list_optional
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
    source.write_bytes(b"network")
    optional.add("scrfd", source)
    assert "accept scrfd" in missing_of(wants)[1]
    optional.accept("scrfd")
    assert missing_of(wants) == [package]
    assert "non-commercial" in licences_of(wants)[0]


def test_a_take_tells_the_hashes_of_what_made_it(tmp_path, monkeypatch):
    wants = PartInfo("x", 9, "X", "X.", "X.", ("scrfd",))
    monkeypatch.setattr(needs, "engine_info", lambda _: wants)
    shipped = {model.id: model.sha256 for model in list_models()}
    assert hashes_of("x") == shipped | {"scrfd": ""}
    source = tmp_path / "det.onnx"
    source.write_bytes(b"network")
    optional.add("scrfd", source)
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
