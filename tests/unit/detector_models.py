# SPDX-License-Identifier: GPL-3.0-or-later
"""Small models with the layouts of published face detectors.

The networks' weights may not be shipped and are not at hand. These find a red spot: where a cell
of the right stride is pure red, the scores say face, and the other outputs say everywhere what was
planted. So the place comes from the picture (and shows that it was cut, ordered and scaled as the
network wants it), and the numbers from the test.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.onnx_files import Net

# Logit of a cell that is all red, and of any other.
SURE = 4.0


def redness(net: Net, stride: int, scale: float, offset, planes: str = "RGB") -> str:
    """(N, 1, h / stride, w / stride): ``SURE`` where a cell is pure red, ``-SURE`` where black.

    Args:
        net: The graph.
        stride: Side of the cells in pixels.
        scale, offset: What the detector must do to the pixels (offset: one number or three).
        planes: Order of the colours in the input.
    """
    sign = np.array([1.0 if plane == "R" else -1.0 for plane in planes])
    offsets = np.broadcast_to(np.asarray(offset, float), 3)
    # sum(sign * (pixel * scale + offset)) is 255 * scale above its value in black for pure red.
    weight = np.broadcast_to(
        (sign / (stride * stride))[None, :, None, None], (1, 3, stride, stride)
    )
    gain = 2 * SURE / (255 * scale)
    bias = -SURE - gain * float(sign @ offsets)
    return net.node(
        "Conv",
        "input",
        net.constant((weight * gain).astype(np.float32)),
        net.constant(np.array([bias], np.float32)),
        kernel_shape=[stride, stride],
        strides=[stride, stride],
    )


def planted(net: Net, stride: int, values: np.ndarray) -> str:
    """(N, C, h / stride, w / stride): the same C numbers in every cell."""
    count = len(values)
    return net.node(
        "Conv",
        "input",
        net.constant(np.zeros((count, 3, stride, stride), np.float32)),
        net.constant(np.asarray(values, np.float32)),
        kernel_shape=[stride, stride],
        strides=[stride, stride],
    )


def _rows(net: Net, tensor: str, columns: int, batched: bool) -> str:
    """Planes (N, A * C, h, w) to rows (N, h * w * A, C), or without N, as SCRFD's head does."""
    last = net.node("Transpose", tensor, perm=[0, 2, 3, 1])
    shape = [0, -1, columns] if batched else [-1, columns]
    return net.node("Reshape", last, net.constant(np.array(shape)))


def scrfd(
    path: Path,
    distances: dict[int, np.ndarray],
    points: dict[int, np.ndarray] | None,
    *,
    shape=(1, 3, "h", "w"),
    per_cell: int = 2,
    sees: int = 8,
    batched: bool = False,
    order: list[int] | None = None,
) -> Path:
    """SCRFD's layout.

    Args:
        path: Where it goes.
        distances: stride -> (4,), left, top, right, bottom in strides.
        points: stride -> (10,), x, y in strides; None for a model without keypoints.
        shape: Of the input.
        per_cell: Anchors in a cell; the last one sees, the others do not.
        sees: The stride whose map sees.
        batched: Whether outputs keep the batch dimension.
        order: Numbers of the outputs in another order.
    """
    net = Net(shape)
    outputs = []
    for columns, table in ((1, None), (4, distances), (10, points)):
        if columns == 10 and points is None:
            continue
        for stride in distances:
            if columns == 1:
                blind = planted(net, stride, [-SURE])
                seen = blind
                if stride == sees:
                    seen = redness(net, stride, 1 / 128, -127.5 / 128)
                tensor = net.node("Concat", *[blind] * (per_cell - 1), seen, axis=1)
                tensor = net.node("Sigmoid", tensor)
            else:
                tensor = planted(net, stride, np.tile(table[stride], per_cell))
            rows = _rows(net, tensor, columns, batched)
            outputs.append((rows, ["b", "n", columns] if batched else ["n", columns]))
    for number in order or range(len(outputs)):
        net.output(*outputs[number])
    return net.save(path)


