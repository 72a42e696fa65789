# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's loop: read requests from stdin, do one job at a time, answer on the wire.

A thread reads stdin, so that CANCEL arrives in the middle of a job, and so that the end of
stdin (Blender quit, crashed or was killed) ends this process whatever it is doing.
"""

from __future__ import annotations

import os
import platform
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from ..core.errors import FacewrightError
from ..core.inference.provider_attempts import stopping
from ..core.packages import installed_packages
from ..core.progress import Cancelled, Progress
from ..core.requests import (
    DoctorRequest,
    FetchModelRequest,
    LearnSpeechRequest,
    LipsyncRequest,
    LiveRequest,
    RuntimeRequest,
    ShapesRequest,
    SolveRequest,
    TrackRequest,
)
from .protocol import LIVE_ORDERS, LONGEST_LINE, PROTOCOL, Kind, Message, ProtocolError

_PROGRESS_EVERY_S = 0.1
# How long a job may take to leave in good order after stdin has ended.
_LAST_BREATH_S = 1.0


@dataclass
class _Request:
    """What to do, and what else is said about it.

    Attributes:
        message: The request.
        cancelled: Set when nobody wants it any more.
        inbox: Orders that come while it is being done.
    """

    message: Message
    cancelled: threading.Event = field(default_factory=threading.Event)
    inbox: queue.SimpleQueue[Message] = field(default_factory=queue.SimpleQueue)


# None at the end of stdin.
_Requests = queue.SimpleQueue[_Request | None]


class _Wire:
    """The protocol's own file descriptor, used by one thread at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def send(self, kind: Kind, job: str = "", **data: object) -> None:
        with self._lock:
            self._file.write(Message(kind, job, data).to_line())
            self._file.flush()


def main() -> int:
    """Serve until QUIT or the end of stdin. Returns the exit code."""
    wire = _Wire(_take_stdout())
    requests: _Requests = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    wire.send(
        Kind.HELLO,
        protocol=PROTOCOL,
        python=platform.python_version(),
        packages=installed_packages(),
    )
    while (request := requests.get()) is not None and request.message.kind is not Kind.QUIT:
        if request.message.kind in _JOBS:
            _do(request, wire)
    return 0


def _take_stdout() -> BinaryIO:
    """Keep descriptor 1 for the protocol; let everybody else's prints go to stderr."""
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire


def _read(requests: _Requests) -> None:
    current = _Request(Message(Kind.HELLO))
    for line in iter(lambda: sys.stdin.buffer.readline(LONGEST_LINE), b""):
        try:
            message = Message.from_line(line)
        except ProtocolError as error:
            sys.stderr.write(f"ignored: {error}\n")
            continue
        if message.kind in LIVE_ORDERS:
            current.inbox.put(message)
        elif message.kind is Kind.CANCEL:
            current.cancelled.set()
        else:
            if message.kind is Kind.QUIT:
                current.cancelled.set()
            # From now on: a CANCEL may come before the job has begun.
            current = _Request(message)
            requests.put(current)
    current.cancelled.set()
    requests.put(None)
    time.sleep(_LAST_BREATH_S)
    stopping()
    os._exit(3)  # a native library may be stuck; finished blocks are on disk


# The pipeline is imported by the job: a worker that lacks a library must live to say so.
def _track(request: _Request, _wire: _Wire, progress: Progress) -> object:
    from ..pipeline.track import track_video

    return track_video(TrackRequest.from_wire(request.message.data), progress)


def _solve(request: _Request, _wire: _Wire, progress: Progress) -> object:
    from ..pipeline.solve import solve_take

    return solve_take(SolveRequest.from_wire(request.message.data), progress)


def _shapes(request: _Request, _wire: _Wire, progress: Progress) -> object:
    from ..pipeline.make_shapes import make_shapes

    return make_shapes(ShapesRequest.from_wire(request.message.data), progress)


