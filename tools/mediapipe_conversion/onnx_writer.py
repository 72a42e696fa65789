# SPDX-License-Identifier: GPL-3.0-or-later
"""A thin writer of ONNX graphs: nodes with fresh names, weights kept as float16 on disk."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


class OnnxWriter:
    """Collects nodes and initialisers, then makes a checked model."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._shared: dict[tuple, str] = {}
        self._count = 0

    def node(self, kind: str, *inputs: str, **attributes) -> str:
        """Adds a node with one output and returns the output's name."""
        self._count += 1
        name = f"{kind.lower()}_{self._count}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def rename(self, tensor: str, name: str) -> None:
        """Gives a graph output its public name."""
        self._nodes.append(helper.make_node("Identity", [tensor], [name], name=f"output_{name}"))

    def constant(self, array: np.ndarray) -> str:
        """Stores an array and returns its name; equal arrays are stored once.

        A float16 array stays float16 in the file and a Cast makes it float32: onnxruntime folds
        that when it opens the model, so the file is half as large at no cost in speed or value.
        """
        array = np.ascontiguousarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._shared:
            self._count += 1
            name = f"weight_{self._count}"
            self._initializers.append(numpy_helper.from_array(array, name))
            if array.dtype == np.float16:
                name = self.node("Cast", name, to=TensorProto.FLOAT)
            self._shared[key] = name
        return self._shared[key]

    def model(self, name: str, inputs: dict[str, tuple], outputs: dict[str, tuple], doc: str):
        """The finished model; a dimension given as text is free."""

        def infos(table):
            return [
                helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in table.items()
            ]

        graph = helper.make_graph(
            self._nodes, name, infos(inputs), infos(outputs), self._initializers, doc_string=doc
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="facewright"
        )
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model
