# SPDX-License-Identifier: GPL-3.0-or-later
"""Several people in one recording: timeline markers named after them say who speaks when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bpy
import numpy as np

from ..engine.core.clock import FrameClock
from ..engine.core.cues import SILENCE, Cue
from ..engine.core.curve_math import smoothstep
from ..engine.core.errors import FacewrightError
from ..engine.core.types import FaceTrack

# The rest of a speaker's face goes to rest and comes back in this time.
EASE_S = 0.4

# From when to when, seconds of the recording.
Turn = tuple[float, float]


def turns_of(
    scene: bpy.types.Scene, names: Sequence[str], clock: FrameClock, last_s: float
) -> dict[str, list[Turn]]:
    """When each speaker speaks.

    A marker "Anna", "Anna:" or "Anna: how are you" begins Anna's turn, which lasts until the next
    speaker's marker. Capitals make no difference.

    Args:
        scene: Has the markers.
        names: The speakers.
        clock: Where the recording lies on the timeline.
        last_s: Its end, seconds.

    Returns:
        By speaker, in order of time; speakers without a marker have no turn.
    """
    begins = [(float(clock.seconds(frame)), name) for frame, name in _begins(scene, names)]
    turns: dict[str, list[Turn]] = {name: [] for name in names}
    for i, (start, name) in enumerate(begins):
        end = begins[i + 1][0] if i + 1 < len(begins) else last_s
        start = max(start, 0.0)
        if min(end, last_s) > start:
            turns[name].append((start, min(end, last_s)))
    return turns


def check_speakers(scene: bpy.types.Scene, names: Sequence[str]) -> None:
    """Find out before anything is heard that no marker names a speaker.

    Raises:
        FacewrightError: ``no-speakers``.
    """
    if not _begins(scene, names):
        raise no_speakers(names)


def no_speakers(names: Sequence[str]) -> FacewrightError:
    """No marker names a speaker."""
    listed = ", ".join(f'"{name}"' for name in names)
    return FacewrightError(
        f"No marker of the timeline over the recording is named after {listed}.",
        'Put a marker such as "Anna:" where each one begins to speak.',
        "no-speakers",
    )


def _begins(scene: bpy.types.Scene, names: Sequence[str]) -> list[tuple[int, str]]:
    """Frame and speaker of each marker that begins a turn, in order."""
    known = {name.strip().lower(): name for name in names if name.strip()}
    found = [
        (marker.frame, known.get(marker.name.partition(":")[0].strip().lower()))
        for marker in scene.timeline_markers
    ]
    return sorted((frame, name) for frame, name in found if name is not None)


def cues_of_turns(cues: Sequence[Cue], turns: Sequence[Turn]) -> list[Cue]:
    """What one speaker says: a sound belongs to the turn that its middle lies in.

    Args:
        cues: Of the whole recording, in order of time.
        turns: The speaker's.

    Returns:
        Cues at the same times, silent where others speak.
    """
    kept: list[Cue] = []
    for cue in cues:
        middle = (cue.start + cue.end) / 2
        if not any(start <= middle < end for start, end in turns):
            cue = Cue.of_phone(SILENCE, cue.start, cue.end)
        if kept and kept[-1].spoken == cue.spoken == SILENCE and cue.start - kept[-1].end < 1e-6:
            kept[-1] = replace(kept[-1], end=cue.end)
        else:
            kept.append(cue)
    return kept


def nobodys_s(cues: Sequence[Cue], turns: dict[str, list[Turn]]) -> float:
    """Seconds of speech that are in nobody's turn."""
    everybodys = [turn for some in turns.values() for turn in some]
    return sum(
        cue.end - cue.start
        for cue in cues
        if cue.spoken != SILENCE
        and not any(a <= (cue.start + cue.end) / 2 < b for a, b in everybodys)
    )


def rest_between(track: FaceTrack, turns: Sequence[Turn]) -> FaceTrack:
    """A track whose values fade to rest where its speaker does not speak.

    Args:
        track: Of the whole recording.
        turns: The speaker's.
    """
    share = np.zeros(len(track))
    for start, end in turns:
        away = np.maximum(start - track.time_s, track.time_s - end)
        share = np.maximum(share, smoothstep(1 - away / EASE_S))
    return replace(
        track,
        weights=(track.weights * share[:, None]).astype(np.float32),
        head_deg=(track.head_deg * share[:, None]).astype(np.float32),
        head_cm=(track.head_cm * share[:, None]).astype(np.float32),
        gaze_deg=(track.gaze_deg * share[:, None, None]).astype(np.float32),
    )
