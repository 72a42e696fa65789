# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's end of the wire: start the worker, hear it, stop it. No bpy, no heavy imports."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import FacewrightError
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
from .protocol import LAST_WORDS, LONGEST_LINE, PROTOCOL, Kind, Message, ProtocolError

_LAUNCH = Path(__file__).with_name("launch.py")
_LOG_LINES = 400
# Patience between the steps of ending: ask, close stdin, terminate, kill.
_PATIENCE_S = 2.0
# What is left of a job whose worker died, and what to do.
_LEGACY = {
    Kind.TRACK: "All frames tracked so far are in the take; Resume goes on from there.",
    Kind.SOLVE: "The take is as it was.",
    Kind.SHAPES: "The character is as it was.",
    Kind.LIPSYNC: "Nothing was written.",
    Kind.LEARN_SPEECH: "No profile was written.",
    Kind.FETCH_MODEL: "Nothing was kept; try again.",
    Kind.DOCTOR: "A library or a driver ends the process; `doctor --quick` leaves cards out, and "
    "`runtime remove` takes an installed GPU runtime back.",
    Kind.RUNTIME: "What was installed before is still used.",
    Kind.DEVICES: "Try again; without a list a camera can be named by hand.",
    Kind.LIVE: "Start again; what was recorded until then is in its take.",
}


class WorkerClient:
    """One worker process and its messages.

    Args:
        python: The interpreter and its options, e.g. Blender's own with ``-I``.
        site_packages: Folders of unpacked wheels that the worker needs.
        launch: The script to run; tests put their own here.

    Raises:
        FacewrightError: ``worker-start`` when the process cannot be started.
    """

    def __init__(
        self,
        python: Sequence[str],
        site_packages: Sequence[str | Path] = (),
        launch: Path = _LAUNCH,
    ) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._kind, self._job, self._ended = Kind.TRACK, "", True
        folders = [item for folder in site_packages for item in ("--site-packages", str(folder))]
        try:
            self._process = subprocess.Popen(
                [*python, "-u", str(launch), *folders],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(),
                **_own_group(),
            )
        except OSError as error:
            raise FacewrightError(
                f"The worker could not be started: {error}.",
                "Blender's own Python could not be run; is it blocked by security software?",
                "worker-start",
            ) from error
        self._threads = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read_messages, self._read_log)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    @property
    def log(self) -> str:
        """The last lines that the worker wrote to stderr."""
        return "\n".join(self._log)

    def track(self, request: TrackRequest, job: str = "track") -> None:
        """Begin to track a video; the job's messages come from ``poll``."""
        self._begin(Kind.TRACK, job, request.to_wire())

    def solve(self, request: SolveRequest, job: str = "solve") -> None:
        """Begin to solve a take anew; the job's messages come from ``poll``."""
        self._begin(Kind.SOLVE, job, request.to_wire())

    def shapes(self, request: ShapesRequest, job: str = "shapes") -> None:
        """Begin to make shapes; the job's messages come from ``poll``."""
        self._begin(Kind.SHAPES, job, request.to_wire())

    def lipsync(self, request: LipsyncRequest, job: str = "lipsync") -> None:
        """Begin to make a take of speech; the job's messages come from ``poll``."""
        self._begin(Kind.LIPSYNC, job, request.to_wire())

    def learn_speech(self, request: LearnSpeechRequest, job: str = "learn-speech") -> None:
        """Begin to learn how a performer speaks; the job's messages come from ``poll``."""
        self._begin(Kind.LEARN_SPEECH, job, request.to_wire())

    def fetch_model(self, request: FetchModelRequest, job: str = "fetch-model") -> None:
        """Begin to fetch a model; the job's messages come from ``poll``."""
        self._begin(Kind.FETCH_MODEL, job, request.to_wire())

    def doctor(self, request: DoctorRequest, job: str = "doctor") -> None:
        """Begin to look at this machine; the job's messages come from ``poll``."""
        self._begin(Kind.DOCTOR, job, request.to_wire())

    def runtime(self, request: RuntimeRequest, job: str = "runtime") -> None:
        """Begin to install a GPU runtime; the job's messages come from ``poll``."""
        self._begin(Kind.RUNTIME, job, request.to_wire())

    def devices(self, job: str = "devices") -> None:
        """Begin to list cameras and microphones; DONE has both."""
        self._begin(Kind.DEVICES, job, {})

    def live(self, request: LiveRequest, job: str = "live") -> None:
        """Begin to track what a source shows; VALUES come from ``poll``."""
        self._begin(Kind.LIVE, job, request.to_wire())

    def order(self, kind: Kind, **data: object) -> None:
        """Tell the live job something of ``protocol.LIVE_ORDERS``."""
        self._send(Message(kind, self._job, data))

    def cancel(self) -> None:
        """Ask the running job to stop; DONE follows."""
        self._send(Message(Kind.CANCEL, self._job))

    def poll(self) -> list[Message]:
        """What has arrived since the last call; never waits.

        A job always ends with one of ``LAST_WORDS``: when the process dies without, its FAILED
        is made here.
        """
        dead = self._process.poll() is not None
        if dead:  # let the readers see the end of what was written before the death
            for thread in self._threads:
                thread.join(_PATIENCE_S)
        messages = []
        while not self._messages.empty():
            messages.append(self._messages.get())
        if any(message.kind in LAST_WORDS for message in messages):
            self._ended = True
        if dead and not self._ended:
            self._ended = True
            messages.append(self._obituary())
        return messages

    def close(self) -> None:
        """End the process: ask, close its stdin, terminate, kill."""
        self._send(Message(Kind.QUIT))
        for end in (self._close_stdin, self._process.terminate, self._process.kill):
            end()
            try:
                self._process.wait(_PATIENCE_S)
                break
            except subprocess.TimeoutExpired:
                continue
        for thread in self._threads:
            thread.join(_PATIENCE_S)
        for pipe in (self._process.stdout, self._process.stderr):
            pipe.close()

    def _begin(self, kind: Kind, job: str, data: dict) -> None:
        self._kind, self._job, self._ended = kind, job, False
        self._send(Message(kind, job, data))

    def _close_stdin(self) -> None:
        try:
            self._process.stdin.close()
        except OSError:
            return  # the worker is gone already

    def _send(self, message: Message) -> None:
        try:
            self._process.stdin.write(message.to_line())
            self._process.stdin.flush()
        except (OSError, ValueError):
            return  # the worker is gone; poll() tells

    def _read_messages(self) -> None:
        for line in iter(lambda: self._process.stdout.readline(LONGEST_LINE), b""):
            try:
                message = Message.from_line(line)
            except ProtocolError as error:
                self._log.append(str(error))
                continue
            if message.kind is Kind.HELLO and message.data.get("protocol") != PROTOCOL:
                self._log.append("the worker speaks another protocol; is the install mixed?")
            self._messages.put(message)

    def _read_log(self) -> None:
        for line in iter(self._process.stderr.readline, b""):
            self._log.append(line.decode(errors="replace").rstrip())

    def _obituary(self) -> Message:
        code = self._process.returncode
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return Message(
            Kind.FAILED,
            self._job,
            {
                "message": f"The worker process ended {how} in the middle of the job.",
                "hint": _LEGACY[self._kind],
                "code": "worker-died",
                "detail": self.log,
            },
        )


def _environment() -> dict[str, str]:
    """The environment without what would lead a Python astray."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def _own_group() -> dict:
    """On Windows: no console window, and no Ctrl+C meant for Blender."""
    if sys.platform != "win32":
        return {}
    return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
