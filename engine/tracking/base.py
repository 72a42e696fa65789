# SPDX-License-Identifier: GPL-3.0-or-later
"""What every tracker offers, and the options it is made with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from ..core.engines import FAST
from ..core.inference.gpu_settings import GpuSettings
from ..core.inference.onnx_session import OnnxModel, open_model
from ..core.types import Observations, VideoFrame

DEFAULT_MEMORY_BYTES = 768 * 1024 * 1024


@dataclass(frozen=True)
class TrackerOptions:
    """How to track.

    Attributes:
        model_path: Gives the file of a model of the catalogue by its id (injected, because a
            stage does not know where models live): ``engine.models.catalog.model_path``.
        device: One of ``core.inference.providers.DEVICES``.
        face: Which face to take up where there are several: 0 is the largest, 1 the next.
        streams: How many blocks of frames are tracked at once; 0 picks from the processor's
            cores, or from the card's memory. The result is nearly the same for any number.
        memory_bytes: Budget for the decoded frames that wait for their turn.
        detector: A key of ``detectors.catalog.DETECTORS``; empty for the engine's own.
        gpu: How a card may be used.
        quality: One of ``core.engines.QUALITIES``.
    """

    model_path: Callable[[str], Path]
    device: str = "auto"
    face: int = 0
    streams: int = 0
    memory_bytes: int = DEFAULT_MEMORY_BYTES
    detector: str = ""
    gpu: GpuSettings = field(default_factory=GpuSettings)
    quality: str = FAST

    def open(self, model_id: str, *, insist: bool = True) -> OnnxModel:
        """A model of the catalogue on the device asked for, for as many threads as streams.

        Args:
            model_id: Its id.
            insist: Use a device that was named though the processor is faster.

        Raises:
            FacewrightError: See ``core.inference.onnx_session.open_model``.
        """
        path = self.model_path(model_id)
        return open_model(path, self.device, self.gpu, self.streams, insist=insist)


class FaceTracker(Protocol):
    """Follows one face through pictures.

    Attributes:
        engine: The tracker's id in ``catalog.ENGINES``.
        provider: What the networks run on, e.g. ``CPUExecutionProvider``.
        notes: Sentences about anything that is not as asked, e.g. a device that was not there.
        faces_seen: The highest number of faces seen in one picture so far; counted where a face
            is looked for, not in every frame.
    """

    engine: str
    provider: str
    notes: list[str]
    faces_seen: int

    def track(
        self, frames: Iterator[VideoFrame], known: np.ndarray | None = None
    ) -> Iterator[Observations]:
        """Yields blocks in order; every frame comes back as exactly one row.

        Args:
            frames: The clip, or the rest of it.
            known: float32 (478, 3), the face where it was last seen before these frames, so
                that a resumed take goes on with the same person.
        """
        ...

    def track_one(self, frame: VideoFrame) -> Observations:
        """One row for one frame at once, continuing from the frame before (live)."""
        ...

    def close(self) -> None:
        """Let go of what ``track_one`` has kept open."""
        ...

    def track_backwards(
        self, frames_reversed: Sequence[VideoFrame], seed: np.ndarray
    ) -> Observations:
        """Follows a face back in time into a gap.

        Args:
            frames_reversed: The frames of the gap, the latest first.
            seed: float32 (478, 3), the landmarks in the first good frame after the gap.

        Returns:
            One row per frame in ascending time; rows before the point where the face was lost
            are not valid.
        """
        ...
