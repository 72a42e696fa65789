# SPDX-License-Identifier: GPL-3.0-or-later
"""Face detector and landmark network: TFLite (channels last) to ONNX (channels first).

Pictures enter as float32 (n, 3, size, size). The batch is free.
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from .onnx_writer import OnnxWriter
from .tflite_graph import Graph, Operator

# onnxruntime works on blocks of 16 channels (8 without AVX-512).
BLOCK = 16


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME: the odd pixel of padding goes to the end."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class _Converter:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.out = OnnxWriter()
        self.names: dict[int, str] = {}
        self.maker = {op.outputs[0]: op for op in graph.operators}
        self.users: dict[int, list[Operator]] = defaultdict(list)
        for op in graph.operators:
            for number in op.inputs:
                self.users[number].append(op)

    def tensor(self, number: int) -> str:
        return self.names[number]

    def window(self, op: Operator, kernel: tuple[int, int]) -> dict:
        """strides, pads and kernel shape of a convolution or a pooling."""
        _, height, width, _ = self.graph.shapes[op.inputs[0]]
        strides = op.options["strides"]
        pads = (0, 0, 0, 0)
        if op.options["padding"] == "SAME":
            top, bottom = _same_padding(height, kernel[0], strides[0])
            left, right = _same_padding(width, kernel[1], strides[1])
            pads = (top, left, bottom, right)
        return {"strides": strides, "pads": pads, "kernel_shape": kernel}

    def convert(self, op: Operator) -> str:
        handler = getattr(self, f"on_{op.kind.lower()}", None)
        if handler is None:
            raise ValueError(f"operator {op.kind} is not known")
        activation = op.options.get("activation", "NONE")
        result = handler(op)
        if activation == "RELU":
            return self.out.node("Relu", result)
        if activation != "NONE":
            raise ValueError(f"activation {activation} is not known")
        return result

    def halved(self, number: int) -> Operator | None:
        """The PReLU that makes a tensor, if it is carried as its two halves instead.

        relu(x) and relu(-x) side by side, twice the channels: the convolution before makes both
        with its own ReLU, the depthwise one after puts the slope into its weights, so the PReLU
        itself costs nothing. It pays where the channels fill half a block at most.
        """
        op = self.maker.get(number)
        if op is None or op.kind != "PRELU" or self.graph.shapes[number][3] * 2 > BLOCK:
            return None
        before, after = self.maker.get(op.inputs[0]), self.users[number]
        alone = len(self.users[op.inputs[0]]) == 1 and len(after) == 1
        kinds = before is not None and (before.kind, after[0].kind)
        return op if alone and kinds == ("CONV_2D", "DEPTHWISE_CONV_2D") else None

    def on_conv_2d(self, op: Operator) -> str:
        out = self.out
        weight = out.constant(self.graph.constants[op.inputs[1]].transpose(0, 3, 1, 2))
        bias = out.constant(self.graph.constants[op.inputs[2]])
        maker = self.maker.get(op.inputs[0])
        if maker is not None and maker.kind == "DEPTHWISE_CONV_2D" and self.halved(maker.inputs[0]):
            weight = out.node("Concat", weight, weight, axis=1)
        (user, *others) = self.users[op.outputs[0]] or [None]
        if user is None or others or not self.halved(user.outputs[0]):
            return self._convolution(op, weight, bias, 1)
        weight = out.node("Concat", weight, out.node("Neg", weight), axis=0)
        bias = out.node("Concat", bias, out.node("Neg", bias), axis=0)
        return out.node("Relu", self._convolution(op, weight, bias, 1))

    def on_depthwise_conv_2d(self, op: Operator) -> str:
        out = self.out
        channels = self.graph.shapes[op.inputs[0]][3]
        weight = out.constant(self.graph.constants[op.inputs[1]].transpose(3, 0, 1, 2))
        bias = self.graph.constants[op.inputs[2]]
        prelu = self.halved(op.inputs[0])
        if prelu is None:
            return self._convolution(op, weight, out.constant(bias), channels)
        slope = out.constant(self.graph.constants[prelu.inputs[1]].reshape(-1, 1, 1, 1))
        below = out.node("Neg", out.node("Mul", weight, slope))
        weight = out.node("Concat", weight, below, axis=0)
        bias = out.constant(np.concatenate([bias, np.zeros_like(bias)]))
        return self._convolution(op, weight, bias, 2 * channels)

    def _convolution(self, op: Operator, weight: str, bias: str, group: int) -> str:
        shape = self.graph.shapes[op.inputs[1]]
        window = self.window(op, shape[1:3])
        return self.out.node("Conv", self.tensor(op.inputs[0]), weight, bias, group=group, **window)

    def on_max_pool_2d(self, op: Operator) -> str:
        window = self.window(op, op.options["kernel"])
        return self.out.node("MaxPool", self.tensor(op.inputs[0]), **window)

    def on_add(self, op: Operator) -> str:
        return self.out.node("Add", self.tensor(op.inputs[0]), self.tensor(op.inputs[1]))

    def on_relu(self, op: Operator) -> str:
        return self.out.node("Relu", self.tensor(op.inputs[0]))

    def on_logistic(self, op: Operator) -> str:
        return self.out.node("Sigmoid", self.tensor(op.inputs[0]))

    def on_prelu(self, op: Operator) -> str:
        """PReLU(x) = a x + (1 - a) relu(x), as two depthwise 1x1 convolutions.

        onnxruntime's own PRelu kernel on the CPU costs four times the rest of the network, and
        an elementwise product would leave the blocked layout its convolutions work in. The
        slopes lie between -5.4 and 19.8, so the shorter max(x, a x) would be wrong.
        """
        if self.halved(op.outputs[0]):
            return self.tensor(op.inputs[0])
        slope = self.graph.constants[op.inputs[1]].reshape(-1, 1, 1, 1)
        one = self.out.constant(np.ones((1, 1, 1, 1), np.float32))
        below = self.out.constant(slope)
        above = self.out.node("Sub", one, below)
        x = self.tensor(op.inputs[0])
        attributes = {"group": slope.shape[0], "kernel_shape": (1, 1)}
        return self.out.node(
            "Add",
            self.out.node("Conv", x, below, **attributes),
            self.out.node("Conv", self.out.node("Relu", x), above, **attributes),
        )

    def on_pad(self, op: Operator) -> str:
        """Zero channels behind the last one, written as a 1x1 convolution with an identity.

        The products are exact, and unlike Pad it stays in onnxruntime's blocked layout.
        """
        amounts = self.graph.constants[op.inputs[1]]
        if amounts[:3].any() or amounts[3, 0]:
            raise ValueError("only padding behind the last channel is known")
        channels = self.graph.shapes[op.inputs[0]][3]
        identity = np.eye(channels + int(amounts[3, 1]), channels, dtype=np.float16)
        weight = self.out.constant(identity[:, :, None, None])
        return self.out.node("Conv", self.tensor(op.inputs[0]), weight, kernel_shape=(1, 1))

    def on_reshape(self, op: Operator) -> str:
        """(n, c, h, w) to the target shape, counted in TFLite's channels-last order."""
        last = self.out.node("Transpose", self.tensor(op.inputs[0]), perm=(0, 2, 3, 1))
        shape = np.array((0, *self.graph.shapes[op.outputs[0]][1:]), np.int64)
        return self.out.node("Reshape", last, self.out.constant(shape))

    def on_concatenation(self, op: Operator) -> str:
        return self.out.node("Concat", *(self.tensor(i) for i in op.inputs), axis=1)


