# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faces with CenterFace.

Layout after Star-Clouds/CenterFace ``prj-python/centerface.py`` and DeepFaceLive
``modelhub/onnx/CenterFace/CenterFace.py``: pictures RGB, 0..255, sides multiples of 32. Outputs at
a quarter of the size: heat map of face centres (1), logarithm of height and width in cells (2),
offset of the centre in y and x (2) and, in the model with landmarks, five points as y and x in
shares of the box (10). The file that CenterFace's authors published names a fixed input of 10 x 3 x
32 x 32, which onnxruntime takes at its word (their issues 85 and 116); its sizes must be set free
first. DeepFaceLive says that its own file does not work on the processor.
"""

from __future__ import annotations

import numpy as np

from .box_network import BoxNetwork, Found, as_scores, shapes

STRIDE = 4


class CenterFace(BoxNetwork):
    """See ``engine.tracking.parts.FaceDetector``."""

    name = "centerface"
    model_id = "centerface"
    min_score = 0.5
    overlap = 0.3

    def decode(self, outputs: list[np.ndarray], height: int, width: int) -> Found:
        """Reads the network's outputs; see ``BoxNetwork.decode``."""
        by_planes: dict[int, list[np.ndarray]] = {1: [], 2: [], 10: []}
        for output in self._in_order(outputs):
            if output.ndim != 4 or output.shape[1] not in by_planes:
                raise self._unlike(outputs)
            by_planes[output.shape[1]].append(output[0])
        heats, pairs, points = by_planes.values()
        if len(heats) != 1 or len(pairs) != 2 or len(points) > 1:
            raise self._unlike(outputs)
        heat = as_scores(heats[0][0])
        rows, columns = np.nonzero(heat >= self.min_score)
        sizes = np.exp(pairs[0][:, rows, columns].T[:, ::-1]) * STRIDE
        offsets = pairs[1][:, rows, columns].T[:, ::-1]
        centres = (np.stack([columns, rows], 1) + offsets + 0.5) * STRIDE
        corners = centres - sizes / 2
        keypoints = None
        if points:
            shares = points[0][:, rows, columns].T.reshape(-1, 5, 2)[:, :, ::-1]
            keypoints = corners[:, None] + shares * sizes[:, None]
        return Found(np.concatenate([corners, corners + sizes], 1), heat[rows, columns], keypoints)

    def _in_order(self, outputs: list[np.ndarray]) -> list[np.ndarray]:
        """Sizes and offsets have one shape: the exporter's numbers tell them, else the order."""
        names = [output.name for output in self._model.session.get_outputs()]
        if all(name.isdecimal() for name in names):
            order = np.argsort([int(name) for name in names])
            return [outputs[i] for i in order]
        return outputs

    def _unlike(self, outputs: list[np.ndarray]):
        return self.wrong(
            f"its outputs are {shapes(outputs)}, not planes of 1, 2, 2 and perhaps 10 numbers"
        )
