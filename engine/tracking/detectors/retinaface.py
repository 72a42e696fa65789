# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faces with the RetinaFace that comes with OpenSeeFace.

Layout after retinaface.py of github.com/emilianavt/OpenSeeFace (BSD-2) and the network's origin,
github.com/biubug6/Pytorch_Retinaface (MIT): pictures BGR less a mean colour, 640 x 640; for each
of 16,800 prior boxes how far box and five points lie from it, in its sizes, and the classes no face
and face. The priors that OpenSeeFace keeps in a file follow a rule, so no file is needed: squares
of two sizes in every cell of three feature maps.
"""

from __future__ import annotations

import functools

import numpy as np

from ..base import TrackerOptions
from ..landmarkers.openseeface import without_tensorrt
from .box_network import BoxNetwork, Found, shapes

# (stride, sides of the squares) of the feature maps, pixels.
_MAPS = ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
_VARIANCES = 0.1, 0.2


@functools.cache
def priors(height: int, width: int) -> np.ndarray:
    """float32 (n, 3): centre x and y and side of every prior box, pixels; x runs fastest."""
    boxes = []
    for stride, sides in _MAPS:
        x, y = np.meshgrid(*((np.arange(n // stride) + 0.5) * stride for n in (width, height)))
        cells = np.stack([x, y], -1).reshape(-1, 1, 2).repeat(len(sides), 1)
        sizes = np.broadcast_to(np.array(sides, float)[None, :, None], (len(cells), len(sides), 1))
        boxes.append(np.concatenate([cells, sizes], 2).reshape(-1, 3))
    return np.concatenate(boxes).astype(np.float32)


class RetinaFace(BoxNetwork):
    """See ``engine.tracking.parts.FaceDetector``."""

    name = "retinaface"
    model_id = "openseeface_retinaface"
    colours = "BGR"
    offset = -np.array([104, 117, 123], np.float32)[:, None, None]
    min_score = 0.5
    overlap = 0.4

    def __init__(self, options: TrackerOptions) -> None:
        options, notes = without_tensorrt(options)
        # 15 ms on one core of a processor, but hardly ever asked.
        super().__init__(options)
        self._more_notes = notes

    @property
    def notes(self) -> list[str]:
        """Why it does not run on what was asked for."""
        return [*self._more_notes, *super().notes]

    def decode(self, outputs: list[np.ndarray], height: int, width: int) -> Found:
        """Reads the network's outputs; see ``BoxNetwork.decode``."""
        anchors = priors(height, width)
        by_width = {output.shape[-1]: output[0] for output in outputs if output.ndim == 3}
        whole = all(len(rows) == len(anchors) for rows in by_width.values())
        if set(by_width) != {2, 4, 10} or not whole:
            raise self.wrong(
                f"its outputs are {shapes(outputs)}, not boxes (n, 4), classes (n, 2) and points "
                f"(n, 10) of {len(anchors)} prior boxes"
            )
        keep = by_width[2][:, 1] >= self.min_score
        centre, side = anchors[keep, :2], anchors[keep, 2:]
        place, size = np.split(by_width[4][keep], 2, axis=1)
        centres = centre + place * _VARIANCES[0] * side
        half = side * np.exp(size * _VARIANCES[1]) / 2
        points = (
            centre[:, None] + by_width[10][keep].reshape(-1, 5, 2) * _VARIANCES[0] * side[:, None]
        )
        boxes = np.concatenate([centres - half, centres + half], 1)
        return Found(boxes, by_width[2][keep, 1], points)