def convert(
    graph: Graph, name: str, outputs: dict[str, tuple], doc: str, maps: tuple[int, ...] = ()
):
    """Makes the ONNX model.

    Args:
        graph: The network.
        name: Of the model.
        outputs: Names the graph's outputs in order, with shapes.
        doc: What goes in and comes out.
        maps: Sizes of feature maps to give out too, as one more output "maps": what enters the
            pooling of each size, one after the other, flat.
    """
    converter = _Converter(graph)
    _, height, width, channels = graph.shapes[graph.inputs[0]]
    converter.names[graph.inputs[0]] = "image"
    for op in graph.operators:
        converter.names[op.outputs[0]] = converter.convert(op)
    for number, (output, shape) in zip(graph.outputs, outputs.items(), strict=True):
        flat = converter.out.constant(np.array((0, *shape[1:]), np.int64))
        converter.out.rename(converter.out.node("Reshape", converter.tensor(number), flat), output)
    if maps:
        found = [_entering_pool(graph, size) for size in maps]
        out = converter.out
        flat = out.constant(np.array((0, -1), np.int64))
        parts = [out.node("Reshape", converter.tensor(number), flat) for number in found]
        out.rename(out.node("Concat", *parts, axis=1), "maps")
        length = sum(math.prod(graph.shapes[number]) for number in found)
        outputs = outputs | {"maps": ("n", length)}
    inputs = {"image": ("n", channels, height, width)}
    return converter.out.model(name, inputs, outputs, doc)


def _entering_pool(graph: Graph, size: int) -> int:
    """The tensor that is halved from this size."""
    (number,) = (
        op.inputs[0]
        for op in graph.operators
        if op.kind == "MAX_POOL_2D" and graph.shapes[op.inputs[0]][1] == size
    )
    return number
