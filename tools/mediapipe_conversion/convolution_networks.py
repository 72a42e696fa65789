# SPDX-License-Identifier: GPL-3.0-or-later
"""Face detector and landmark network: TFLite (channels last) to ONNX (channels first).

Pictures enter as float32 (n, 3, size, size). The batch is free.
"""

from __future__ import annotations

import numpy as np

from .onnx_writer import OnnxWriter
from .tflite_graph import Graph, Operator


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME: the odd pixel of padding goes to the end."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class _Converter:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.out = OnnxWriter()
        self.names: dict[int, str] = {}

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

    def on_conv_2d(self, op: Operator) -> str:
        weight = self.graph.constants[op.inputs[1]].transpose(0, 3, 1, 2)
        return self._convolution(op, weight, 1)

    def on_depthwise_conv_2d(self, op: Operator) -> str:
        weight = self.graph.constants[op.inputs[1]].transpose(3, 0, 1, 2)
        return self._convolution(op, weight, weight.shape[0])

    def _convolution(self, op: Operator, weight: np.ndarray, group: int) -> str:
        return self.out.node(
            "Conv",
            self.tensor(op.inputs[0]),
            self.out.constant(weight),
            self.out.constant(self.graph.constants[op.inputs[2]]),
            group=group,
            **self.window(op, weight.shape[2:]),
        )

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


def convert(graph: Graph, name: str, outputs: dict[str, tuple], doc: str):
    """Makes the ONNX model; ``outputs`` names the graph's outputs in order, with shapes."""
    converter = _Converter(graph)
    _, height, width, channels = graph.shapes[graph.inputs[0]]
    converter.names[graph.inputs[0]] = "image"
    for op in graph.operators:
        converter.names[op.outputs[0]] = converter.convert(op)
    for number, (output, shape) in zip(graph.outputs, outputs.items(), strict=True):
        flat = converter.out.constant(np.array((0, *shape[1:]), np.int64))
        converter.out.rename(converter.out.node("Reshape", converter.tensor(number), flat), output)
    inputs = {"image": ("n", channels, height, width)}
    return converter.out.model(name, inputs, outputs, doc)
