# SPDX-License-Identifier: GPL-3.0-or-later
"""Trained networks as the ONNX files that ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.core.arkit import COUNT
from engine.core.types import APPEARANCE

from .learn import POINTS, SolverNetwork

_OPSET = 17


class _Graph:
    """Nodes and constants; constants are stored in 16 bits and computed with in 32."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.constants: list = []

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        if array.dtype == np.float32:
            self.constants.append(numpy_helper.from_array(array.astype(np.float16), f"{name}_half"))
            self.nodes.append(
                helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT)
            )
        else:
            self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, *inputs: str, outputs: int = 1, name: str = "", **attributes):
        names = [name or f"n{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray | None, name: str = "") -> str:
        """x @ weight.T + bias."""
        parts = [x, self.constant(weight.astype(np.float32))]
        if bias is not None:
            parts.append(self.constant(bias.astype(np.float32)))
        return self.node("Gemm", *parts, name=name, transB=1)

    def silu(self, x: str) -> str:
        return self.node("Mul", x, self.node("Sigmoid", x))

    def save(self, path: Path, name: str, width: int, outputs: dict[str, tuple], doc: str) -> None:
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", width])],
            [
                helper.make_tensor_value_info(label, TensorProto.FLOAT, shape)
                for label, shape in outputs.items()
            ],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
        model.ir_version, model.doc_string = 8, doc
        model.producer_name = "facewright"
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())


def write_appearance(path: Path, matrix: np.ndarray, offset: np.ndarray) -> None:
    """``face_appearance.onnx``: feature maps (n, k) to (n, 256)."""
    graph = _Graph()
    graph.linear("input", matrix, offset, name="appearance")
    doc = "Feature maps of face_landmarks to an appearance vector."
    graph.save(path, "face_appearance", matrix.shape[1], {"appearance": ("n", APPEARANCE)}, doc)


def write_solver(path: Path, network: SolverNetwork) -> None:
    """``face_solver.onnx``: see ``learn.SolverNetwork``."""
    state = {k: v.detach().numpy() for k, v in network.state_dict().items()}
    graph = _Graph()
    sizes = np.array([POINTS, POINTS, 3, APPEARANCE, APPEARANCE, 1], np.int64)
    face, rest, view, looks, looks_at_rest, known = graph.node(
        "Split", "input", graph.constant(sizes), outputs=6, axis=1
    )
    mean = graph.constant(state["mean"][None])
    total = graph.node("ReduceL1", rest, axes=[1], keepdims=1)
    zero = graph.constant(np.zeros((1, 1), np.float32))
    stranger = graph.node("Cast", graph.node("Equal", total, zero), to=TensorProto.FLOAT)
    rest = graph.node("Add", rest, graph.node("Mul", stranger, mean))
    steep = graph.node("Mul", view, graph.constant(np.full((1, 1), 3, np.float32)))
    parts = [
        graph.linear(graph.node("Sub", face, rest), state["moves"], None),
        graph.linear(graph.node("Sub", rest, mean), state["people"], None),
        steep,
        graph.node("Mul", steep, steep),
        graph.node("Mul", graph.node("Sub", looks, looks_at_rest), known),
        known,
    ]
    hidden = graph.node("Concat", *parts, axis=1)
    for layer in (
        k.removesuffix(".weight") for k in state if k.startswith("body") and k.endswith("weight")
    ):
        hidden = graph.silu(graph.linear(hidden, state[f"{layer}.weight"], state[f"{layer}.bias"]))
    weights = graph.linear(hidden, state["weights.weight"], state["weights.bias"])
    turn = graph.linear(hidden, state["turn.weight"], state["turn.bias"])
    sure = graph.silu(graph.linear(hidden, state["sure.0.weight"], state["sure.0.bias"]))
    sure = graph.node("Sigmoid", graph.linear(sure, state["sure.2.weight"], state["sure.2.bias"]))
    graph.node("Concat", weights, turn, sure, axis=1, name="solved")
    graph.node("Identity", graph.constant(state["shapes"]), name="shapes")
    width = int(sizes.sum())
    outputs = {"solved": ("n", 2 * COUNT + 3), "shapes": (COUNT, POINTS + APPEARANCE)}
    graph.save(path, "face_solver", width, outputs, SolverNetwork.__doc__.splitlines()[0])