def centerface(path: Path, sizes, offsets, points, *, shape=(1, 3, "h", "w"), names=True) -> Path:
    """CenterFace's layout: logarithms of height and width, offsets y and x, points y and x.

    Args:
        path: Where it goes.
        sizes, offsets: (2,).
        points: (10,) or None.
        shape: Of the input.
        names: Whether the outputs bear the exporter's numbers, and come in another order.
    """
    net = Net(shape)
    outputs = [
        ("537", net.node("Sigmoid", redness(net, 4, 1.0, 0.0)), 1),
        ("538", planted(net, 4, sizes), 2),
        ("539", planted(net, 4, offsets), 2),
    ]
    if points is not None:
        outputs.append(("540", planted(net, 4, points), 10))
    for name, tensor, count in reversed(outputs) if names else outputs:
        net.output(tensor, ["b", count, "y", "x"], name if names else "")
    return net.save(path)


def s3fd(path: Path, stride: int, values, *, softmax: bool, shape=(1, 3, "h", "w")) -> Path:
    """S3FD's layout; only the map of one stride sees, and its outputs are shuffled."""
    net = Net(shape)
    outputs = []
    for level in range(6):
        here = 4 << level
        if here == stride:
            face = redness(net, here, 1.0, [-104, -117, -123], "BGR")
        else:
            face = planted(net, here, [-SURE])
        both = net.node("Concat", planted(net, here, [0.0]), face, axis=1)
        if softmax:
            both = net.node("Softmax", both, axis=1)
        outputs += [(both, 2), (planted(net, here, values), 4)]
    for number in (3, 0, 10, 1, 2, 7, 5, 4, 11, 6, 9, 8):
        tensor, count = outputs[number]
        net.output(tensor, ["b", count, f"y{number}", f"x{number}"])
    return net.save(path)


def yolov5face(path: Path, values: np.ndarray, *, form: str, shape=(1, 3, "h", "w")) -> Path:
    """YOLOv5-face's layout: the map of stride 16 sees with its second anchor.

    Args:
        path: Where it goes.
        values: (16,), raw numbers of an anchor; the objectness is replaced.
        form: "planes": (48, h, w); "cells": (3, h, w, 16).
        shape: Of the input.
    """
    net = Net(shape)
    outputs = []
    for stride in (8, 16, 32):
        parts = []
        for anchor in range(3):
            sees = stride == 16 and anchor == 1
            parts += [
                planted(net, stride, values[:4]),
                redness(net, stride, 1 / 255, 0.0) if sees else planted(net, stride, [-9.0]),
                planted(net, stride, values[5:]),
            ]
        tensor = net.node("Concat", *parts, axis=1)
        names = ["b", 48, f"y{stride}", f"x{stride}"]
        if form == "cells":
            # (N, 48, h, w) -> (N, 3, h, w, 16); sizes are known where this form is used.
            side = shape[2] // stride
            split = net.constant(np.array([0, 3, 16, side, side]))
            tensor = net.node("Reshape", tensor, split)
            tensor = net.node("Transpose", tensor, perm=[0, 1, 3, 4, 2])
            names = ["b", 3, side, side, 16]
        outputs.append((tensor, names))
    for number in (2, 0, 1):
        net.output(*outputs[number])
    return net.save(path)


def yolov5face_table(path: Path, rows: np.ndarray, *, shape=(1, 3, 64, 64)) -> Path:
    """YOLOv5-face as its own export joins it: one decoded table, here the same for any picture."""
    net = Net(shape)
    nothing = net.node("ReduceMax", "input", keepdims=0)
    nothing = net.node("Mul", nothing, net.constant(np.float32(0)))
    net.output(net.node("Add", net.constant(rows[None].astype(np.float32)), nothing), [1, "n", 16])
    return net.save(path)
