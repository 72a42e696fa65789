# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues as markers on the timeline, and what was done to them since.

The settings of the scene keep which cues are shown and which markers stood for them: undo and
saving treat both alike. A person's own markers are never touched.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np

from ..engine.core.clock import FrameClock
from ..engine.core.cues import OVR, Cue, cues_from_rows
from ..engine.core.errors import FacewrightError
from ..engine.core.mouth_style import MouthStyle
from .clock import scene_clock
from .cue_edit import Mark, edited_cues, marks_of, meaning, without_gaps
from .speech_take import SpeechTake

# Blender draws every marker on every redraw.
_MOST = 4000
# The least that a cue lasts between those that are not shown.
_ROOM_S = 0.001


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
                str(data["take"]),
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


def show(
    scene: bpy.types.Scene,
    speech: SpeechTake,
    start_frame: float,
    speed: float,
    target: bpy.types.Object | None,
) -> ShownCues:
    """Put a marker where each cue of a take begins.

    Those of a long recording are limited to the preview range, where there is one.

    Args:
        scene: Gets the markers; cues that it shows already must be hidden first.
        speech: The take.
        start_frame, speed: Where it lies.
        target: The character that it is written on.

    Raises:
        FacewrightError: ``no-cues``, ``too-many-cues``.
    """
    if not speech.cues:
        raise FacewrightError(
            f"There are no cues beside the take {speech.path.name}.",
            "Choose a take that Lip-Sync has made.",
            "no-cues",
        )
    cues = without_gaps(speech.cues)
    clock = scene_clock(scene, start_frame, speed)
    marks = marks_of(cues, clock)
    first, stop = 0, len(marks)
    if scene.use_preview_range:
        low, high = scene.frame_preview_start, scene.frame_preview_end
        inside = [i for i, (_, frame) in enumerate(marks) if low <= frame <= high]
        if not inside:
            raise FacewrightError(
                f"No cue of {speech.path.stem} begins in the preview range.",
                "Move the preview range, or remove it.",
                "no-cues",
            )
        first, stop = inside[0], inside[-1] + 1
    if stop - first > _MOST:
        raise FacewrightError(
            f"{stop - first} cues are too many for the timeline.",
            f"Set a preview range: those inside it are shown, up to {_MOST}.",
            "too-many-cues",
        )
    others = [(marker.name, marker.frame) for marker in scene.timeline_markers]
    record = ShownCues(
        str(speech.path),
        start_frame,
        speed,
        (scene.render.fps, scene.render.fps_base),
        cues,
        first,
        marks[first:stop],
        others,
        speech.style,
    )
    for name, frame in record.marks:
        scene.timeline_markers.new(name, frame=frame)
    _remember(scene, record)
    scene.facewright.speech.cues_target = target
    return record


def hide(scene: bpy.types.Scene) -> int:
    """Remove the markers of the cues; the number of those that were still there."""
    text = scene.facewright.speech.cues_record
    if not text:
        return 0
    try:
        ours = Counter(current_marks(scene, ShownCues.from_text(text))[0])
    except FacewrightError:
        # A damaged record: what is named like a cue may be somebody else's, so it stays.
        ours = Counter()
    removed = 0
    for marker in list(scene.timeline_markers):
        key = (marker.name, marker.frame)
        if ours[key]:
            ours[key] -= 1
            scene.timeline_markers.remove(marker)
            removed += 1
    scene.facewright.speech.cues_record = ""
    scene.facewright.speech.cues_target = None
    return removed


def current_marks(scene: bpy.types.Scene, record: ShownCues) -> tuple[list[Mark], list[str]]:
    """The cues' markers as they are now, and sentences on names that are none of cues.

    A marker with such a name in the place of a cue's counts as that cue's, unchanged.
    """
    others = Counter(record.others)
    found: list[Mark] = []
    strange: list[Mark] = []
    for marker in scene.timeline_markers:
        mark = (marker.name, marker.frame)
        if others[mark]:
            others[mark] -= 1
        elif marker.camera is None and meaning(marker.name):
            found.append(mark)
        else:
            strange.append(mark)
    missing = Counter(record.marks)
    missing.subtract(found)
    by_frame: dict[int, list[Mark]] = {}
    for mark in record.marks:
        if missing[mark] > 0:
            by_frame.setdefault(mark[1], []).append(mark)
    notes = []
    for name, frame in strange:
        if there := by_frame.get(frame):
            found.append(there.pop(0))
            notes.append(
                f'"{name}" on frame {frame} is no viseme, so the sound stays as it was. There '
                f"are {', '.join(OVR)}."
            )
    return found, notes


def signature(scene: bpy.types.Scene) -> int:
    """A number that changes when markers do."""
    return hash(tuple((marker.name, marker.frame) for marker in scene.timeline_markers))


def edited(scene: bpy.types.Scene, record: ShownCues) -> tuple[ShownCues, list[str]]:
    """What the cues are by the markers as they are now, and sentences for the artist.

    Raises:
        FacewrightError: ``rate-changed``, ``no-cues``.
    """
    rate = (scene.render.fps, scene.render.fps_base)
    if rate[0] / rate[1] != record.rate[0] / record.rate[1]:
        raise FacewrightError(
            "The scene's frame rate has changed since the cues were shown.",
            "Hide them, write the take's keys again, and show them again.",
            "rate-changed",
        )
    marks, notes = current_marks(scene, record)
    if not marks:
        raise FacewrightError(
            "All markers of cues are gone.",
            "Undo that, or press Hide Cues: then the speech stays as it is.",
            "no-cues",
        )
    if Counter(marks) == Counter(record.marks):
        return record, notes
    before = record.cues[: record.first]
    after = record.cues[record.first + len(record.marks) :]
    changed, marks = edited_cues(record.shown, record.marks, marks, record.clock)
    whole = _joined(before, changed, after)
    return replace(record, cues=whole, marks=marks), notes


def remember(scene: bpy.types.Scene, record: ShownCues) -> None:
    """Keep what the markers stand for now."""
    _remember(scene, record)


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
            _remember(scene, replace(record, take=str(new.absolute())))


def _joined(before: list[Cue], inner: list[Cue], after: list[Cue]) -> list[Cue]:
    """Cues that are shown, back between those that are not."""
    low = before[-1].start if before else -np.inf
    high = after[0].start if after else np.inf
    # Each has room, however far its marker was carried.
    room = np.arange(1, len(inner) + 1) * _ROOM_S
    starts = np.array([cue.start for cue in inner])
    starts = np.maximum.accumulate(np.clip(starts, low + room, high - room[::-1]))
    ends = [*starts[1:], high if after else inner[-1].end]
    kept = [
        replace(cue, start=float(start), end=float(end))
        for cue, start, end in zip(inner, starts, ends, strict=True)
    ]
    if before:
        before = [*before[:-1], replace(before[-1], end=kept[0].start)]
    return [*before, *kept, *after]


def _remember(scene: bpy.types.Scene, record: ShownCues) -> None:
    scene.facewright.speech.cues_record = record.to_text()
