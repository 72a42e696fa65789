# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's live job: values out with every frame, orders in between them."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field

from ..core.clock import now_s
from ..core.errors import FacewrightError
from ..core.inference.providers import each_once
from ..core.mouth_style import MouthStyle
from ..core.progress import Cancelled, Progress
from ..core.requests import LiveRequest
from ..pipeline.open_capture import open_capture
from ..pipeline.record import RecordReport
from .live_pictures import LivePictures
from .live_wire import pack_values
from .protocol import Kind, Message

_STATUS_EVERY_S = 0.25
# Orders are heard between frames; without frames this often.
_LISTEN_S = 0.05


@dataclass
class LiveReport:
    """What happened.

    Attributes:
        source: Its name.
        frames: Frames tracked.
        received, dropped: Frames that came, and those that nobody had time for.
        provider: What the networks ran on; two providers where the first one failed in the
            middle.
        state: "complete" when the source ended, "cancelled" when somebody stopped it.
        warnings: Sentences.
    """

    source: str
    frames: int = 0
    received: int = 0
    dropped: int = 0
    provider: str = ""
    state: str = "complete"
    warnings: list[str] = field(default_factory=list)


def run_live(
    request: LiveRequest,
    inbox: queue.SimpleQueue[Message],
    tell: Callable[..., None],
    progress: Progress,
) -> LiveReport:
    """Capture until the source ends or ``progress`` says stop.

    Args:
        request: What.
        inbox: Messages of ``protocol.LIVE_ORDERS``.
        tell: Sends a message: its kind, and its data as keywords.
        progress: Asked between frames.

    Raises:
        FacewrightError: The source, a network or the profile cannot be opened.
    """
    return _Live(request, inbox, tell, progress).run()


class _Live:
    def __init__(self, request, inbox, tell, progress) -> None:
        self._inbox, self._tell, self._progress = inbox, tell, progress
        self._capture = open_capture(request)
        self._pictures = LivePictures()
        # Takes that are being completed; more than one where recordings follow fast.
        self._kept: list[Future[RecordReport]] = []
        self._told_s = 0.0

    def run(self) -> LiveReport:
        capture = self._capture
        self._progress.warn_once(capture.notes)
        report, began_on = LiveReport(capture.source.name), capture.provider
        try:
            while not capture.ended:
                self._progress.step(report.frames, 0)
                self._hear()
                report.frames += self._step()
                self._tell_what_is_new()
        except Cancelled:
            self._hear()  # how a recording shall end may have been said just before
            report.state = "cancelled"
        finally:
            self._keep(capture.stop_recording())
            capture.close()
            self._pictures.close()
        while self._kept:
            self._tell_what_is_new()  # a long take takes its time, and shall be waited for
            time.sleep(_LISTEN_S)
        status = capture.status()
        report.received, report.dropped = status.received, status.dropped
        report.provider = each_once(began_on, status.provider)
        if capture.source.problem:
            self._progress.warn(capture.source.problem)
        report.warnings = list(self._progress.warnings)
        return report

    def _step(self) -> int:
        """Track a frame; how many that were."""
        frame = self._capture.step(_LISTEN_S)
        if frame is None:
            return 0
        self._tell(Kind.VALUES, **pack_values(frame.track))
        try:
            self._capture.keep(frame)
        except FacewrightError as error:  # the capture goes on
            self._tell(Kind.RECORDED, **_failure(error))
        try:
            if path := self._capture.calibrated(frame):
                self._tell(Kind.CALIBRATED, performer=path)
        except FacewrightError as error:
            self._tell(Kind.CALIBRATED, **_failure(error))
        self._pictures.show(frame)
        return 1

    def _tell_what_is_new(self) -> None:
        self._progress.warn_once(self._capture.notes)
        if self._kept and self._kept[0].done():
            self._tell_recorded()
        if now_s() - self._told_s > _STATUS_EVERY_S:
            self._told_s = now_s()
            self._tell(Kind.STATUS, **asdict(self._capture.status()))

    def _tell_recorded(self) -> None:
        kept = self._kept.pop(0)
        try:
            self._tell(Kind.RECORDED, **vars(kept.result()))
        except (FacewrightError, OSError) as error:
            self._tell(Kind.RECORDED, **_failure(error))

    def _hear(self) -> None:
        while not self._inbox.empty():
            order = self._inbox.get()
            answer = Kind.CALIBRATED if order.kind is Kind.CALIBRATE else Kind.RECORDED
            try:
                self._obey(order.kind, order.data)
            except (FacewrightError, OSError) as error:
                if order.kind in (Kind.PERFORMER, Kind.PICTURE, Kind.MOUTH):
                    self._progress.warn(str(error))
                else:
                    self._tell(answer, **_failure(error))

    def _keep(self, kept: Future[RecordReport] | None) -> None:
        if kept is not None:
            self._kept.append(kept)

    def _obey(self, kind: Kind, data: dict) -> None:
        capture = self._capture
        if kind is Kind.RECORD:
            capture.record(
                data["take"], data["zero_s"], data.get("microphone", ""), **data.get("header", {})
            )
        elif kind is Kind.KEEP:
            self._keep(capture.stop_recording(data.get("shift_s", 0.0)))
        elif kind is Kind.CALIBRATE:
            capture.calibrate(data["performer"], data["begin_s"], data["seconds"])
        elif kind is Kind.PERFORMER:
            capture.use_performer(data["performer"])
        elif kind is Kind.PICTURE:
            self._pictures.show_in(data["path"])
        elif kind is Kind.MOUTH:
            capture.use_mouth(MouthStyle(**data["style"]), data["emphasis"])


def _failure(error: FacewrightError | OSError) -> dict:
    if isinstance(error, OSError):
        return {"message": f"{error}.", "hint": "Check the disk.", "code": "unwritable"}
    return {"message": error.message, "hint": error.hint, "code": error.code}
