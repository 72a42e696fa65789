# SPDX-License-Identifier: GPL-3.0-or-later
"""Google's own package as a tracker, to compare with: the only file that imports mediapipe.

The package does not ship with Facewright, its model file does. It has no tongue, no confidence
(``presence`` is 1 where it gives a face) and gives landmarks after smoothing only.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..core.arkit import MEDIAPIPE_NAMES
from ..core.errors import FacewrightError
from ..core.types import Observations, VideoFrame
from .base import TrackerOptions
from .blendshapes import arkit_scores

# Its VIDEO mode takes whole milliseconds that must grow, and does not filter a frame at 0.
FIRST_MS = 1000


def is_installed() -> bool:
    """Whether the package can be imported, without importing it."""
    return importlib.util.find_spec("mediapipe") is not None


def _landmarker(bundle: Path):
    import mediapipe

    vision = mediapipe.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(bundle)),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    return mediapipe, vision.FaceLandmarker.create_from_options(options)


class MediapipeTasksTracker:
    """See ``engine.tracking.base.FaceTracker``.

    Args:
        options: ``face``, ``device`` and ``streams`` have no effect.

    Raises:
        FacewrightError: ``model-missing`` or ``package-missing``.
    """

    engine = "mediapipe-tasks"
    provider = "mediapipe"

    def __init__(self, options: TrackerOptions) -> None:
        if not is_installed():
            raise FacewrightError(
                "The package mediapipe is not installed in the worker's Python.",
                "Use the engine `mediapipe`, which needs no such package, or install mediapipe.",
                "package-missing",
            )
        self._bundle = options.model_path("face_landmarker")
        self.notes: list[str] = []
        if options.face:
            self.notes.append("mediapipe-tasks always follows the face that it finds first.")
        self.faces_seen = 0
        self._live = None
        self._last_ms = -1

    def close(self) -> None:
        """Ends the stream. Left to Python's exit, the package complains on stderr."""
        if self._live is not None:
            self._live[1].close()
        self._live = None
        self._last_ms = -1

    def track(
        self, frames: Iterator[VideoFrame], _known: np.ndarray | None = None
    ) -> Iterator[Observations]:
        """Yields one row per frame, in order. The package cannot be told where a face is."""
        self.close()
        try:
            for frame in frames:
                yield self.track_one(frame)
        finally:
            self.close()

    def detect(self, frame: VideoFrame):
        """The package's own result for one frame, continuing from the frame before."""
        if self._live is None:
            self._live = _landmarker(self._bundle)
        mediapipe, landmarker = self._live
        picture = mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(frame.image)
        )
        self._last_ms = max(self._last_ms + 1, FIRST_MS + round(frame.time_s * 1000))
        return landmarker.detect_for_video(picture, self._last_ms)

    def track_one(self, frame: VideoFrame) -> Observations:
        """One row for one frame, continuing from the frame before."""
        result = self.detect(frame)
        height, width = frame.image.shape[:2]
        rows = Observations.empty(np.array([frame.index]), np.array([frame.time_s]))
        if result.face_landmarks:
            self.faces_seen = max(self.faces_seen, len(result.face_landmarks))
            points = [(p.x * width, p.y * height, p.z * width) for p in result.face_landmarks[0]]
            scores = np.zeros((1, len(MEDIAPIPE_NAMES)), np.float32)
            for category in result.face_blendshapes[0]:
                scores[0, MEDIAPIPE_NAMES.index(category.category_name)] = category.score
            rows.valid[0], rows.presence[0] = True, 1.0
            rows.landmarks[0] = points
            rows.scores[0] = arkit_scores(scores, np.zeros(1))
            rows.head[0] = result.facial_transformation_matrixes[0]
        return rows

    def track_backwards(
        self, frames_reversed: Sequence[VideoFrame], seed: np.ndarray
    ) -> Observations:
        """Finds nothing: the package cannot be told where to look."""
        frames = frames_reversed[::-1]
        times = np.array([frame.time_s for frame in frames], np.float64)
        return Observations.empty(np.array([frame.index for frame in frames], np.int64), times)
