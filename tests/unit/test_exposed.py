# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that give inner tensors besides their outputs."""

from __future__ import annotations

import gc
import tempfile

import numpy as np
import pytest

from engine.core.errors import FacewrightError
from engine.core.inference.onnx_session import open_model
from engine.tracking.exposed import Exposed, with_outputs
from tests.onnx_files import Net


@pytest.fixture
def network(tmp_path):
    """x + 1, times a hundred: the sum is inside."""
    net = Net(("n", 2))
    inner = net.node("Add", "input", net.constant(np.float32([1, 2])))
    net.output(net.node("Mul", inner, net.constant(np.float32(100))), ["n", 2])
    return net.save(tmp_path / "net.onnx"), inner


def test_an_inner_tensor_comes_after_the_outputs(network):
    path, inner = network
    exposed = Exposed(path, [inner])
    given = np.float32([[1, 1], [0, 5]])
    out, seen = open_model(exposed.path, "cpu").run(given)
    np.testing.assert_array_equal(seen, given + [1, 2])
    np.testing.assert_array_equal(out, 100 * seen)
    (alone,) = open_model(path, "cpu").run(given)
    np.testing.assert_array_equal(alone, out)


def test_the_copy_goes_with_its_owner(network):
    path, inner = network
    exposed = Exposed(path, [inner])
    copy = exposed.path
    assert copy.exists()
    del exposed
    gc.collect()
    assert not copy.parent.exists()
    assert path.exists()


def test_without_a_place_for_the_copy_it_is_told(network, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(FacewrightError) as caught:
        Exposed(network[0], [network[1]])
    assert caught.value.code == "copy-unwritable"
    assert "net.onnx" in caught.value.message


def test_a_tensor_that_is_not_there_is_told(network):
    exposed = Exposed(network[0], ["nothing"])
    with pytest.raises(FacewrightError) as caught:
        open_model(exposed.path, "cpu")
    assert caught.value.code == "model-corrupt"


def test_long_names_are_written_with_their_length():
    # Two fields within each other; 300 = 0b10_0101100 takes two bytes of seven bits.
    told = with_outputs(b"", ["x" * 300])
    assert told[:1] == bytes([7 << 3 | 2])
    assert told[3:4] == bytes([12 << 3 | 2])
    assert told[6:9] == bytes([1 << 3 | 2, 0b10101100, 0b10])
    assert len(told) == 9 + 300
