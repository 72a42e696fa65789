# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues as markers on the timeline, and what was done to them since.

A person's own markers are never touched.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import bpy

from ..engine.core.cues import OVR
from ..engine.core.errors import FacewrightError
from .clock import scene_clock
from .cue_edit import Mark, edited_cues, joined, marks_of, meaning, without_gaps
from .cue_record import ShownCues, forget, remember
from .markers import remove_these
from .speech_take import SpeechTake

# Blender draws every marker on every redraw.
_MOST = 4000


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
    remember(scene, record)
    scene.facewright.speech.cues_target = target
    return record


def hide(scene: bpy.types.Scene) -> int:
    """Remove the markers of the cues; the number of those that were still there."""
    text = scene.facewright.speech.cues_record
    if not text:
        return 0
    try:
        ours = current_marks(scene, ShownCues.from_text(text))[0]
    except FacewrightError:
        # A damaged record: what is named like a cue may be somebody else's, so it stays.
        ours = []
    removed = remove_these(scene, ours)
    forget(scene)
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
    return replace(record, cues=joined(before, changed, after), marks=marks), notes
