# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of shipped models, whole and damaged."""

from __future__ import annotations

import shutil

import pytest

from engine.core.errors import FacewrightError
from engine.models import catalog


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(catalog.WEIGHTS, tmp_path / "weights")


def test_every_shipped_model_is_whole_and_has_a_licence():
    results = catalog.verify_all()
    assert {model.id for model, _ in results} >= {
        "face_detector",
        "face_landmarks",
        "face_blendshapes",
        "face_geometry",
    }
    assert [error for _, error in results if error] == []
    assert all(model.licence and model.origin for model, _ in results)


def test_a_changed_file_is_named(folder):
    path = folder / "face_landmarks.onnx"
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(FacewrightError, match=r"face_landmarks\.onnx") as caught:
        catalog.model_path("face_landmarks", folder)
    assert caught.value.code == "model-corrupt"
    assert caught.value.hint
    bad = [model.id for model, error in catalog.verify_all(folder) if error]
    assert bad == ["face_landmarks"]


def test_a_file_that_is_gone_is_named(folder):
    (folder / "face_detector.onnx").unlink()
    with pytest.raises(FacewrightError, match=r"face_detector\.onnx") as caught:
        catalog.model_path("face_detector", folder)
    assert caught.value.code == "model-missing"


@pytest.mark.parametrize("text", ["", "[[model]]\nid = 3", "not toml ["])
def test_a_damaged_list_is_named(folder, text):
    (folder / "catalog.toml").write_text(text)
    with pytest.raises(FacewrightError, match=r"catalog\.toml") as caught:
        catalog.list_models(folder)
    assert caught.value.code == "model-corrupt"


def test_an_unknown_model_is_refused():
    with pytest.raises(FacewrightError) as caught:
        catalog.model_path("no_such_model")
    assert caught.value.code == "model-missing"
