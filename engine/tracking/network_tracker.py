# SPDX-License-Identifier: GPL-3.0-or-later
"""A tracker made of a detector and a landmarker.

With MediaPipe's two, which is the default engine, it gives the same numbers as Google's own
package in VIDEO mode with one face (held by ``tests/unit/test_parity_mediapipe.py``), plus the
tongue, which that package drops, and plus faces that its detector misses.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

import numpy as np

from ..core.engines import BEST
from ..core.face_geometry import load_geometry
from ..core.inference.onnx_session import OnnxModel, open_model
from ..core.inference.providers import CARDS
from ..core.types import Observations, VideoFrame
from .base import TrackerOptions
from .detectors.second_opinion import with_second_opinion
from .follower import Follower, Networks, Place
from .left_right import left_right
from .measure import Measurer
from .parts import FaceDetector, FaceLandmarker
from .quality import QualityLandmarker
from .read_ahead import read_ahead
from .regions import from_landmarks
from .streams import follow_blocks

# More streams than this gain nothing on the processor: decoding one clip does not keep up.
MAX_STREAMS = 4
# Pictures that a card has decoded before they are asked for.
AHEAD = 16


class NetworkTracker:
    """See ``engine.tracking.base.FaceTracker``.

    Args:
        engine: Its id in ``catalog.ENGINES``.
        detector: Finds faces.
        landmarker: Reads the one that is followed.
        options: How to track.

    Raises:
        FacewrightError: Where a model, a package or the device's name is not right.
    """

    def __init__(
        self,
        engine: str,
        detector: FaceDetector,
        landmarker: FaceLandmarker,
        options: TrackerOptions,
    ) -> None:
        self.engine = engine
        self._on_card = landmarker.provider in CARDS
        self._blendshapes = self._small_network(options, "face_blendshapes")
        self._looks = self._small_network(options, "face_appearance")
        self._geometry = load_geometry(options.model_path("face_geometry"))
        if options.quality == BEST:
            detector = with_second_opinion(detector, options)
            landmarker = QualityLandmarker(landmarker, left_right(self._geometry))
        self._networks = Networks(detector, landmarker, options.face)
        self._memory_bytes = options.memory_bytes
        usual = max(min(MAX_STREAMS, os.cpu_count() or 1), getattr(landmarker, "batch", 1))
        self.streams = options.streams or usual
        self._live = Follower(self._networks)
        self._live_measurer = self._measurer()

    @property
    def provider(self) -> str:
        """What the landmarker runs on."""
        return self._networks.landmarker.provider

    @property
    def notes(self) -> list[str]:
        """Sentences about anything that is not as asked; more may come while tracking."""
        small = [*self._blendshapes.notes, *self._looks.notes]
        return [*self._networks.landmarker.notes, *self._networks.detector.notes, *small]

    @property
    def faces_seen(self) -> int:
        """The highest number of faces seen in one picture so far."""
        return self._networks.faces_seen

    def track(
        self, frames: Iterator[VideoFrame], known: np.ndarray | None = None
    ) -> Iterator[Observations]:
        """Yields blocks in order; every frame comes back as exactly one row."""
        measurer = self._measurer()
        region = None if known is None else from_landmarks(known)
        start = Place(region, region)
        with contextlib.ExitStack() as leaving:
            if self._on_card:
                frames = leaving.enter_context(contextlib.closing(read_ahead(frames, AHEAD)))
            for stretch in follow_blocks(
                self._networks, frames, self.streams, self._memory_bytes, start
            ):
                yield _measured(measurer, stretch.frames, stretch.faces)

    def track_one(self, frame: VideoFrame) -> Observations:
        """One row for one frame at once, continuing from the frame before (live)."""
        face = self._live.step(frame.image, frame.index)
        return _measured(self._live_measurer, [frame], [face])

    def close(self) -> None:
        """Nothing: the networks go with the tracker."""

    def track_backwards(
        self, frames_reversed: Sequence[VideoFrame], seed: np.ndarray
    ) -> Observations:
        """Follows a face back in time into a gap; rows come back in ascending time."""
        region = from_landmarks(seed)
        follower = Follower(self._networks, Place(region, region))
        faces = [follower.step_known(frame.image) for frame in frames_reversed]
        return _measured(self._measurer(), frames_reversed[::-1], faces[::-1])

    def _small_network(self, options: TrackerOptions, model_id: str) -> OnnxModel:
        """One that measures a block of faces at a time, where that is faster."""
        if not self._on_card or options.streams == 1:
            return open_model(options.model_path(model_id), "cpu")
        model = options.open(model_id, insist=False)
        model.notes.clear()  # what so small a network runs on is nobody's concern
        return model

    def _measurer(self) -> Measurer:
        return Measurer(self._blendshapes, self._looks, self._geometry)


def _measured(measurer: Measurer, frames: Sequence[VideoFrame], faces: list) -> Observations:
    if not frames:
        return Observations.empty(np.empty(0, np.int64), np.empty(0))
    height, width = frames[0].image.shape[:2]
    index = [frame.index for frame in frames]
    time_s = [frame.time_s for frame in frames]
    return measurer.measure(index, time_s, faces, (width, height))
