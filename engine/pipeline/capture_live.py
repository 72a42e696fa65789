# SPDX-License-Identifier: GPL-3.0-or-later
"""A live capture from its beginning to its end without a window: values, and a take if wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.inference.providers import each_once
from ..core.progress import Cancelled, Progress
from ..core.requests import LiveRequest
from ..core.types import FaceTrack
from ..filters.live import LiveFilter, LiveFilterSettings
from ..filters.live_centre import LiveHeadCentre
from ..formats.send import Sender
from .capture import follow
from .open_capture import open_capture

# A camera or stream that is silent for so long is given up where only some seconds were wanted.
_PATIENCE_S = 15.0


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
        provider: What the networks ran on; two providers where the first one failed in the
            middle.
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
    send: str = "",
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
        send: Where the values are sent to as they come; see ``formats.send.Sender``.
        head_mode: See ``filters.live_centre.LiveHeadCentre``.
        progress: Told of every frame; stopping through it keeps what there is.

    Returns:
        The values as a character would have shown them, seconds from the first frame, and what
        happened. Frames without a face are not valid, whatever the character shows meanwhile.

    Raises:
        FacewrightError: The source, a network or the take cannot be opened or written.
    """
    progress = progress or Progress()
    run = _Run(request, settings, take, microphone, head_mode, progress)
    sender = Sender(send) if send else None
    # Who waits for some seconds of a stream does not wait for ever.
    patience_s = _PATIENCE_S if seconds and request.realtime else np.inf
    try:
        for shown in run.rows(patience_s):
            if sender:
                sender.send(shown)
            if seconds and run.seconds >= seconds:
                break
    except (Cancelled, KeyboardInterrupt):
        progress.warn("Stopped by hand.")
    finally:
        run.close()
        if sender:
            sender.close()
    return run.result()


class _Run:
    """One capture with what comes of it."""

    def __init__(self, request, settings, take, microphone, head_mode, progress) -> None:
        self._request, self._take, self._microphone = request, take, microphone
        self._progress = progress
        self._filter, self._centre = LiveFilter(settings), LiveHeadCentre(head_mode)
        self._capture = open_capture(request)
        self._began_on = self._capture.provider
        progress.warn_once(self._capture.notes)
        self._rows: list[FaceTrack] = []
        self._delays: list[float] = []

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return float(self._rows[-1].time_s[0] - self._rows[0].time_s[0]) if self._rows else 0.0

    def rows(self, patience_s: float) -> Iterator[FaceTrack]:
        """What a character shows, frame by frame."""
        for frame in follow(self._capture, patience_s):
            if not self._rows and self._take:
                self._capture.record(self._take, frame.time_s, self._microphone)
            shown = self._filter.filter(self._centre.centre(frame.track))
            self._delays.append(now_s() - frame.time_s)
            self._rows.append(shown if frame.track.valid[0] else frame.track)
            try:
                self._capture.keep(frame)
            except FacewrightError as error:  # the values are still worth having
                self._progress.warn(str(error))
            self._progress.warn_once(self._capture.notes)
            yield shown
            self._progress.step(len(self._rows), 0)

    def close(self) -> None:
        """Complete the take and let go of the source."""
        kept = self._capture.stop_recording()
        self._capture.close()
        if kept:
            for sentence in kept.result().warnings:
                self._progress.warn(sentence)

    def result(self) -> tuple[FaceTrack, LiveRunReport]:
        """See ``capture_live``."""
        status, rows = self._capture.status(), self._rows
        if not rows:
            raise FacewrightError(
                f"Nothing came from {status.name}.",
                f"Check that it runs. {status.problem}".rstrip(),
                "nothing-captured",
            )
        track = FaceTrack.concatenate(rows)
        track = replace(track, time_s=track.time_s - track.time_s[0])
        report = LiveRunReport(
            status.name,
            self._take,
            frames=len(rows),
            valid_frames=int(track.valid.sum()),
            received=status.received,
            dropped=status.dropped,
            seconds=self.seconds,
            provider=each_once(self._began_on, status.provider),
            warnings=self._progress.warnings,
        )
        if report.seconds:
            report.frames_per_second = round((len(rows) - 1) / report.seconds, 3)
        if self._request.realtime:
            report.delay_ms, report.delay_p95_ms = (
                round(1e3 * float(value), 2) for value in np.percentile(self._delays, (50, 95))
            )
        return track, report
