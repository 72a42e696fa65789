# SPDX-License-Identifier: GPL-3.0-or-later
"""A take of speech on the timeline: its mouth comes from its cues, frame by frame.

A take's values are at its own rate, and at a scene's lower rate a mean over them would open lips
that have to touch. The cues give the mouth at exactly the frames that are seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..engine.core.arkit import REGION_INDICES, REGIONS
from ..engine.core.clock import FrameClock
from ..engine.core.cues import Cue, read_cues
from ..engine.core.errors import FacewrightError
from ..engine.core.mouth_style import AMOUNTS, MouthStyle
from ..engine.core.types import FaceTrack
from ..engine.filters.resample import resample
from ..engine.speech.mouth import curves
from ..engine.takes.speech import SPEECH_KIND, cues_path, is_live_speech
from ..engine.takes.take_file import read_header, read_track
from .apply_settings import ApplySettings

# The parts of the face that cues move.
MOUTH = ("jaw", "mouth", "tongue")
MOUTH_COLUMNS = np.array([i for part in MOUTH for i in REGION_INDICES[part]])
# Phones that are told by a contact: without it they cannot be seen at all.
_CONTACTS = ("f", "p")
# The part of the face that each kind of gesture moves.
_GESTURES = {"brows": "brows", "blinks": "eyelids", "gaze": "gaze", "head": "head"}
# What moves less is not moved on purpose.
_STILL, _STILL_DEG = 1e-4, 0.01


@dataclass(frozen=True)
class SpeechTake:
    """A take of speech.

    Attributes:
        path: The take.
        header: Its header.
        track: Its values.
        cues: What is spoken; empty where the file beside the take is gone.
        style: How far the mouth goes.
    """

    path: Path
    header: dict
    track: FaceTrack
    cues: list[Cue]
    style: MouthStyle

    @property
    def is_of_cues(self) -> bool:
        """Whether the mouth is what the cues say, and not a performer's own way to say it."""
        return bool(self.cues) and not self.header[SPEECH_KIND].get("profile")

    @property
    def placed(self) -> dict:
        """Where it was put on the timeline: "frame", "speed" and "strip", as far as known."""
        return self.header.get("placed", {})


def is_speech(header: dict) -> bool:
    """Whether a take's header is that of speech."""
    return header.get("source", {}).get("kind") == SPEECH_KIND


def read_speech_take(take: Path | str) -> SpeechTake:
    """Read a take of speech and the cues beside it.

    Raises:
        FacewrightError: ``no-speech``, what ``read_header`` and ``read_cues`` raise.
    """
    header = read_header(take)
    if is_live_speech(header):
        raise FacewrightError(
            f"{Path(take).name} was spoken live, so it has no cues.",
            f"Make it anew from the sound beside it: choose {Path(take).stem}.wav in the Speech "
            "panel and press Lip-Sync.",
            "no-speech",
        )
    if not is_speech(header):
        raise FacewrightError(
            f"{Path(take).name} was not made of speech, so it has no cues.",
            "Choose a take that Lip-Sync has made.",
            "no-speech",
        )
    beside = cues_path(take)
    cues = read_cues(beside) if beside.is_file() else []
    return SpeechTake(Path(take), header, read_track(take), cues, style_of(header))


def style_of(header: dict) -> MouthStyle:
    """How far the mouth goes in a take, as its header says; 1 where it says nothing."""
    made = header.get(SPEECH_KIND, {})
    visemes = made.get("viseme_strength") or {}
    return MouthStyle(
        **{name: float(made.get(name, 1.0)) for name in AMOUNTS},
        viseme_strength={name: float(factor) for name, factor in visemes.items() if factor != 1},
    )


def as_placed(speech: SpeechTake, settings: ApplySettings) -> ApplySettings:
    """The settings for a take of speech.

    Nothing is smoothed, because closed lips must stay closed; the head's nods are no deviation
    that would have to be centred; parts of the face that the take leaves alone get no keys; and
    it keeps its exact place under its strip.
    """
    placed = speech.placed
    frame, strip = placed.get("frame"), placed.get("strip", "")
    keeps = frame is not None and round(frame) == round(settings.start_frame)
    return replace(
        settings,
        start_frame=frame if keeps else settings.start_frame,
        speed=float(placed.get("speed", settings.speed)),
        filters=replace(settings.filters, smoothing={}, head_center="NONE", doubt_policy="KEEP"),
        place_sound=settings.place_sound and not (keeps and strip),
        silent_parts=silent_parts(speech.track) - _gestured(speech.header),
    )


def on_frames(speech: SpeechTake, settings: ApplySettings, clock: FrameClock) -> FaceTrack:
    """The values of a take of speech at the times at which keys will be written."""
    track = speech.track
    if not speech.is_of_cues or not len(track):
        return track
    if settings.filters.key_times == "SOURCE":
        return mouth_of_cues(track, speech.cues, speech.style)
    frames = clock.whole_frames(track.time_s[0], track.time_s[-1])
    if not len(frames):
        return track
    seconds = np.asarray(clock.seconds(frames), np.float64)
    return mouth_of_cues(resample(track, seconds), speech.cues, speech.style)


def mouth_of_cues(track: FaceTrack, cues: list[Cue], style: MouthStyle) -> FaceTrack:
    """A track with the mouth that its cues ask for."""
    weights = track.weights.copy()
    mouth = curves(cues, contact_times(cues, track.time_s), style)
    weights[:, MOUTH_COLUMNS] = mouth[:, MOUTH_COLUMNS]
    weights[~track.valid] = np.nan
    return replace(track, weights=weights)


def contact_times(cues: list[Cue], times_s: np.ndarray) -> np.ndarray:
    """The moments to show on frames, so that every contact is seen on one.

    At few frames a second a closure can fall between two of them. The frame nearest to it then
    shows the closure, which is half a frame away at most.

    Args:
        cues: What is spoken.
        times_s: (N,) seconds of the frames, increasing.

    Returns:
        float64 (N,), never decreasing.
    """
    shown = np.array(times_s, np.float64)
    if len(shown) < 2:
        return shown
    edges = (shown[1:] + shown[:-1]) / 2
    for phone in _CONTACTS:  # lips that close count more than lips that bite: they come last
        spans = np.array([(c.start, c.end) for c in cues if c.spoken == phone]).reshape(-1, 2)
        inside = (spans[:, 1] > shown[0]) & (spans[:, 0] < shown[-1])
        spans = spans[inside]
        near = np.searchsorted(edges, spans.mean(1))
        shown[near] = np.clip(times_s[near], spans[:, 0], spans[:, 1])
    return np.maximum.accumulate(shown)


def _gestured(header: dict) -> set[str]:
    """The parts with gestures: where they rest, an older performance must not go on."""
    made = header.get(SPEECH_KIND, {}).get("gestures") or {}
    return {part for name, part in _GESTURES.items() if made.get("on") and made.get(name)}


def silent_parts(track: FaceTrack) -> frozenset[str]:
    """The parts of the face that a take of speech leaves as they are; never the mouth's own."""
    valid = track.valid
    still = {
        part
        for part in REGIONS
        if part not in MOUTH
        and not (np.abs(track.weights[valid][:, list(REGION_INDICES[part])]) > _STILL).any()
    }
    if (np.abs(track.gaze_deg[valid]) > _STILL_DEG).any():
        still.discard("gaze")
    if not (np.abs(track.head_deg[valid]) > _STILL_DEG).any():
        still.add("head")
    return frozenset(still)
