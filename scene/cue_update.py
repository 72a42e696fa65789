# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues were edited: only the stretches of the curves that they change are written anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np

from ..engine.core.clock import FrameClock
from ..engine.core.cues import Cue, read_cues, write_cues
from ..engine.core.curve_math import runs
from ..engine.core.errors import FacewrightError
from ..engine.core.mouth_style import MouthStyle
from ..engine.core.types import FaceTrack
from ..engine.speech.mouth import curves
from ..engine.takes.speech import SPEECH_KIND, cues_path
from ..engine.takes.take_file import TakeWriter
from . import cue_markers, keyframes
from .apply import ApplyReport, apply_track
from .apply_settings import ApplySettings
from .cue_record import ShownCues, remember, shown_cues
from .face_blocks import face_blocks
from .speech_take import (
    MOUTH,
    MOUTH_COLUMNS,
    SpeechTake,
    as_placed,
    contact_times,
    mouth_of_cues,
    read_speech_take,
)

# Below this nobody sees a difference.
_SAME = 1e-4
# Stretches with less than this between them are written as one.
_TOGETHER_S = 1.0
# So far from a cue the mouth does not know of it any more.
_REACH_S, _CONTEXT_S = 1.5, 4.0
# Frames of a crossfade where the values beside it are not those of the cues.
_EASE_FRAMES = 4.0


@dataclass
class CueUpdate:
    """What was written.

    Attributes:
        spans: First and last frame of each stretch that changed.
        keys: Number of keyframes.
        notes: Sentences for the artist.
    """

    spans: list[tuple[float, float]] = field(default_factory=list)
    keys: int = 0
    notes: list[str] = field(default_factory=list)


def update_from_cues(
    scene: bpy.types.Scene,
    objects: Iterable[bpy.types.Object],
    settings: ApplySettings,
    style: MouthStyle,
) -> CueUpdate:
    """Let the curves follow the cues' markers, and the amounts.

    Hand-made keys outside the mouth, and on the mouth outside the stretches that change, stay.
    It pushes no undo step: the operator does.

    Args:
        scene: Shows cues.
        objects: The character.
        settings: How keys are written.
        style: How far the mouth goes.

    Raises:
        FacewrightError: ``no-cues-shown``, ``speech-not-there``, what ``cue_markers.edited`` and
            ``apply_track`` raise; the curves are as they were.
    """
    record = shown_cues(scene)
    if record is None:
        raise FacewrightError("No cues are shown.", "Press Show Cues first.", "no-cues-shown")
    new, notes = cue_markers.edited(scene, record)
    new = replace(new, style=style)
    speech = replace(read_speech_take(record.take), cues=record.cues, style=record.style)
    objects = list(objects)
    settings = _as_shown(as_placed(speech, settings), record)
    _check_animated(scene, objects, settings)
    report = CueUpdate(notes=notes)
    for first, last in _changed_spans(speech, record, new):
        done = _write(scene, objects, speech, settings, new, (first, last))
        report.spans.append((first, last))
        report.keys += done.keys
    remember(scene, new)
    stretches = [tuple(float(s) for s in record.clock.seconds(np.array(f))) for f in report.spans]
    try:
        sync_take(Path(record.take), new.cues, style, stretches)
    except FacewrightError as error:
        report.notes.append(f"The keys were written, but the take beside the file was not: {error}")
    return report


def sync_take(
    take: Path,
    cues: list[Cue],
    style: MouthStyle,
    stretches: list[tuple[float, float]] | None = None,
) -> bool:
    """Bring a take and the cues beside it up to date; whether anything was written.

    Args:
        take: A take of speech.
        cues: What is spoken now.
        style: How far the mouth goes now.
        stretches: Where values may change, seconds; None is everywhere. Values that are a
            performer's own, and not what the cues say, change nowhere else.

    Raises:
        FacewrightError: The take or the cues cannot be read or written.
    """
    speech = read_speech_take(take)
    if _rounded(speech.cues) == _rounded(cues) and speech.style == style:
        return False
    if stretches is None and not speech.is_of_cues:
        stretches = []
    track = mouth_of_cues(speech.track, cues, style)
    differs = np.abs(track.weights - speech.track.weights).max(1, initial=0.0) > _SAME
    if stretches is not None and not speech.is_of_cues:
        differs &= _inside(track.time_s, stretches)
    made = speech.header[SPEECH_KIND] | asdict(style)
    with TakeWriter(take, {}, resume=True) as writer:
        changed = [(first, track[first:stop]) for first, stop in runs(differs)]
        writer.overwrite_tracks(changed, **{SPEECH_KIND: made})
    write_cues(cues_path(take), cues)
    return True


def sync_shown(scene: bpy.types.Scene) -> bool:
    """Bring the files of the shown cues up to date, e.g. after an undo."""
    record = shown_cues(scene)
    return record is not None and sync_take(Path(record.take), record.cues, record.style)


def files_differ(record: ShownCues) -> bool:
    """Whether the cues beside the take are others than those that the scene knows."""
    try:
        return _rounded(read_cues(cues_path(record.take))) != _rounded(record.cues)
    except FacewrightError:
        return False


