# SPDX-License-Identifier: GPL-3.0-or-later
"""From raw faces to observations: smoothing, head pose and scores, a block at a time.

This is the cheap part of tracking that must see the frames in order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.face_geometry import FaceGeometry
from ..core.inference.onnx_session import OnnxModel
from ..core.types import Observations
from .appearance import appearance
from .blendshapes import blendshape_scores
from .head_pose import head_pose
from .landmark_filter import LandmarkFilter
from .parts import RawFace


class Measurer:
    """Keeps the filter's memory from block to block.

    Args:
        blendshapes: The blend-shape network.
        looks: The appearance network.
        geometry: The canonical face.
    """

    def __init__(self, blendshapes: OnnxModel, looks: OnnxModel, geometry: FaceGeometry) -> None:
        self._blendshapes = blendshapes
        self._looks = looks
        self._geometry = geometry
        self._filter = LandmarkFilter()

    def measure(
        self,
        index: Sequence[int],
        time_s: Sequence[float],
        faces: Sequence[RawFace | None],
        size: tuple[int, int],
    ) -> Observations:
        """Observations of the next T frames.

        Args:
            index: Numbers of the frames.
            time_s: Their times in seconds, increasing.
            faces: What the landmark network saw in each, or None.
            size: Width and height of the pictures in pixels.
        """
        rows = Observations.empty(np.asarray(index), np.asarray(time_s))
        smooth = []
        for row, face in enumerate(faces):
            if face is None:
                self._filter.reset()
                continue
            smooth.append(self._filter(face.landmarks, float(rows.time_s[row])))
            rows.valid[row] = True
            rows.presence[row] = face.presence
            rows.landmarks[row] = face.landmarks
        if smooth:
            landmarks = np.stack(smooth)
            seen = [face for face in faces if face is not None]
            tongue = np.nan_to_num([face.tongue for face in seen])
            chosen = self._geometry.blendshape_landmarks
            scores = blendshape_scores(self._blendshapes, landmarks, chosen, tongue)
            for row, face in enumerate(seen):
                if face.scores is not None:
                    scores[row] = np.where(np.isnan(face.scores), scores[row], face.scores)
            rows.scores[rows.valid] = scores
            if seen[0].maps is not None:
                maps = np.stack([face.maps for face in seen])
                rows.appearance[rows.valid] = appearance(self._looks, maps)
            elif seen[0].looks is not None:
                rows.appearance[rows.valid] = np.stack([face.looks for face in seen])
            head = head_pose(self._geometry, landmarks, *size)
            for row, face in enumerate(seen):
                if face.rotation is not None:
                    head[row, :3, :3] = face.rotation
            rows.head[rows.valid] = head
        return rows
