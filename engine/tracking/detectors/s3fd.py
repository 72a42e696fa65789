# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faces with S3FD.

Layout after DeepFaceLive ``modelhub/onnx/S3FD/S3FD.py`` and 1adrianb/face-alignment
``face_alignment/detection/sfd``: pictures BGR, 0..255 less (104, 117, 123), sides multiples of 64.
For each of six feature maps with strides 4 to 128 two planes (no face, face) and four planes: the
box's centre and the logarithm of its size relative to an anchor of four strides in the middle of
the cell, with variances 0.1 and 0.2 (SSD, Liu et al. 2016). The softmax over the two planes is in
DeepFaceLive's file and not in face-alignment's network. The maps are told by their shapes.
"""

from __future__ import annotations

import numpy as np

from .box_network import BoxNetwork, Found, joined, logistic, shapes

MAPS = 6
_FIRST_STRIDE = 4
_ANCHOR = 4
_VARIANCES = 0.1, 0.2


class S3fd(BoxNetwork):
    """See ``engine.tracking.parts.FaceDetector``."""

    name = "s3fd"
    model_id = "s3fd"
    multiple = 64
    colours = "BGR"
    offset = -np.array([104, 117, 123], np.float32)[:, None, None]
    min_score = 0.5
    overlap = 0.3

    def decode(self, outputs: list[np.ndarray], height: int, width: int) -> Found:
        """Reads the network's outputs; see ``BoxNetwork.decode``."""
        by_planes: dict[int, list[np.ndarray]] = {2: [], 4: []}
        for output in outputs:
            if output.ndim != 4 or output.shape[1] not in by_planes:
                raise self._unlike(outputs)
            by_planes[output.shape[1]].append(output[0])
        for maps in by_planes.values():
            maps.sort(key=lambda planes: -planes[0].size)
        classes, boxes = by_planes.values()
        sizes = [planes.shape[1:] for planes in classes]
        if len(classes) != MAPS or sizes != [planes.shape[1:] for planes in boxes]:
            raise self._unlike(outputs)
        return joined(
            [
                self._level(_FIRST_STRIDE << level, classes[level], boxes[level])
                for level in range(MAPS)
            ]
        )

    def _level(self, stride: int, classes: np.ndarray, boxes: np.ndarray) -> Found:
        scores = classes[1]
        if np.abs(classes.sum(0) - 1).max() > 0.01 or classes.min() < 0:
            scores = logistic(classes[1] - classes[0])
        rows, columns = np.nonzero(scores >= self.min_score)
        values = boxes[:, rows, columns].T
        anchors = (np.stack([columns, rows], 1) + 0.5) * stride
        side = _ANCHOR * stride
        centres = anchors + values[:, :2] * _VARIANCES[0] * side
        half = np.exp(values[:, 2:] * _VARIANCES[1]) * side / 2
        corners = np.concatenate([centres - half, centres + half], 1)
        return Found(corners, scores[rows, columns], None)

    def _unlike(self, outputs: list[np.ndarray]):
        return self.wrong(
            f"its outputs are {shapes(outputs)}, not two and four planes of six feature maps"
        )
