# SPDX-License-Identifier: GPL-3.0-or-later
"""Free the batch, height and width of an ONNX model whose file names an example's sizes.

    python tools/free_input_size.py centerface.onnx centerface_free.onnx

CenterFace's authors published a file whose input says 10 x 3 x 32 x 32 though the network takes any
multiple of 32; onnxruntime takes the sizes at their word (Star-Clouds/CenterFace, issues 85 and
116). Only the declared shapes change: a network that computes with fixed sizes inside still needs
them. Needs no package: an ONNX file is a protocol buffer (``onnx/onnx.proto``), and every
part of it that is not named here is copied as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

# Field numbers: ModelProto, GraphProto, ValueInfoProto, TypeProto, Tensor, TensorShapeProto.
_GRAPH = 7
_INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 5, 11, 12, 13
_TENSOR_NAME = 8
_TYPE, _TENSOR, _SHAPE, _DIM = 2, 1, 2, 1
_DIM_PARAM = 2
_NAMES = {0: b"batch", 2: b"height", 3: b"width"}


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def _written(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _fields(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, payload and whole bytes of every field; the payload is empty for plain numbers."""
    at = 0
    while at < len(data):
        start = at
        key, at = _varint(data, at)
        kind, payload = key & 7, b""
        if kind == 0:
            _, at = _varint(data, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        elif kind == 2:
            length, at = _varint(data, at)
            payload, at = data[at : at + length], at + length
        else:
            raise ValueError("not a protocol buffer")
        if at > len(data):
            raise ValueError("the file ends in the middle")
        yield key >> 3, payload, data[start:at]


def _message(number: int, payload: bytes) -> bytes:
    return _written(number << 3 | 2) + _written(len(payload)) + payload


def _within(data: bytes, path: tuple[int, ...], change) -> bytes:
    """The message with what lies at a path of fields changed."""
    if not path:
        return change(data)
    return b"".join(
        _message(number, _within(payload, path[1:], change)) if number == path[0] else whole
        for number, payload, whole in _fields(data)
    )


def _freed(shape: bytes) -> bytes:
    """A shape with free batch, height and width; of fewer dimensions, the first alone is free."""
    dims = [payload for number, payload, _ in _fields(shape) if number == _DIM]
    names = _NAMES if len(dims) == 4 else {0: _NAMES[0]}
    return b"".join(
        _message(_DIM, _message(_DIM_PARAM, names[i]) if i in names else dim)
        for i, dim in enumerate(dims)
    )


def _unnamed(shape: bytes) -> bytes:
    """An output's shape with no size but the second: they need not be the input's."""
    dims = [payload for number, payload, _ in _fields(shape) if number == _DIM]
    return b"".join(_message(_DIM, dim if i == 1 else b"") for i, dim in enumerate(dims))


def free_sizes(model: bytes) -> bytes:
    """The same model with free sizes.

    Args:
        model: An ONNX file.

    Raises:
        ValueError: For a file that is none.
    """

    def graph(data: bytes) -> bytes:
        path = (_TYPE, _TENSOR, _SHAPE)
        weights = {
            payload
            for number, tensor, _ in _fields(data)
            if number == _INITIALIZER
            for inner, payload, _ in _fields(tensor)
            if inner == _TENSOR_NAME
        }
        out = []
        for number, payload, whole in _fields(data):
            if number == _INPUT:
                name = next(inner for key, inner, _ in _fields(payload) if key == 1)
                changed = payload if name in weights else _within(payload, path, _freed)
                out.append(_message(number, changed))
            elif number == _OUTPUT:
                out.append(_message(number, _within(payload, path, _unnamed)))
            elif number != _VALUE_INFO:  # sizes within, which follow from the rest
                out.append(whole)
        return b"".join(out)

    freed = _within(model, (_GRAPH,), graph)
    if freed == model:
        raise ValueError("there is no graph in the file")
    return freed


def main(arguments: list[str]) -> int:
    """The command; returns the exit code."""
    if len(arguments) != 2:
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    try:
        freed = free_sizes(source.read_bytes())
    except (OSError, ValueError, IndexError, StopIteration) as error:
        print(f"{source} cannot be changed: {error}", file=sys.stderr)
        return 1
    if target.exists():
        print(f"{target} is there already; nothing was written.", file=sys.stderr)
        return 1
    target.write_bytes(freed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
