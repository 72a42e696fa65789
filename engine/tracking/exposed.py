# SPDX-License-Identifier: GPL-3.0-or-later
"""Inner tensors of a network as further outputs, without a package that edits ONNX files.

An ONNX file is a protocol buffer, and of two that are written one after the other a reader makes
one message: lists grow, so a few bytes at a file's end add outputs to its graph (protobuf.dev,
"Last One Wins": messages of one field are merged). onnxruntime finds out their types.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import FacewrightError

# Numbers of the fields in onnx.proto: ModelProto.graph, GraphProto.output, ValueInfoProto.name.
_GRAPH, _OUTPUT, _NAME = 7, 12, 1
_LENGTH_DELIMITED = 2


def with_outputs(network: bytes, names: Sequence[str]) -> bytes:
    """An ONNX file that gives these tensors besides its outputs, after them and in this order.

    Args:
        network: The file's bytes.
        names: Of tensors inside its graph.
    """
    outputs = b"".join(_field(_OUTPUT, _field(_NAME, name.encode())) for name in names)
    return network + _field(_GRAPH, outputs)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    low, high = number & 127, number >> 7
    return bytes([low | 128]) + _varint(high) if high else bytes([low])


class Exposed:
    """A copy of a network's file with more outputs, there as long as this object lives.

    Args:
        network: The file.
        names: See ``with_outputs``.

    Attributes:
        path: The copy, in a folder of its own that nobody else may open.

    Raises:
        FacewrightError: ``copy-unwritable``.
    """

    def __init__(self, network: Path, names: Sequence[str]) -> None:
        try:
            # Windows keeps files that a card's driver still reads.
            self._folder = tempfile.TemporaryDirectory(
                prefix="facewright_", ignore_cleanup_errors=True
            )
            self.path = Path(self._folder.name) / network.name
            self.path.write_bytes(with_outputs(network.read_bytes(), names))
        except OSError as error:
            raise FacewrightError(
                f"The network {network.name} cannot be copied to the folder for temporary files "
                f"({error.strerror}).",
                "Make room there, or name another folder in the environment's TMPDIR.",
                "copy-unwritable",
            ) from error
