# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cues a scene shows, and which markers stood for them.

The settings of the scene keep it: undo and saving treat it as they treat the markers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import bpy

from ..engine.core.clock import FrameClock
from ..engine.core.cues import Cue, cues_from_rows
from ..engine.core.errors import FacewrightError
from ..engine.core.mouth_style import MouthStyle
from .cue_edit import Mark


@dataclass(frozen=True)
class ShownCues:
    """What is known of the cues on the timeline.

    Attributes:
        take: Path of the take that they belong to.
        start_frame, speed: Where the take lies, as ``ApplySettings`` has it.
        rate: The scene's frames a second when they were shown.
        cues: All cues of the take, without gaps.
        first: How many cues come before the first that is shown.
        marks: Name and frame of each shown cue's marker.
        others: The markers that were there before.
        style: How far the mouth goes in the keys that are written.
    """

    take: str
    start_frame: float
    speed: float
    rate: tuple[int, float]
    cues: list[Cue]
    first: int
    marks: list[Mark]
    others: list[Mark]
    style: MouthStyle = field(default_factory=MouthStyle)

    @property
    def clock(self) -> FrameClock:
        """From the recording's seconds to frames."""
        return FrameClock(self.rate[0], self.rate[1] * self.speed, self.start_frame)

    @property
    def shown(self) -> list[Cue]:
        """The cues that have a marker."""
        return self.cues[self.first : self.first + len(self.marks)]

    def to_text(self) -> str:
        """As a string that the scene keeps."""
        rows = [[c.start, c.end, c.viseme, c.phone, c.strength] for c in self.cues]
        return json.dumps(asdict(self) | {"cues": rows}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> ShownCues:
        """From such a string.

        Raises:
            FacewrightError: ``cues-record`` where it is damaged.
        """
        try:
            data = json.loads(text)
            names = ("start", "end", "viseme", "phone", "strength")
            rows = [dict(zip(names, row, strict=True)) for row in data["cues"]]
            return cls(
                bpy.path.abspath(str(data["take"])),
                float(data["start_frame"]),
                float(data["speed"]),
                (int(data["rate"][0]), float(data["rate"][1])),
                cues_from_rows(rows),
                int(data["first"]),
                [(str(name), int(frame)) for name, frame in data["marks"]],
                [(str(name), int(frame)) for name, frame in data["others"]],
                MouthStyle(**data["style"]),
            )
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise FacewrightError(
                f"What this file remembers of the shown cues is damaged ({error}).",
                "Hide the cues and show them again.",
                "cues-record",
            ) from error


def shown_cues(scene: bpy.types.Scene) -> ShownCues | None:
    """The cues on a scene's timeline, or None.

    Raises:
        FacewrightError: ``cues-record``.
    """
    text = scene.facewright.speech.cues_record
    return ShownCues.from_text(text) if text else None


def remember(scene: bpy.types.Scene, record: ShownCues) -> None:
    """Keep what the markers stand for now."""
    scene.facewright.speech.cues_record = record.to_text()


def forget(scene: bpy.types.Scene) -> None:
    """No cues are shown any more."""
    scene.facewright.speech.cues_record = ""
    scene.facewright.speech.cues_target = None


def follow_rename(old: Path, new: Path) -> None:
    """Let the shown cues, and the speakers, of all scenes know a take by its new name."""
    for scene in bpy.data.scenes:
        speech = scene.facewright.speech
        for speaker in speech.speakers:
            if speaker.take and Path(bpy.path.abspath(speaker.take)).absolute() == old.absolute():
                speaker.take = str(Path(speaker.take).with_name(new.name))
        try:
            record = shown_cues(scene)
        except FacewrightError:
            continue  # the next update tells
        if record is not None and Path(record.take) == old.absolute():
            remember(scene, replace(record, take=str(new.absolute())))
