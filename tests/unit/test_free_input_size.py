# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that frees the sizes in a model's file."""

from __future__ import annotations

import detector_models as models
import numpy as np
import pytest

from engine.core.inference.onnx_session import open_model
from engine.models.catalog import WEIGHTS
from engine.tracking.base import TrackerOptions
from engine.tracking.detectors.centerface import CenterFace
from engine.tracking.regions import letterbox
from tools.free_input_size import free_sizes, main


def test_centerface_as_published_becomes_usable(tmp_path, capsys):
    fixed, free = tmp_path / "centerface.onnx", tmp_path / "free.onnx"
    models.centerface(fixed, np.log([20, 15]), [0.0, 0.0], None, shape=(10, 3, 32, 32))
    assert main([str(fixed), str(free)]) == 0
    session = open_model(free, "cpu").session
    assert session.get_inputs()[0].shape == ["batch", 3, "height", "width"]
    image = np.zeros((480, 640, 3), np.uint8)
    image[200:204, 300:304] = (255, 0, 0)
    (face,) = CenterFace(TrackerOptions(lambda model: free)).detect(image, letterbox(image))
    assert abs((face.box[0] + face.box[2]) / 2 - 302) < 1
    assert main([str(fixed), str(free)]) == 1
    assert "nothing was written" in capsys.readouterr().err


def test_what_is_not_declared_stays(tmp_path):
    path = WEIGHTS / "face_detector.onnx"
    (tmp_path / "free.onnx").write_bytes(free_sizes(path.read_bytes()))
    picture = np.random.default_rng(2).normal(size=(1, 3, 128, 128)).astype(np.float32)
    before, after = open_model(path, "cpu"), open_model(tmp_path / "free.onnx", "cpu")
    for one, other in zip(before.run(picture), after.run(picture), strict=True):
        # onnxruntime arranges sums differently where it does not know the sizes.
        np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("data", [b"", b"no model", b"\x3a\xff", b"\x3a\x02\x5a\xff", b"\x08\x08"])
def test_what_is_no_model_is_refused(tmp_path, data, capsys):
    source = tmp_path / "no.onnx"
    source.write_bytes(data)
    assert main([str(source), str(tmp_path / "out.onnx")]) == 1
    assert "cannot be changed" in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()
