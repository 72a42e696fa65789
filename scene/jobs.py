# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker's job: one object, two drivers.

In the window a modal operator calls ``step`` on a timer; in background mode ``run`` calls it in
a loop. Either way nothing but messages crosses from the worker, and a step takes microseconds.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.core.requests import (
    DoctorRequest,
    FetchModelRequest,
    LearnSpeechRequest,
    LipsyncRequest,
    RuntimeRequest,
    ShapesRequest,
    SolveRequest,
    TrackRequest,
)
from ..engine.worker.protocol import Kind
from .worker_process import start_worker


class JobState(Enum):
    """Where a job stands."""

    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


Request = (
    TrackRequest
    | SolveRequest
    | ShapesRequest
    | LipsyncRequest
    | LearnSpeechRequest
    | FetchModelRequest
    | DoctorRequest
    | RuntimeRequest
)
_ENDED = frozenset({JobState.DONE, JobState.CANCELLED, JobState.FAILED})


@dataclass
class Job:
    """What a worker does: a clip or a recording becomes a take, a take is solved anew, a head gets
    its shapes, a performer's way to speak is learned, a model is fetched, the machine is examined.

    Attributes:
        request: What was asked.
        state: Where it stands.
        done, total: Of ``unit``, frames each as often as it is looked at; total is 0 where unknown.
        unit: What is counted.
        per_second: How many of them a second.
        warnings: Sentences so far.
        report: The worker's report once done or cancelled.
        error: Why it failed.
        log: The worker's last words on stderr, once ended.
        at_end: Called once, however the job ends.
    """

    request: Request
    state: JobState = JobState.RUNNING
    done: int = 0
    total: int = 0
    unit: str = "frames"
    per_second: float = 0.0
    warnings: list[str] = field(default_factory=list)
    report: dict = field(default_factory=dict)
    error: FacewrightError | None = None
    log: str = ""
    at_end: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self._client = start_worker()
        begin = {
            TrackRequest: self._client.track,
            SolveRequest: self._client.solve,
            ShapesRequest: self._client.shapes,
            LipsyncRequest: self._client.lipsync,
            LearnSpeechRequest: self._client.learn_speech,
            FetchModelRequest: self._client.fetch_model,
            DoctorRequest: self._client.doctor,
            RuntimeRequest: self._client.runtime,
        }[type(self.request)]
        begin(self.request)
        _running.append(self)

    @property
    def ended(self) -> bool:
        """Whether no more steps are needed."""
        return self.state in _ENDED

    def step(self) -> bool:
        """Hear what the worker has said; never waits. True when something is new."""
        if self.ended:
            return False
        messages = self._client.poll()
        for message in messages:
            self._hear(message.kind, message.data)
        if self.ended:
            _running.remove(self)
            self.log = self.log or self._client.log
            # The process takes a tenth of a second to leave; the window shall not wait for it.
            threading.Thread(target=self._client.close).start()
            self._tell_end()
        return bool(messages)

    def cancel(self) -> None:
        """Ask the worker to stop; ``step`` goes on until it has."""
        if self.state is JobState.RUNNING:
            self.state = JobState.CANCELLING
            self._client.cancel()

    def close(self) -> None:
        """End the worker process, gently or not."""
        if self in _running:
            _running.remove(self)
            self._client.close()
            self.log = self.log or self._client.log
        if not self.ended:
            self.state = JobState.CANCELLED
        self._tell_end()

    def run(self, progress: Progress) -> dict:
        """Drive the job to its end in this thread.

        Returns:
            The worker's report.

        Raises:
            FacewrightError: What went wrong.
            Cancelled: When ``progress`` asks for it.
        """
        told = 0
        try:
            while not self.ended:
                self.step()
                for sentence in self.warnings[told:]:
                    progress.warn(sentence)
                told = len(self.warnings)
                if self.total or self.done:
                    progress.step(self.done, self.total, self.unit)
                time.sleep(0.02)
        finally:
            self.close()
        if self.error:
            raise self.error
        return self.report

    def _tell_end(self) -> None:
        at_end, self.at_end = self.at_end, None
        if at_end:
            at_end()

    def _hear(self, kind: Kind, data: dict) -> None:
        if kind is Kind.PROGRESS:
            self.done, self.total = data["done"], data["total"]
            self.per_second, self.unit = data["per_second"], data["unit"]
        elif kind is Kind.WARNING:
            self.warnings.append(data["text"])
        elif kind is Kind.DONE:
            self.report = data
            # A refusal is a result, too: the operator tells why.
            done = data["state"] in ("complete", "refused")
            self.state = JobState.DONE if done else JobState.CANCELLED
        elif kind is Kind.FAILED:
            self.state = JobState.FAILED
            self.error = FacewrightError(data["message"], data["hint"], data["code"])
            self.log = data.get("detail", "")


_running: list[Job] = []


def running_job() -> Job | None:
    """The job that is running now, if any."""
    return _running[0] if _running else None


def end_all_jobs(*_arguments: object) -> None:
    """End every worker: another file is loaded, the add-on is disabled, Blender quits."""
    while _running:
        _running[0].close()


# Blender's own quit runs neither unregister nor a handler.
atexit.register(end_all_jobs)
