# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech from Blender's side: what is asked of the worker, and a take of speech onto characters.

The button and the headless command both come through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import bpy

from ..engine.takes.manage import annotate, delete_take
from ..engine.takes.speech import CUES_SUFFIX, SPEECH_KIND, write_speech_take
from ..engine.takes.take_file import SUFFIX
from .free_path import free_path
from .speakers import Turn, cues_of_turns, no_speakers, nobodys_s, rest_between, turns_of
from .speech_source import SpeechSource
from .speech_take import SpeechTake, mouth_of_cues, read_speech_take

_NOT_IN_NAMES = frozenset('<>:"/\\|?*')


def new_speech_path(folder: Path, stem: str) -> Path:
    """A take's name that is free, and free for the cues beside it, too."""
    return free_path(folder, stem, SUFFIX, beside=CUES_SUFFIX)


def place_take(take: Path, source: SpeechSource) -> None:
    """Keep in a take where it lies on the timeline, so that it comes back there.

    Raises:
        FacewrightError: ``take-unwritable``.
    """
    placed = {"frame": source.start_frame, "speed": source.speed, "strip": source.strip}
    annotate(take, placed=placed)


def split_take(
    scene: bpy.types.Scene, take: Path, source: SpeechSource, names: Sequence[str]
) -> tuple[dict[str, Path], list[str]]:
    """A take for each speaker of a recording, by the timeline's markers.

    Args:
        scene: Has the markers.
        take: Of the whole recording.
        source: Where it lies on the timeline.
        names: The speakers.

    Returns:
        The new takes by speaker, and sentences for the artist.

    Raises:
        FacewrightError: ``no-speakers`` where no marker names one, or a take cannot be written;
            then none is.
    """
    speech = read_speech_take(take)
    last_s = max([cue.end for cue in speech.cues], default=0.0)
    if len(speech.track):
        last_s = max(last_s, float(speech.track.time_s[-1]))
    turns = turns_of(scene, names, source.clock(scene), last_s)
    if not any(turns.values()):
        raise no_speakers(names)
    made: dict[str, Path] = {}
    with ExitStack() as undo:
        for name, own in turns.items():
            if own:
                made[name] = _take_of_turns(take, speech, source, name, own)
                undo.callback(delete_take, made[name])
        undo.pop_all()
    notes = []
    if silent := [name for name, own in turns.items() if not own]:
        notes.append(f"No marker is named after {_listed(silent)}, so nothing was written there.")
    if (lost_s := nobodys_s(speech.cues, turns)) > 0.05:
        notes.append(f"{lost_s:.1f} s of speech before the first speaker's marker went to nobody.")
    return made, notes


def _take_of_turns(
    take: Path, speech: SpeechTake, source: SpeechSource, name: str, turns: Sequence[Turn]
) -> Path:
    """The take of one speaker, beside that of the whole recording."""
    header, cues = speech.header, cues_of_turns(speech.cues, turns)
    track = rest_between(speech.track, turns)
    if speech.is_of_cues:
        track = mouth_of_cues(track, cues, speech.style)
    safe = "".join("_" if letter in _NOT_IN_NAMES else letter for letter in name)
    path = new_speech_path(take.parent, f"{take.stem} {safe}")
    first, second = header["source"]["rate"]
    write_speech_take(
        path,
        track,
        cues,
        source.path,
        rate_hz=first / second,
        sound_offset_s=header["source"].get("audio_offset_s", 0.0),
        codec=header["source"].get("codec", ""),
        speech={**header[SPEECH_KIND], "speaker": name},
        models=header.get("models", {}),
        provider=header.get("provider", ""),
    )
    place_take(path, source)
    return path


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names) or "a speaker"
