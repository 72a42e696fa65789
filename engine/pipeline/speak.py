# SPDX-License-Identifier: GPL-3.0-or-later
"""What a face does that speaks a recording: hear, tell the phones, move mouth and face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..core.arkit import COUNT
from ..core.cues import SILENCE, Cue
from ..core.errors import FacewrightError
from ..core.inference.onnx_session import open_model
from ..core.mouth_style import MouthStyle
from ..core.progress import Progress
from ..core.requests import LipsyncRequest
from ..core.sound import SOUND_HZ
from ..core.types import FaceTrack
from ..models.catalog import model_path
from ..sources.sound_file import SoundFile, SoundInfo
from ..speech.accents import find_accents, find_phrases
from ..speech.align import align
from ..speech.decode import decode
from ..speech.emphasis import emphasised
from ..speech.gestures import make_gestures
from ..speech.hearing import Heard
from ..speech.mouth import curves
from ..speech.performer.voice_file import read_voice
from ..speech.prosody import PitchMeter
from ..speech.subtitles import Block, read_text
from .hear_file import PIECE_S, hear_pieces
from .solve import sha256_of

NETWORK = "speech"
# After the end of the sound the mouth has so long to close.
CLOSING_S = 0.4
_FRAMES_AT_ONCE = 20_000


@dataclass(frozen=True)
class Spoken:
    """What a recording has become.

    Attributes:
        track: Values on whole frames of ``rate_hz`` counted from second 0 of the recording.
        cues: What is spoken, on the same clock.
        info: What the file says of its sound.
        by: "text" where the text told what is spoken, "sound" where the sound alone did.
        sound_s: Seconds that were heard.
        provider: What the network ran on.
        notes: Sentences about anything that is not as asked.
    """

    track: FaceTrack
    cues: list[Cue]
    info: SoundInfo
    by: str
    sound_s: float
    provider: str
    notes: list[str]


def speak(request: LipsyncRequest, progress: Progress | None = None) -> Spoken:
    """What a face does that speaks a recording; nothing is written.

    Raises:
        FacewrightError: As ``lipsync``; ``bad-setting`` for amounts that make no sense.
        Cancelled: ``progress`` says stop.
    """
    progress = progress or Progress()
    _check(request)
    notes: list[str] = []
    text = request.text.strip() or _text_of(request)
    profile = read_voice(request.profile) if request.profile else None
    network = open_model(model_path(NETWORK), "cpu")
    meter = PitchMeter() if request.gestures.on else None
    with SoundFile(request.sound) as file:
        end_s = file.info.duration_s if request.end_s is None else request.end_s
        total_s = max(end_s - request.start_s, 0.0)

        def told(seconds: float) -> None:
            progress.step(round(seconds), max(round(total_s), round(seconds)), "s")

        progress.step(0, round(total_s), "s")
        counted = _Counted(file.blocks(request.start_s, request.end_s, PIECE_S), meter)
        heard = hear_pieces(network, counted, told)
        if file.problem:
            notes.append(file.problem)
        info, sound_s = file.info, counted.samples / SOUND_HZ
    cues, by = _cues(heard, text, request, notes)
    times = _times(request, sound_s)
    first_s = request.start_s + request.offset_s
    level_db = heard.level_db
    if profile is not None:
        weights = profile.curves(
            heard,
            heard.mel,
            times - first_s,
            cues=cues,
            method=request.method,
            style=request.mouth,
            progress=progress,
        )
    del heard  # 100 MB an hour
    cues = [replace(cue, start=cue.start + first_s, end=cue.end + first_s) for cue in cues]
    cues = emphasised(cues, level_db, first_s, request.emphasis)
    if not any(cue.spoken != SILENCE for cue in cues):
        notes.append(f"Nobody was heard to speak in {info.path.name}; the mouth stays at rest.")
    if profile is None:
        weights = _mouth(cues, times, request.mouth)
    elif profile.about.get("hearing_model") not in (None, sha256_of(NETWORK)):
        notes.append(
            f"{Path(request.profile).name} was learned with another network of speech than the "
            "one that hears now; learn the performer again for the best result."
        )
    track = FaceTrack.of_weights(times, weights)
    if meter is not None:
        track = _with_gestures(track, request, cues, meter.result(), level_db, first_s)
    for sentence in notes:
        progress.warn(sentence)
    return Spoken(track, cues, info, by, sound_s, network.provider, notes)


class _Counted:
    """Blocks of sound on their way: they are counted, and their pitch is measured."""

    def __init__(self, blocks: Iterator[np.ndarray], meter: PitchMeter | None) -> None:
        self._blocks, self._meter, self.samples = blocks, meter, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self._blocks:
            self.samples += len(block)
            if self._meter is not None:
                self._meter.push(block)
            yield block


def _text_of(request: LipsyncRequest) -> list[Block]:
    """What the text file says of the part, with times from its start."""
    if not request.text_file:
        return []
    blocks = []
    for block in read_text(request.text_file):
        if block.start is not None:
            start, end = block.start - request.start_s, block.end - request.start_s
            if end < 0 or (request.end_s is not None and block.start > request.end_s):
                continue
            block = replace(block, start=max(start, 0.0), end=end)
        blocks.append(block)
    return blocks


def _cues(
    heard: Heard, text: str | list[Block], request: LipsyncRequest, notes: list[str]
) -> tuple[list[Cue], str]:
    """The cues, from second 0 of what was heard, and what told them."""
    if text:
        try:
            return align(heard, text, request.language), "text"
        except FacewrightError as error:
            if error.code != "text-mismatch":
                raise
            notes.append(f"{error.message} The mouth goes by the sound alone.")
    return decode(heard), "sound"


def _times(request: LipsyncRequest, sound_s: float) -> np.ndarray:
    """Whole frames from the start of the part to a little after its end, float64 seconds."""
    first = round(request.start_s * request.rate_hz)
    last = int(np.ceil((request.start_s + sound_s + CLOSING_S) * request.rate_hz))
    return np.arange(first, last + 1) / request.rate_hz


def _mouth(cues: list[Cue], times: np.ndarray, style: MouthStyle) -> np.ndarray:
    """The curves of the mouth, some minutes at a time: they need room while they are made."""
    weights = np.empty((len(times), COUNT), np.float32)
    for first in range(0, len(times), _FRAMES_AT_ONCE):
        rows = slice(first, first + _FRAMES_AT_ONCE)
        weights[rows] = curves(cues, times[rows], style)
    return weights


def _with_gestures(track, request, cues, pitch_hz, level_db, first_s) -> FaceTrack:
    made = make_gestures(
        track.time_s,
        find_phrases(cues),
        find_accents(cues, pitch_hz, level_db, first_s),
        request.gestures,
    )
    # Nothing of the face is moved by both.
    np.maximum(track.weights, made.weights, out=track.weights)
    return replace(
        track,
        head_deg=made.head_deg,
        gaze_deg=made.gaze_deg,
    )


def _check(request: LipsyncRequest) -> None:
    """Refuse numbers that come from scripts; the buttons give none of these."""
    gestures = request.gestures
    amounts = (
        *request.mouth.factors,
        *(request.emphasis, gestures.brows, gestures.blinks, gestures.gaze, gestures.head),
    )
    wrong = ""
    if not all(np.isfinite(amount) and 0 <= amount <= 10 for amount in amounts):
        wrong = "an amount is not between 0 and 10"
    elif not 1 <= request.rate_hz <= 1000:
        wrong = f"{request.rate_hz} is no number of frames a second"
    elif not (np.isfinite(request.offset_s) and np.isfinite(request.start_s)):
        wrong = "a time is no number"
    elif request.start_s < 0 or (request.end_s is not None and request.end_s <= request.start_s):
        wrong = f"no part of a recording goes from {request.start_s} s to {request.end_s} s"
    if wrong:
        raise FacewrightError(f"The mouth cannot be made: {wrong}.", "", "bad-setting")