def _lipsync(request: _Request, _wire: _Wire, progress: Progress) -> object:
    from ..pipeline.lipsync import lipsync

    return lipsync(LipsyncRequest.from_wire(request.message.data), progress)


def _learn_speech(request: _Request, _wire: _Wire, progress: Progress) -> object:
    from ..pipeline.learn_speech import learn_speech

    return learn_speech(LearnSpeechRequest.from_wire(request.message.data), progress)


def _live(request: _Request, wire: _Wire, progress: Progress) -> object:
    from .live_job import run_live

    def tell(kind: Kind, **data: object) -> None:
        wire.send(kind, request.message.job, **data)

    return run_live(LiveRequest.from_wire(request.message.data), request.inbox, tell, progress)


def _fetch_model(request: _Request, _wire: _Wire, progress: Progress) -> object:
    from ..pipeline.fetch_model import fetch_model

    return fetch_model(FetchModelRequest.from_wire(request.message.data), progress)


def _doctor(request: _Request, _wire: _Wire, progress: Progress) -> object:
    from ..pipeline.doctor import examine

    return examine(DoctorRequest.from_wire(request.message.data), progress, in_worker=True)


def _runtime(request: _Request, _wire: _Wire, progress: Progress) -> object:
    from ..runtime.install import RuntimeReport, install, plan_install

    order = RuntimeRequest.from_wire(request.message.data)
    try:
        return install(plan_install(order.what, order.driver), progress)
    except Cancelled:
        return RuntimeReport(state="cancelled")


def _devices(_request: _Request, _wire: _Wire, _progress: Progress) -> object:
    from ..pipeline.devices import find_devices

    return find_devices()


_JOBS: dict[Kind, Callable[[_Request, _Wire, Progress], object]] = {
    Kind.TRACK: _track,
    Kind.SOLVE: _solve,
    Kind.SHAPES: _shapes,
    Kind.LIPSYNC: _lipsync,
    Kind.LEARN_SPEECH: _learn_speech,
    Kind.LIVE: _live,
    Kind.FETCH_MODEL: _fetch_model,
    Kind.DOCTOR: _doctor,
    Kind.RUNTIME: _runtime,
    Kind.DEVICES: _devices,
}


def _do(request: _Request, wire: _Wire) -> None:
    message = request.message
    try:
        progress = Progress(
            _throttled(wire, message.job),
            lambda text: wire.send(Kind.WARNING, message.job, text=text),
            request.cancelled.is_set,
        )
        report = _JOBS[message.kind](request, wire, progress)
        wire.send(Kind.DONE, message.job, **vars(report))
    except FacewrightError as error:
        _fail(wire, message.job, error.message, error.hint, error.code)
    except ImportError as error:
        _fail(
            wire,
            message.job,
            f"The worker cannot load {error.name or error}.",
            "Install the extension from its zip for this platform; see the log for details.",
            "package-missing",
        )
    except Exception as error:  # noqa: BLE001 - the border of the process: everything is told
        _fail(
            wire,
            message.job,
            f"The job stopped by an unexpected error: {type(error).__name__}: {error}",
            "Please report it with the details in the log.",
            "unexpected",
        )


def _fail(wire: _Wire, job: str, text: str, hint: str, code: str) -> None:
    wire.send(Kind.FAILED, job, message=text, hint=hint, code=code, detail=traceback.format_exc())


def _throttled(wire: _Wire, job: str):
    """Progress at a rate that a person can read; the speed is that of this run."""
    started = time.perf_counter()
    first_done: int | None = None
    last_sent = -1.0

    def report(done: int, total: int, unit: str) -> None:
        nonlocal first_done, last_sent
        now = time.perf_counter()
        first_done = done if first_done is None else first_done
        if now - last_sent < _PROGRESS_EVERY_S:
            return
        last_sent = now
        per_second = (done - first_done) / max(now - started, 1e-6)
        wire.send(
            Kind.PROGRESS, job, done=done, total=total, unit=unit, per_second=round(per_second, 2)
        )

    return report
