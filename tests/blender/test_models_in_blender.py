# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of engine and detector, and the way to the models that they need."""

from __future__ import annotations

import hashlib

import bpy
import pytest
from faces import make_face
from facewright import cli, registration
from facewright.engine.core.engines import DETECTORS, ENGINES
from facewright.engine.models import optional, terms
from facewright.operators import models as model_operators
from facewright.properties import models as shown
from facewright.properties.why_not import track_disabled_reason

CONTENT = b"a network"


@pytest.fixture(autouse=True)
def registered(monkeypatch, tmp_path):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "own"))
    words = {"licence": "Own licence", "terms": "For tests only.", "about": "A.", "origin": "here"}
    known = optional.OptionalModel(
        "known", "known.onnx", bytes=9, sha256=hashlib.sha256(CONTENT).hexdigest(), **words
    )
    models = (known, *optional.list_optional())
    for place in ("engine.models.optional", "scene.models"):
        monkeypatch.setattr(f"facewright.{place}.list_optional", lambda: models)
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def wants_a_model(monkeypatch):
    """The first detector but one needs the model of this test."""
    info = shown.PartInfo("wanting", 77, "Wanting", "It wants.", "Never.", ("known",))
    monkeypatch.setattr(shown, "DETECTORS", (*DETECTORS, info))
    monkeypatch.setattr(
        shown, "detector_info", lambda name: info if name == "wanting" else DETECTORS[0]
    )
    return info


def shot():
    return bpy.context.scene.facewright


def labels(name):
    items = {"engine": shown.engine_items, "detector": shown.detector_items}[name]
    return {item[0]: item[1] for item in items(shot(), bpy.context)}


def test_all_engines_and_detectors_can_be_chosen():
    assert (shot().engine, shot().detector) == ("mediapipe", "AUTO")
    for info in ENGINES:
        shot().engine = info.id
        assert shown.chosen_engine(shot()) == info.id
    shot().engine = "mediapipe"
    for info in DETECTORS:
        shot().detector = info.id
        assert shown.chosen_detector(shot()) == info.id
    with pytest.raises(TypeError):
        shot().engine = "nothing"


def test_an_engine_with_its_own_detector_takes_no_other():
    shot().detector = "blazeface"
    shot().engine = "mediapipe-tasks"
    assert shown.chosen_detector(shot()) == ""
    shot().engine = "mediapipe"
    assert shown.chosen_detector(shot()) == "blazeface"


def test_an_own_engine_needs_its_file(tmp_path):
    shot().video, shot().target = "clip.mp4", make_face()
    assert track_disabled_reason(bpy.context) == ""
    shot().engine = "OWN"
    assert ".toml" in track_disabled_reason(bpy.context)
    shot().engine_file = str(tmp_path / "own.toml")
    assert shown.chosen_engine(shot()) == str(tmp_path / "own.toml")
    assert track_disabled_reason(bpy.context) == ""


def test_what_is_missing_is_told_until_it_is_there(wants_a_model, tmp_path):
    shot().video, shot().target = "clip.mp4", make_face()
    shot().detector = "wanting"
    assert labels("detector")["wanting"] == "Wanting (needs a model)"
    assert "needs a model" in track_disabled_reason(bpy.context)
    assert not bpy.ops.facewright.track_video.poll()
    source = tmp_path / "mine"
    source.write_bytes(b"another")
    with pytest.raises(RuntimeError, match=r"is not known\.onnx"):
        bpy.ops.facewright.add_model("EXEC_DEFAULT", model="known", filepath=str(source))
    source.write_bytes(CONTENT)
    assert bpy.ops.facewright.add_model("EXEC_DEFAULT", model="known", filepath=str(source)) == {
        "FINISHED"
    }
    assert labels("detector")["wanting"] == "Wanting (needs its licence accepted)"
    assert bpy.ops.facewright.accept_model("EXEC_DEFAULT", model="known") == {"FINISHED"}
    assert labels("detector")["wanting"] == "Wanting"
    assert track_disabled_reason(bpy.context) == ""
    assert bpy.ops.facewright.remove_model("EXEC_DEFAULT", model="known") == {"FINISHED"}
    assert "needs a model" in track_disabled_reason(bpy.context)


@pytest.mark.parametrize("name", ["engine", "detector"])
def test_a_file_of_another_facewright_is_told(name, tmp_path):
    store_number(shot(), name, 4321)
    path = str(tmp_path / "newer.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert getattr(shot(), name) == ""
    told = f"The file's {name} is not one of this Facewright's; choose another"
    assert shown.engine_disabled_reason(shot()) == told
    if name == "detector":  # it is no matter where it cannot be chosen
        shot().engine = "mediapipe-tasks"
        assert "another" not in shown.engine_disabled_reason(shot())
        shot().engine = "mediapipe"
    setattr(shot(), name, {"engine": "mediapipe", "detector": "AUTO"}[name])
    assert shown.engine_disabled_reason(shot()) == ""


def store_number(settings, name, number):
    """As a file holds the choice of a version that knows more of them."""
    if hasattr(settings, "bl_system_properties_get"):
        settings.bl_system_properties_get(do_create=True)[name] = number
    else:
        settings[name] = number


def test_a_missing_package_is_not_sought_below_the_engine(monkeypatch):
    monkeypatch.setattr(shown, "MISSING_PACKAGES", {"mediapipe"})
    shot().engine = "mediapipe-tasks"
    told = "MediaPipe Tasks needs the package mediapipe in Blender's Python"
    assert shown.engine_disabled_reason(shot()) == told
    shot().engine = "openseeface"
    assert "see below the engine" in shown.engine_disabled_reason(shot())


def test_an_engine_needs_the_models_of_its_detector_as_well():
    assert labels("engine")["insightface"] == "InsightFace 106 (needs 2 models)"
    assert labels("detector")["scrfd"] == "SCRFD (needs a model)"
    shot().engine = "insightface"
    assert shown.engine_disabled_reason(shot()).startswith("InsightFace 106 needs 2 models;")
    shot().detector = "blazeface"
    assert shown.engine_disabled_reason(shot()).startswith("InsightFace 106 needs a model;")


def test_an_unknown_model_is_refused():
    for operator in ("accept_model", "remove_model"):
        with pytest.raises(RuntimeError, match="no-such"):
            getattr(bpy.ops.facewright, operator)("EXEC_DEFAULT", model="no-such")


def test_nothing_is_fetched_while_blender_is_offline(capfd, monkeypatch):
    if bpy.app.online_access:
        pytest.skip("this Blender may go online")
    assert not bpy.ops.facewright.fetch_model.poll()
    known = optional.OptionalModel(
        *("known", "known.onnx", "L", "T.", "A.", "here"), "https://127.0.0.1:1/", 9, "00"
    )
    monkeypatch.setattr(optional, "list_optional", lambda: (known,))
    assert cli.main(["models", "fetch", "known", "--accept-licence"]) == 1
    assert "Online Access" in capfd.readouterr().err
    assert not terms.is_accepted(known)


def test_the_command_lists_models_and_engines(capfd):
    assert cli.main(["models", "list"]) == 0
    assert "known" in capfd.readouterr().out
    assert cli.main(["engines"]) == 0
    assert "mediapipe" in capfd.readouterr().out


def test_rows_follow_the_files():
    assert not shown.ROWS["known"].there
    terms.accept("known")
    model_operators.refresh_models()
    assert shown.ROWS["known"].accepted
