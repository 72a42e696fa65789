# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording becomes a take of speech, with its cues beside it, and a report."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..core.cues import SILENCE, Cue
from ..core.progress import Cancelled, Progress
from ..core.requests import LipsyncRequest
from ..takes.speech import check_free, cues_path, write_speech_take
from .solve import sha256_of
from .speak import NETWORK, Spoken, speak


@dataclass
class LipsyncReport:
    """What happened, for the person and for ``--json``.

    Attributes:
        sound, take, cues_file: Paths; the last two empty where no take was asked for.
        by: See ``Spoken``.
        sound_s, spoken_s: Seconds of sound, and those in which somebody speaks.
        frames, rate_hz, cues: How many, frames a second, how many.
        seconds: Wall time.
        times_real_time: Seconds of sound a second of work.
        provider: What the network ran on.
        state: "complete" or "cancelled".
        notes: Sentences about anything that is not as asked.
    """

    sound: str
    take: str = ""
    cues_file: str = ""
    by: str = ""
    sound_s: float = 0.0
    spoken_s: float = 0.0
    frames: int = 0
    rate_hz: float = 0.0
    cues: int = 0
    seconds: float = 0.0
    times_real_time: float = 0.0
    provider: str = ""
    state: str = "complete"
    notes: list[str] = field(default_factory=list)


def lipsync(request: LipsyncRequest, progress: Progress | None = None) -> LipsyncReport:
    """Make a take of speech with its cues beside it.

    Args:
        request: What and how.
        progress: Told of every minute that was heard; may cancel, and then nothing is written.

    Raises:
        FacewrightError: Anything wrong with the sound, the text, the network or the disk.
    """
    return lipsync_and_values(request, progress)[0]


def lipsync_and_values(
    request: LipsyncRequest, progress: Progress | None = None
) -> tuple[LipsyncReport, Spoken | None]:
    """As ``lipsync``, with what was made; None after a cancel."""
    started = time.perf_counter()
    progress = progress or Progress()
    report = LipsyncReport(request.sound, rate_hz=request.rate_hz)
    if request.take and not request.overwrite:
        check_free(request.take)
    try:
        spoken = speak(request, progress)
    except Cancelled:
        report.state = "cancelled"
        report.seconds = round(time.perf_counter() - started, 3)
        return report, None
    if request.take:
        _write(request, spoken)
        report.take, report.cues_file = request.take, str(cues_path(request.take))
    report.by, report.notes, report.provider = spoken.by, spoken.notes, spoken.provider
    report.sound_s = round(spoken.sound_s, 3)
    report.spoken_s = round(_spoken_s(spoken.cues), 3)
    report.frames, report.cues = len(spoken.track), len(spoken.cues)
    report.seconds = round(time.perf_counter() - started, 3)
    report.times_real_time = round(spoken.sound_s / max(report.seconds, 1e-3), 1)
    return report, spoken


def _spoken_s(cues: list[Cue]) -> float:
    return sum(cue.end - cue.start for cue in cues if cue.spoken != SILENCE)


def _write(request: LipsyncRequest, spoken: Spoken) -> None:
    made = asdict(request)
    # A header has the amounts side by side with the rest.
    speech = made.pop("mouth")
    speech |= {name: made[name] for name in made if name not in ("sound", "take", "overwrite")}
    write_speech_take(
        request.take,
        spoken.track,
        spoken.cues,
        Path(request.sound),
        rate_hz=request.rate_hz,
        sound_offset_s=spoken.info.offset_s,
        codec=spoken.info.codec,
        speech=speech | {"by": spoken.by, "notes": spoken.notes},
        models={NETWORK: sha256_of(NETWORK)},
        provider=spoken.provider,
        overwrite=request.overwrite,
    )
