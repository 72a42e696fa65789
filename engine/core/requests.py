# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender asks of the worker, as plain data that travels as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class TrackRequest:
    """Everything that tracking a video needs.

    Attributes:
        video: Path of the clip.
        take: Path of the take to write.
        engine: Id of the tracking engine.
        solver: Id of the solver.
        face: Which face, by size in the picture where it first shows: 0 is the largest.
        device: "auto", "cpu" or "cuda".
        streams: Stretches of the clip tracked side by side; 0 chooses by the processor.
        recover: Track backwards into gaps from the next frame in which the face is found.
        resume: Go on with an unfinished take instead of starting one.
        overwrite: Replace a take of that name once the new one is complete.
    """

    video: str
    take: str
    engine: str = "mediapipe"
    solver: str = "raw"
    face: int = 0
    device: str = "auto"
    streams: int = 0
    recover: bool = True
    resume: bool = False
    overwrite: bool = False

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> TrackRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        return cls(**data)