def _rounded(cues: list[Cue]) -> list[tuple]:
    """As a file of cues tells them apart."""
    return [(round(c.start, 3), round(c.end, 3), c.spoken, round(c.strength, 3)) for c in cues]


def _as_shown(settings: ApplySettings, record: ShownCues) -> ApplySettings:
    return replace(
        settings,
        start_frame=record.start_frame,
        speed=record.speed,
        onto_existing=True,
        regions=frozenset(MOUTH),
        place_sound=False,
        filters=replace(settings.filters, gap_policy="HOLD", interpolation="LINEAR"),
    )


def _write(
    scene: bpy.types.Scene,
    objects: list[bpy.types.Object],
    speech: SpeechTake,
    settings: ApplySettings,
    new: ShownCues,
    span: tuple[float, float],
) -> ApplyReport:
    """Write a stretch; where it goes up to an end of the take, there is nothing to come out of."""
    clock = new.clock
    begin, end = (float(clock.frames(speech.track.time_s[i])) for i in (0, -1))
    ease = 1.0 if speech.is_of_cues else _EASE_FRAMES
    first, last = span[0] - ease, span[1] + ease
    meets = first >= begin and last <= end
    if not meets:
        first, last = max(first, min(begin, span[0])), min(last, max(end, span[1]))
    seconds = _key_times(speech, settings, clock, np.ceil(first - 1e-6), last)
    if meets:
        edges = tuple(float(frame) for frame in clock.frames(seconds[[0, -1]]))
        settings = replace(settings, span=edges, ease_frames=ease)
    track = _mouth_track(seconds, new.cues, new.style)
    return apply_track(scene, track, objects, settings, take_name=speech.path.stem)


def _check_animated(
    scene: bpy.types.Scene, objects: list[bpy.types.Object], settings: ApplySettings
) -> None:
    blocks = face_blocks(scene, objects, settings.chosen_pose)
    if not any(keyframes.current_action(face.block) for face in blocks):
        names = ", ".join(f'"{ob.name}"' for ob in objects)
        raise FacewrightError(
            f"No action that could be changed plays on {names}.",
            "Write the take's keys first; a strip of the NLA must be the action in use again.",
            "speech-not-there",
        )


def _changed_spans(speech: SpeechTake, old: ShownCues, new: ShownCues) -> list[tuple[float, float]]:
    """First and last whole frame of each stretch in which the mouth becomes another."""
    if old.cues == new.cues and old.style == new.style:
        return []
    clock = old.clock
    times = speech.track.time_s
    low, high = min(times[0], new.cues[0].start), max(times[-1], new.cues[-1].end)
    if old.style == new.style:
        edges = _difference(old.cues, new.cues)
        low, high = max(low, edges[0] - _REACH_S), min(high, edges[1] + _REACH_S)
    frames = clock.whole_frames(low, high)
    if not len(frames):
        return []
    seconds = np.asarray(clock.seconds(frames), np.float64)
    was, becomes = (
        _mouth(seconds, _near(record.cues, low, high), record.style) for record in (old, new)
    )
    differs = np.abs(becomes - was)[:, MOUTH_COLUMNS].max(1) > _SAME
    spans: list[tuple[float, float]] = []
    for first, stop in runs(differs):
        begin, end = float(frames[first]), float(frames[stop - 1])
        if spans and begin - spans[-1][1] < _TOGETHER_S * clock.rate:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    return spans


def _difference(old: list[Cue], new: list[Cue]) -> tuple[float, float]:
    """From when to when two lists of cues differ, seconds."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    most = min(len(old), len(new)) - head
    while tail < most and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    inner = [*old[head : len(old) - tail], *new[head : len(new) - tail]]
    return min(cue.start for cue in inner), max(cue.end for cue in inner)


def _near(cues: list[Cue], low: float, high: float) -> list[Cue]:
    return [c for c in cues if c.end > low - _CONTEXT_S and c.start < high + _CONTEXT_S]


def _key_times(
    speech: SpeechTake, settings: ApplySettings, clock: FrameClock, first: float, last: float
) -> np.ndarray:
    """Seconds of the keys of a stretch, its edges included."""
    if settings.filters.key_times == "SOURCE":
        times = speech.track.time_s
        frames = np.asarray(clock.frames(times))
        inside = np.flatnonzero((frames >= first) & (frames <= last))
        if len(inside):
            return times[max(inside[0] - 1, 0) : inside[-1] + 2]
    return np.asarray(clock.seconds(np.arange(first, last + 1e-6)), np.float64)


def _mouth(seconds: np.ndarray, cues: list[Cue], style: MouthStyle) -> np.ndarray:
    return curves(cues, contact_times(cues, seconds), style)


def _mouth_track(seconds: np.ndarray, cues: list[Cue], style: MouthStyle) -> FaceTrack:
    near = _near(cues, float(seconds[0]), float(seconds[-1]))
    return FaceTrack.of_weights(seconds, _mouth(seconds, near, style))


def _inside(times: np.ndarray, stretches: list[tuple[float, float]]) -> np.ndarray:
    inside = np.zeros(len(times), bool)
    for first, last in stretches:
        inside |= (times >= first) & (times <= last)
    return inside
