# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a network on a device through buffers that stay where they are.

onnxruntime otherwise makes room for every input and output of every run. Inputs come in batches of
few sizes, so that each size is prepared once: filled up with rows of zeros, whose outputs are cut
off again.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np

from .providers import batch_sizes

_FLOAT = "tensor(float)"


class Shapes(NamedTuple):
    """What a session says of its input and outputs.

    Attributes:
        name: Of the input.
        picture: Shape of one row of the input; None for a side that is not fixed.
        batched: Whether input and outputs have a free number of rows.
        outputs: Names and shapes of one row of each; shapes None where a side is not fixed.
    """

    name: str
    picture: tuple[int | None, ...]
    batched: bool
    outputs: tuple[tuple[str, tuple[int, ...] | None], ...]

    @property
    def fixed(self) -> bool:
        """Whether buffers can be made before the first run."""
        return None not in self.picture and all(shape is not None for _, shape in self.outputs)


def shapes_of(session: Any) -> Shapes:
    """Reads the shapes off an onnxruntime session; the first input counts."""
    given = session.get_inputs()[0]
    rows = given.shape[0] if given.shape else 1
    outputs, batched = [], not isinstance(rows, int)
    for output in session.get_outputs():
        shape = tuple(output.shape or ())
        batched = batched and bool(shape) and shape[0] == rows and rows is not None
        known = output.type == _FLOAT and all(isinstance(side, int) for side in shape[1:])
        outputs.append((output.name, shape[1:] if known and shape else None))
    picture = tuple(side if isinstance(side, int) else None for side in given.shape[1:])
    return Shapes(given.name, picture, batched, tuple(outputs))


def joined(parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    """The outputs of several batches as if they had been one."""
    if len(parts) == 1:
        return parts[0]
    return [np.concatenate(rows) for rows in zip(*parts, strict=True)]


class _Buffers(NamedTuple):
    binding: Any
    given: Any
    outputs: list[Any]


class BoundSession:
    """A session with its buffers. ``run`` may be called from several threads; they take turns.

    Args:
        session: onnxruntime's.
        shapes: Of that session; ``fixed``.
        make_value: Makes a buffer on the device: (shape, element type) -> ``OrtValue``.
        largest: Rows in a batch at most; more are run as several batches. 1 where the network is
            not batched.

    Attributes:
        session: onnxruntime's.
    """

    def __init__(self, session: Any, shapes: Shapes, make_value: Any, largest: int) -> None:
        self.session = session
        self._shapes, self._make_value = shapes, make_value
        self._sizes = batch_sizes(largest) if shapes.batched else [1]
        self._buffers: dict[int, _Buffers] = {}
        self._lock = threading.Lock()

    def run(self, array: np.ndarray) -> list[np.ndarray]:
        """Every output for float32 (n, ...).

        Raises:
            ValueError: The rows have another shape than the network's.
        """
        if array.shape[1:] != self._shapes.picture:
            raise ValueError(f"rows of {array.shape[1:]} instead of {self._shapes.picture}")
        step = self._sizes[-1]
        with self._lock:
            parts = [self._some(array[at : at + step]) for at in range(0, len(array), step)]
        return joined(parts)

    def _some(self, array: np.ndarray) -> list[np.ndarray]:
        rows = len(array)
        size = next(size for size in self._sizes if size >= rows)
        buffers = self._buffers_of(size)
        if size > rows:
            array = np.concatenate([array, np.zeros((size - rows, *array.shape[1:]), np.float32)])
        buffers.given.update_inplace(np.ascontiguousarray(array, np.float32))
        self.session.run_with_iobinding(buffers.binding)
        # Copied: the next run writes into the same buffers.
        return [np.array(value.numpy()[:rows]) for value in buffers.outputs]

    def _buffers_of(self, size: int) -> _Buffers:
        if size not in self._buffers:
            binding = self.session.io_binding()
            given = self._make_value((size, *self._shapes.picture), np.float32)
            binding.bind_ortvalue_input(self._shapes.name, given)
            outputs = []
            for name, shape in self._shapes.outputs:
                outputs.append(self._make_value((size, *shape), np.float32))
                binding.bind_ortvalue_output(name, outputs[-1])
            self._buffers[size] = _Buffers(binding, given, outputs)
        return self._buffers[size]


class PlainSession:
    """A session without buffers of its own, for one thread at a time.

    DirectML does not allow two runs of a session at once.

    Args:
        session: onnxruntime's.
        shapes: Of that session.
        largest: Rows in a batch at most; more are run as several batches.

    Attributes:
        session: onnxruntime's.
    """

    def __init__(self, session: Any, shapes: Shapes, largest: int) -> None:
        self.session, self._shapes = session, shapes
        self._largest = largest if shapes.batched else None
        self._lock = threading.Lock()

    def run(self, array: np.ndarray) -> list[np.ndarray]:
        """Every output for float32 (n, ...)."""
        step = self._largest or len(array)
        with self._lock:
            parts = [
                self.session.run(None, {self._shapes.name: array[at : at + step]})
                for at in range(0, len(array), step)
            ]
        return joined(parts)
