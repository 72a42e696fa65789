# SPDX-License-Identifier: GPL-3.0-or-later
"""``tools/export_deca.py`` on made checkpoints of the published names and shapes.

PyTorch is no part of the project: without it only the layout is tested.
"""

from __future__ import annotations

import importlib.util
import pickle
import sys
import types

import pytest

from engine.core.errors import FacewrightError
from tools import export_deca

torch = pytest.importorskip("torch") if importlib.util.find_spec("torch") else None
needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is not there")


def made_weights(count, prefix=""):
    generator = torch.Generator().manual_seed(count)
    weights = {}
    for name, shape in export_deca.expected_shapes(count).items():
        if name.endswith("running_var"):
            value = 0.5 + torch.rand(shape, generator=generator)
        elif len(shape) > 1:
            fan = shape[1] * (shape[2] ** 2 if len(shape) == 4 else 1)
            value = torch.randn(shape, generator=generator) * (1 / fan) ** 0.5
        else:
            value = 0.1 * torch.randn(shape, generator=generator) + name.endswith("weight")
        weights[prefix + name] = value
    weights[f"{prefix}encoder.bn1.num_batches_tracked"] = torch.tensor(3)
    return weights


def test_the_layout_is_that_of_resnet_50():
    shapes = export_deca.expected_shapes(236)
    # 53 convolutions, each with four numbers a channel, and two layers.
    assert len(shapes) == 53 * 5 + 4
    assert shapes["encoder.layer4.2.conv3.weight"] == (2048, 512, 1, 1)
    assert shapes["encoder.layer2.0.downsample.0.weight"] == (512, 256, 1, 1)
    sizes = [1] * len(shapes)
    for index, shape in enumerate(shapes.values()):
        for side in shape:
            sizes[index] *= side
    learned = sum(n for n, name in zip(sizes, shapes, strict=True) if "running" not in name)
    # ResNet-50 without its last layer has 23,508,032 weights.
    assert learned == 23_508_032 + 2048 * 1024 + 1024 + 1024 * 236 + 236


@needs_torch
def test_deca_becomes_onnx(tmp_path):
    pytest.importorskip("onnx")
    path, out = tmp_path / "deca_model.tar", tmp_path / "deca.onnx"
    other = {"conv.weight": torch.zeros(1)}
    torch.save({"E_flame": made_weights(236), "E_detail": other, "D_detail": other}, path)
    count, apart = export_deca.export("deca", path, out)
    assert count == 236 and out.stat().st_size > 90e6
    assert apart is None or apart < 1e-3


@needs_torch
@pytest.mark.parametrize("count", [50, 53])
def test_emoca_with_settings_of_other_packages(tmp_path, count):
    pytest.importorskip("onnx")
    path, out = tmp_path / "emoca.ckpt", tmp_path / "emoca.onnx"
    module = types.ModuleType("omegaconf")
    module.DictConfig = type("DictConfig", (), {"__module__": "omegaconf"})
    sys.modules["omegaconf"] = module
    try:
        settings = module.DictConfig()
        settings.content = {"n_exp": 50, "list": [1, 2]}
        state = made_weights(count, "deca.E_expression.")
        state["deca.E_flame.layers.2.bias"] = torch.zeros(236)
        torch.save({"state_dict": state, "hyper_parameters": {"cfg": settings}}, path)
    finally:
        del sys.modules["omegaconf"]
    found, apart = export_deca.export("emoca", path, out)
    assert found == count and (apart is None or apart < 1e-3)


class Harm:
    def __reduce__(self):
        import os

        return os.system, ("touch harm",)


@needs_torch
@pytest.mark.parametrize("zipped", [True, False])
def test_what_would_do_harm_is_not_done(tmp_path, monkeypatch, zipped):
    """In both of PyTorch's formats."""
    monkeypatch.chdir(tmp_path)
    table = {"E_flame": {"layers.2.bias": torch.arange(236.0)}, "x": Harm()}
    torch.save(table, tmp_path / "a.tar", _use_new_zipfile_serialization=zipped)
    found = export_deca.find_network(export_deca.load(tmp_path / "a.tar"), "E_flame")
    assert found["layers.2.bias"][-1] == 235
    assert not (tmp_path / "harm").exists()


@needs_torch
def test_other_layouts_are_refused(tmp_path):
    weights = made_weights(236)
    for name, change in {
        "layers.2.bias": torch.zeros(100),
        "encoder.conv1.weight": torch.zeros(64, 3, 3, 3),
        "encoder.layer3.5.bn2.running_var": None,
    }.items():
        wrong = {key: value for key, value in weights.items() if key != name}
        if change is not None:
            wrong[name] = change
        with pytest.raises(FacewrightError, match=name):
            export_deca.check(wrong, (236,))
    with pytest.raises(FacewrightError, match="E_expression"):
        export_deca.find_network({"E_flame": weights}, "E_expression")
    (tmp_path / "a.tar").write_bytes(pickle.dumps([1]) + b"..")
    with pytest.raises(FacewrightError):
        export_deca.find_network(export_deca.load(tmp_path / "a.tar"), "E_flame")
