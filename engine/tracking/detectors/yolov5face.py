# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faces with YOLOv5-face.

Layout after deepcam-cn/yolov5-face ``models/yolo.py`` and ``models/export.py`` and DeepFaceLive
``modelhub/onnx/YoloV5Face/YoloV5Face.py``: pictures RGB, 0..1, sides multiples of 32. Three feature
maps with strides 8, 16 and 32 and three anchors a cell; for each anchor 16 numbers: x, y, width,
height, objectness, five points x, y, class. Exports have the maps as (48, rows, columns) or as
(3, rows, columns, 16), before the sigmoid, or everything decoded in one table (n, 16). The maps are
told by their sizes. DeepFaceLive gives its network BGR; the authors' own code, which is followed
here, gives it RGB.
"""

from __future__ import annotations

import numpy as np

from .box_network import BoxNetwork, Found, joined, logistic, shapes

COLUMNS = 16
# stride -> width and height of its anchors in pixels.
_ANCHORS = {
    8: ((4, 5), (8, 10), (13, 16)),
    16: ((23, 29), (43, 55), (73, 105)),
    32: ((146, 217), (231, 300), (335, 433)),
}


class Yolov5Face(BoxNetwork):
    """See ``engine.tracking.parts.FaceDetector``."""

    name = "yolov5face"
    model_id = "yolov5face"
    scale = 1 / 255
    min_score = 0.3
    overlap = 0.5

    def decode(self, outputs: list[np.ndarray], height: int, width: int) -> Found:
        """Reads the network's outputs; see ``BoxNetwork.decode``."""
        tables = [out for out in outputs if out.ndim == 3 and out.shape[2] == COLUMNS]
        if tables:
            return _read(tables[0][0]).at_least(self.min_score)
        parts = [self._level(output, outputs, width) for output in outputs]
        if len(parts) != len(_ANCHORS):
            raise self._unlike(outputs)
        return joined(parts)

    def _level(self, output: np.ndarray, outputs: list[np.ndarray], width: int) -> Found:
        """One feature map before the sigmoid."""
        if output.ndim == 4 and output.shape[1] == 3 * COLUMNS:
            cells = output[0].reshape(3, COLUMNS, *output.shape[2:]).transpose(0, 2, 3, 1)
        elif output.ndim == 5 and output.shape[1] == 3 and output.shape[4] == COLUMNS:
            cells = output[0]
        else:
            raise self._unlike(outputs)
        stride = width // cells.shape[2]
        if stride not in _ANCHORS:
            raise self._unlike(outputs)
        anchors = np.array(_ANCHORS[stride], np.float32)[:, None, None]
        grid = np.stack(np.meshgrid(*map(np.arange, cells.shape[2:0:-1])), -1)
        table = np.empty(cells.shape, np.float32)
        table[..., :5], table[..., 15] = logistic(cells[..., :5]), logistic(cells[..., 15])
        table[..., :2] = (table[..., :2] * 2 - 0.5 + grid) * stride
        table[..., 2:4] = (table[..., 2:4] * 2) ** 2 * anchors
        for point in range(5, 15, 2):
            table[..., point : point + 2] = cells[..., point : point + 2] * anchors + grid * stride
        return _read(table.reshape(-1, COLUMNS)).at_least(self.min_score)

    def _unlike(self, outputs: list[np.ndarray]):
        return self.wrong(
            f"its outputs are {shapes(outputs)}, not three feature maps of 3 x 16 numbers with "
            "strides 8, 16 and 32, nor one table of 16 columns"
        )


def _read(table: np.ndarray) -> Found:
    """A decoded table (n, 16): centre, size, objectness, points, class."""
    half = table[:, 2:4] / 2
    boxes = np.concatenate([table[:, :2] - half, table[:, :2] + half], 1)
    return Found(boxes, table[:, 4] * table[:, 15], table[:, 5:15].reshape(-1, 5, 2))
