# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faces with SCRFD, the detector of InsightFace's packs.

Layout after InsightFace's ``python-package/insightface/model_zoo/scrfd.py`` and pull request
1781 (deepinsight/insightface): pictures RGB, (pixel - 127.5) / 128, sides multiples of 32. Outputs
are scores (n, 1), distances from an anchor to left, top, right and bottom (n, 4) and, in the
models named "kps", five points (n, 10) for each feature map, with a batch dimension in newer
exports; distances are in strides, anchors stand at whole multiples of the stride. Three maps with
strides 8, 16 and 32 and two anchors a cell, or five from 8 to 128 with one. The order of the
outputs differs between exports and runtimes, so they are told by their shapes.
"""

from __future__ import annotations

import numpy as np

from .box_network import BoxNetwork, Found, as_scores, joined, shapes

# Number of feature maps -> anchors per cell.
_ANCHORS = {3: 2, 5: 1}
_FIRST_STRIDE = 8


class Scrfd(BoxNetwork):
    """See ``engine.tracking.parts.FaceDetector``."""

    name = "scrfd"
    model_id = "scrfd"
    scale = 1 / 128
    offset = -127.5 / 128
    min_score = 0.5
    overlap = 0.4

    def decode(self, outputs: list[np.ndarray], height: int, width: int) -> Found:
        """Reads the network's outputs; see ``BoxNetwork.decode``."""
        by_width: dict[int, list[np.ndarray]] = {1: [], 4: [], 10: []}
        for output in outputs:
            rows = output[0] if output.ndim == 3 else output
            if rows.ndim != 2 or rows.shape[1] not in by_width:
                raise self._unlike(outputs)
            by_width[rows.shape[1]].append(rows)
        for maps in by_width.values():
            maps.sort(key=len, reverse=True)
        scores, distances, points = by_width.values()
        sizes = [len(rows) for rows in scores]
        counts_agree = sizes == [len(rows) for rows in distances] and (
            not points or sizes == [len(rows) for rows in points]
        )
        if len(scores) not in _ANCHORS or not counts_agree:
            raise self._unlike(outputs)
        parts = []
        for level, rows in enumerate(scores):
            stride = _FIRST_STRIDE << level
            anchors = _anchors(height // stride, width // stride, _ANCHORS[len(scores)]) * stride
            if len(anchors) != len(rows):
                raise self._unlike(outputs)
            to_edges = distances[level] * stride
            boxes = np.concatenate([anchors - to_edges[:, :2], anchors + to_edges[:, 2:]], 1)
            keypoints = None
            if points:
                keypoints = anchors[:, None] + points[level].reshape(-1, 5, 2) * stride
            parts.append(Found(boxes, as_scores(rows[:, 0]), keypoints).at_least(self.min_score))
        return joined(parts)

    def _unlike(self, outputs: list[np.ndarray]):
        return self.wrong(
            f"its outputs are {shapes(outputs)}, not scores (n, 1), boxes (n, 4) and perhaps "
            "points (n, 10) of three or five feature maps"
        )


def _anchors(rows: int, columns: int, per_cell: int) -> np.ndarray:
    """float32 (rows * columns * per_cell, 2): x, y of the anchors in cells, x runs fastest."""
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
    return np.repeat(grid, per_cell, 0).astype(np.float32)
