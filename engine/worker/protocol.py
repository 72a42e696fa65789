# SPDX-License-Identifier: GPL-3.0-or-later
"""The words between Blender and the worker: one JSON array a line, ``[kind, job, data]``.

Both sides import this file; nobody spells a kind by hand. ``docs/worker_protocol.md`` tells
the story of a session.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum

PROTOCOL = 3
# A line longer than this is not ours; it bounds what a confused peer can make us hold. A report
# with ten thousand gaps takes a megabyte.
LONGEST_LINE = 1 << 26


class Kind(StrEnum):
    """What a message means.

    Worker to client:
        HELLO: Ready. data: protocol, python, packages (name to version).
        PROGRESS: data: done, total (0 = unknown), unit, per_second.
        WARNING: Does not prevent the result. data: text.
        VALUES: Live: one frame's solved values. data: ``live_wire.pack_values``.
        STATUS: Live: how the capture is doing. data: a ``pipeline.capture.LiveStatus``.
        RECORDED: Live: a recording has ended. data: a ``pipeline.record.RecordReport``, or
            message, hint, code when it failed.
        CALIBRATED: Live: a calibration has ended. data: performer (path), or message, hint, code.
        DONE: The job's last message when it succeeded or was cancelled. data: the report.
        FAILED: The job's last message when it did not. data: message, hint, code, detail.
    Client to worker:
        TRACK: Begin a job: a video becomes a take. data: a TrackRequest.
        SOLVE: Begin a job: a take is solved anew. data: a SolveRequest.
        SHAPES: Begin a job: a head gets the 52 shapes. data: a ShapesRequest.
        LIPSYNC: Begin a job: a recording becomes a take of speech. data: a LipsyncRequest.
        LEARN_SPEECH: Begin a job: a performer's way to speak. data: a LearnSpeechRequest.
        FETCH_MODEL: Begin a job: fetch a model. data: a FetchModelRequest.
        DOCTOR: Begin a job: what this machine can run. data: a DoctorRequest.
        RUNTIME: Begin a job: install a GPU runtime. data: a RuntimeRequest.
        DEVICES: Begin a job: list cameras and microphones. data: none.
        LIVE: Begin a job: track what a source shows now. data: a LiveRequest.
        RECORD: To a live job: write a take from now on. data: take, zero_s, header, microphone.
        KEEP: To a live job: complete the take. data: shift_s.
        CALIBRATE: To a live job: make a profile. data: performer (path), begin_s, seconds.
        PERFORMER: To a live job: go by another profile. data: performer (path or empty).
        PICTURE: To a live job: show its pictures. data: path (of a file to map, or empty).
        MOUTH: To a live job: how far the mouth goes. data: style (a MouthStyle), emphasis.
        CANCEL: Stop the job; DONE follows.
        QUIT: Leave.
    """

    HELLO = "HELLO"
    PROGRESS = "PROGRESS"
    WARNING = "WARNING"
    VALUES = "VALUES"
    STATUS = "STATUS"
    RECORDED = "RECORDED"
    CALIBRATED = "CALIBRATED"
    DONE = "DONE"
    FAILED = "FAILED"
    TRACK = "TRACK"
    SOLVE = "SOLVE"
    SHAPES = "SHAPES"
    LIPSYNC = "LIPSYNC"
    LEARN_SPEECH = "LEARN_SPEECH"
    FETCH_MODEL = "FETCH_MODEL"
    DOCTOR = "DOCTOR"
    RUNTIME = "RUNTIME"
    DEVICES = "DEVICES"
    LIVE = "LIVE"
    RECORD = "RECORD"
    KEEP = "KEEP"
    CALIBRATE = "CALIBRATE"
    PERFORMER = "PERFORMER"
    PICTURE = "PICTURE"
    MOUTH = "MOUTH"
    CANCEL = "CANCEL"
    QUIT = "QUIT"


LAST_WORDS = frozenset({Kind.DONE, Kind.FAILED})
# What a live job is told while it runs.
LIVE_ORDERS = frozenset(
    {Kind.RECORD, Kind.KEEP, Kind.CALIBRATE, Kind.PERFORMER, Kind.PICTURE, Kind.MOUTH}
)


class ProtocolError(ValueError):
    """A line that is not a message."""


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        kind: What it means.
        job: Which job it belongs to; empty for the session itself.
        data: JSON object.
    """

    kind: Kind
    job: str = ""
    data: dict = field(default_factory=dict)

    def to_line(self) -> bytes:
        """One line of UTF-8, newline included. ValueError for NaN: JSON has none."""
        text = json.dumps([self.kind, self.job, self.data], allow_nan=False)
        return text.encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Message:
        """Parse a line.

        Raises:
            ProtocolError: The line is not a message of this protocol.
        """
        try:
            kind, job, data = json.loads(line)
            message = cls(Kind(kind), job, data)
        except (ValueError, TypeError) as error:
            raise ProtocolError(f"not a message: {line[:200]!r}") from error
        if not isinstance(message.job, str) or not isinstance(message.data, dict):
            raise ProtocolError(f"not a message: {line[:200]!r}")
        return message
