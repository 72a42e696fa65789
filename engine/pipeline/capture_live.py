# SPDX-License-Identifier: GPL-3.0-or-later
"""A live capture from its beginning to its end without a window: values, and a take if wanted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.progress import Cancelled, Progress
from ..core.requests import LiveRequest
from ..core.types import FaceTrack
from ..filters.live import LiveFilter, LiveFilterSettings
from ..filters.live_centre import LiveHeadCentre
from .capture import follow
from .live import LiveCapture


@dataclass
class LiveRunReport:
    """What happened, for the person and for ``--json``.

    Attributes:
        source: Its name.
        take: Path of the take, or empty.
        frames, valid_frames: Frames tracked, and those with a face.
        received, dropped: Frames that came, and those that nobody had time for.
        seconds: From the first frame to the last.
        frames_per_second: Tracked.
        delay_ms, delay_p95_ms: From each frame's time to its filtered values, median and 95 %.
        provider: What the networks ran on.
        warnings: Sentences.
    """

    source: str
    take: str = ""
    frames: int = 0
    valid_frames: int = 0
    received: int = 0
    dropped: int = 0
    seconds: float = 0.0
    frames_per_second: float = 0.0
    delay_ms: float = 0.0
    delay_p95_ms: float = 0.0
    provider: str = ""
    warnings: list[str] = field(default_factory=list)


def capture_live(
    request: LiveRequest,
    settings: LiveFilterSettings,
    *,
    seconds: float | None = None,
    take: str = "",
    microphone: str = "",
    head_mode: str = "AUTO",
    progress: Progress | None = None,
) -> tuple[FaceTrack, LiveRunReport]:
    """Capture until the source ends, or for some seconds of it, or until somebody stops it.

    Args:
        request: What.
        settings: How values are calmed.
        seconds: Seconds of the source; None for all.
        take: Path of a take to record, or empty.
        microphone: Which one is recorded beside the take, or empty.
        head_mode: See ``filters.live_centre.LiveHeadCentre``.
        progress: Told of every frame; stopping through it keeps what there is.

    Returns:
        The values as a character would have shown them, seconds from the first frame, and what
        happened. Frames without a face are not valid, whatever the character shows meanwhile.

    Raises:
        FacewrightError: The source, a network or the take cannot be opened or written.
    """
    progress = progress or Progress()
    capture = LiveCapture(request)
    for note in capture.notes:
        progress.warn(note)
    report = LiveRunReport(capture.source.name, take)
    calm, centre = LiveFilter(settings), LiveHeadCentre(head_mode)
    rows: list[FaceTrack] = []
    delays: list[float] = []
    kept = None
    try:
        for frame in follow(capture):
            if not rows and take:
                capture.record(take, frame.picture.time_s, microphone)
            shown = calm.filter(centre.centre(frame.track))
            delays.append(now_s() - frame.picture.time_s)
            rows.append(shown if frame.track.valid[0] else frame.track)
            try:
                capture.keep(frame)
            except FacewrightError as error:  # the values are still worth having
                progress.warn(str(error))
            if seconds and frame.picture.time_s - rows[0].time_s[0] >= seconds:
                break
            progress.step(len(rows), 0)
    except (Cancelled, KeyboardInterrupt):
        progress.warn("Stopped by hand.")
    finally:
        kept = capture.stop_recording()
        capture.close()
    if kept:
        for sentence in kept.result().warnings:
            progress.warn(sentence)
    status = capture.status()
    report.received, report.dropped = status.received, status.dropped
    report.provider, report.frames = status.provider, len(rows)
    report.warnings = progress.warnings
    if not rows:
        raise FacewrightError(
            f"{report.source} gave no picture.", "Check that it runs.", "nothing-captured"
        )
    track = FaceTrack.concatenate(rows)
    track = replace(track, time_s=track.time_s - track.time_s[0])
    report.valid_frames = int(track.valid.sum())
    report.seconds = float(track.time_s[-1])
    if report.seconds:
        report.frames_per_second = round((len(rows) - 1) / report.seconds, 3)
    if request.realtime:
        report.delay_ms, report.delay_p95_ms = (
            round(1e3 * float(value), 2) for value in np.percentile(delays, (50, 95))
        )
    return track, report
