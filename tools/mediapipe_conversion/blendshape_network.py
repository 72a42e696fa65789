# SPDX-License-Identifier: GPL-3.0-or-later
"""Blend-shape network (MLP-Mixer): TFLite, one face, to ONNX with a free batch.

TFLite writes its dense layers as 1x1 convolutions over a channels-last tensor; here they are
matrix products over the last axis. Points enter as float32 (n, 146, 2).
"""

from __future__ import annotations

import numpy as np

from .onnx_writer import OnnxWriter
from .tflite_graph import Graph, Operator

# gamma (x - mean) / sqrt(variance + epsilon), as TFLite spells it in nine operators.
_LAYER_NORM = (
    "MEAN",
    "NEG",
    "SQUARED_DIFFERENCE",
    "MEAN",
    "ADD",
    "RSQRT",
    "MUL",
    "MUL",
    "MUL",
    "ADD",
)
_SIMPLE = {
    "ADD": "Add",
    "SUB": "Sub",
    "MUL": "Mul",
    "DIV": "Div",
    "SQRT": "Sqrt",
    "LOGISTIC": "Sigmoid",
}


class _Converter:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.out = OnnxWriter()
        self.names: dict[int, str] = {}

    def tensor(self, number: int) -> str:
        if number in self.names:
            return self.names[number]
        return self.out.constant(self.graph.constants[number])

    def convert(self, op: Operator) -> str:
        if op.kind in _SIMPLE:
            result = self.out.node(_SIMPLE[op.kind], *(self.tensor(i) for i in op.inputs))
        else:
            handler = getattr(self, f"on_{op.kind.lower()}", None)
            if handler is None:
                raise ValueError(f"operator {op.kind} is not known")
            result = handler(op)
        activation = op.options.get("activation", "NONE")
        if activation == "RELU":
            return self.out.node("Relu", result)
        if activation != "NONE":
            raise ValueError(f"activation {activation} is not known")
        return result

    def layer_norm(self, ops: list[Operator]) -> str:
        """The nine operators above as one node."""
        add, gamma = ops[4], ops[6]
        scale = self.graph.constants[gamma.inputs[1]]
        epsilon = float(self.graph.constants[add.inputs[1]])
        return self.out.node(
            "LayerNormalization",
            self.tensor(ops[0].inputs[0]),
            self.out.constant(scale),
            axis=-1,
            epsilon=epsilon,
        )

    def on_conv_2d(self, op: Operator) -> str:
        weight = self.graph.constants[op.inputs[1]]
        if weight.shape[1:3] != (1, 1):
            raise ValueError("only dense layers are known")
        matrix = self.out.constant(np.ascontiguousarray(weight[:, 0, 0, :].T))
        product = self.out.node("MatMul", self.tensor(op.inputs[0]), matrix)
        return self.out.node("Add", product, self.tensor(op.inputs[2]))

    def on_transpose(self, op: Operator) -> str:
        perm = [int(n) for n in self.graph.constants[op.inputs[1]]]
        return self.out.node("Transpose", self.tensor(op.inputs[0]), perm=perm)

    def _axes(self, op: Operator) -> list[int]:
        axes = [int(n) for n in np.atleast_1d(self.graph.constants[op.inputs[1]])]
        if 0 in axes:
            raise ValueError("a reduction over the batch cannot be batched")
        return axes

    def on_mean(self, op: Operator) -> str:
        x = self.tensor(op.inputs[0])
        return self.out.node("ReduceMean", x, axes=self._axes(op), keepdims=1)

    def on_sum(self, op: Operator) -> str:
        axes = self.out.constant(np.array(self._axes(op), np.int64))
        return self.out.node("ReduceSum", self.tensor(op.inputs[0]), axes, keepdims=1)

    def on_reshape(self, op: Operator) -> str:
        shape = [int(n) for n in self.graph.constants[op.inputs[1]]]
        # The single face of the original is the batch: the first axis, or the one of size one.
        shape = [-1, *shape[1:]] if shape[0] == 1 else shape
        return self.out.node(
            "Reshape", self.tensor(op.inputs[0]), self.out.constant(np.array(shape, np.int64))
        )

    def on_strided_slice(self, op: Operator) -> str:
        """A slice along the tokens; whatever else TFLite slices here keeps everything."""
        before, after = self.graph.shapes[op.inputs[0]], self.graph.shapes[op.outputs[0]]
        x = self.tensor(op.inputs[0])
        if int(np.prod(before)) == int(np.prod(after)):
            return x
        axis = 2
        if before[:axis] + before[axis + 1 :] != after[:axis] + after[axis + 1 :]:
            raise ValueError("only a slice along the tokens is known")
        start = int(self.graph.constants[op.inputs[1]][axis])
        bounds = (np.array([n], np.int64) for n in (start, start + after[axis], axis))
        return self.out.node("Slice", x, *(self.out.constant(b) for b in bounds))

    def on_concatenation(self, op: Operator) -> str:
        """The learned token (a constant) in front of the others, once for each face."""
        token, tokens = op.inputs
        value = self.graph.constants[token]
        first = self.out.node(
            "Slice",
            self.tensor(tokens),
            *(self.out.constant(np.array([n], np.int64)) for n in (0, 1, 2)),
        )
        zero = self.out.node("Mul", first, self.out.constant(np.zeros((), np.float32)))
        copies = self.out.node("Add", zero, self.out.constant(value))
        return self.out.node("Concat", copies, self.tensor(tokens), axis=2)


def convert(graph: Graph, name: str, doc: str):
    """Makes the ONNX model: ``points`` (n, 146, 2) to ``scores`` (n, 52)."""
    converter = _Converter(graph)
    converter.names[graph.inputs[0]] = "points"
    position = 0
    while position < len(graph.operators):
        ops = graph.operators[position : position + len(_LAYER_NORM)]
        if tuple(op.kind for op in ops) == _LAYER_NORM:
            converter.names[ops[-1].outputs[0]] = converter.layer_norm(ops)
            position += len(ops)
            continue
        converter.names[ops[0].outputs[0]] = converter.convert(ops[0])
        position += 1
    shape = converter.out.constant(np.array((-1, 52), np.int64))
    scores = converter.out.node("Reshape", converter.tensor(graph.outputs[0]), shape)
    converter.out.rename(scores, "scores")
    points = graph.shapes[graph.inputs[0]]
    return converter.out.model(name, {"points": ("n", *points[1:])}, {"scores": ("n", 52)}, doc)
