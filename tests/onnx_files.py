# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes small ONNX models for tests, without the package onnx: plain protocol buffers.

Field numbers after ``onnx/onnx.proto`` (onnx/onnx on GitHub).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

_FLOAT, _INT64 = 1, 7
Shape = Sequence[int | str]


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, value: int | str | bytes | float) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + np.float32(value).tobytes()
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, array: np.ndarray) -> bytes:
    kind = _INT64 if array.dtype.kind == "i" else _FLOAT
    data = array.astype(np.int64 if kind == _INT64 else np.float32)
    dims = b"".join(_field(1, int(n)) for n in data.shape)
    return dims + _field(2, kind) + _field(8, name) + _field(9, data.tobytes())


def _attribute(name: str, value: int | float | list[int]) -> bytes:
    if isinstance(value, list):
        return _field(1, name) + b"".join(_field(8, n) for n in value) + _field(20, 7)
    if isinstance(value, float):
        return _field(1, name) + _field(2, value) + _field(20, 1)
    return _field(1, name) + _field(3, value) + _field(20, 2)


def _value_info(name: str, shape: Shape) -> bytes:
    dims = b"".join(_field(1, _field(1, n) if isinstance(n, int) else _field(2, n)) for n in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, dims)))


class Net:
    """A graph under construction; tensors are named by what the methods return.

    Args:
        shape: Of the one input, named ``input``; a text is a free dimension.
    """

    def __init__(self, shape: Shape) -> None:
        self._input = _value_info("input", shape)
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._outputs: list[bytes] = []
        self._count = 0

    def node(self, kind: str, *inputs: str, **attributes) -> str:
        """Adds a node with one output."""
        self._count += 1
        name = f"{kind}_{self._count}"
        parts = [*(_field(1, i) for i in inputs), _field(2, name), _field(4, kind)]
        parts += [_field(5, _attribute(key, value)) for key, value in attributes.items()]
        self._nodes.append(b"".join(parts))
        return name

    def constant(self, values) -> str:
        """Adds a tensor; whole numbers become int64, all others float32."""
        self._count += 1
        name = f"constant_{self._count}"
        self._tensors.append(_tensor(name, np.asarray(values)))
        return name

    def output(self, tensor: str, shape: Shape, name: str = "") -> None:
        """Makes a tensor an output, in the order of the calls."""
        name = name or f"output_{len(self._outputs)}"
        self._nodes.append(_field(1, tensor) + _field(2, name) + _field(4, "Identity"))
        self._outputs.append(_value_info(name, shape))

    def save(self, path: Path) -> Path:
        """Writes the model and returns its path."""
        graph = b"".join(_field(1, node) for node in self._nodes) + _field(2, "test")
        graph += b"".join(_field(5, tensor) for tensor in self._tensors)
        graph += _field(11, self._input)
        graph += b"".join(_field(12, output) for output in self._outputs)
        model = _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 17))
        path.write_bytes(model)
        return path
