# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a TFLite network into plain lists: constants as arrays, operators with their options.

Only what the three FaceLandmarker networks use is understood; anything else is an error, so
that a changed network cannot be converted wrongly in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import tflite

_KIND = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
_PADDING = {v: k for k, v in vars(tflite.Padding).items() if isinstance(v, int)}
_ACTIVATION = {v: k for k, v in vars(tflite.ActivationFunctionType).items() if isinstance(v, int)}
_DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
_OPTIONS = {
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "ADD": tflite.AddOptions,
    "MUL": tflite.MulOptions,
}


@dataclass
class Operator:
    """One node: ``kind`` is the TFLite builtin's name, tensors are numbers."""

    kind: str
    inputs: list[int]
    outputs: list[int]
    options: dict = field(default_factory=dict)


@dataclass
class Graph:
    """A network. ``constants`` keeps float16 weights as float16 (DEQUANTIZE is folded away)."""

    operators: list[Operator]
    constants: dict[int, np.ndarray]
    shapes: dict[int, tuple[int, ...]]
    inputs: list[int]
    outputs: list[int]


def _options(op: tflite.Operator, kind: str) -> dict:
    if kind not in _OPTIONS:
        return {}
    table = op.BuiltinOptions()
    options = _OPTIONS[kind]()
    options.Init(table.Bytes, table.Pos)
    found = {"activation": _ACTIVATION[options.FusedActivationFunction()]}
    if kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D"):
        found["padding"] = _PADDING[options.Padding()]
        found["strides"] = (options.StrideH(), options.StrideW())
    if kind == "MAX_POOL_2D":
        found["kernel"] = (options.FilterHeight(), options.FilterWidth())
    return found


def read(data: bytes) -> Graph:
    """Parses the bytes of a .tflite file (one subgraph)."""
    model = tflite.Model.GetRootAsModel(data, 0)
    if model.SubgraphsLength() != 1:
        raise ValueError("expected one subgraph")
    sub = model.Subgraphs(0)
    constants, shapes = {}, {}
    for number in range(sub.TensorsLength()):
        tensor = sub.Tensors(number)
        shape = tuple(int(n) for n in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
        shapes[number] = shape
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength():
            raw = buffer.DataAsNumpy().tobytes()
            constants[number] = np.frombuffer(raw, _DTYPES[tensor.Type()]).reshape(shape)
    operators = []
    for number in range(sub.OperatorsLength()):
        op = sub.Operators(number)
        code = model.OperatorCodes(op.OpcodeIndex())
        kind = _KIND[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs = [int(i) for i in op.InputsAsNumpy()]
        outputs = [int(i) for i in op.OutputsAsNumpy()]
        if kind == "DEQUANTIZE":
            constants[outputs[0]] = constants[inputs[0]]
            continue
        operators.append(Operator(kind, inputs, outputs, _options(op, kind)))
    return Graph(
        operators,
        constants,
        shapes,
        [int(i) for i in sub.InputsAsNumpy()],
        [int(i) for i in sub.OutputsAsNumpy()],
    )
