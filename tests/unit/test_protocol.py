# SPDX-License-Identifier: GPL-3.0-or-later
"""Every word survives the wire, and nonsense is refused."""

from __future__ import annotations

import pytest

from engine.core.requests import SolveRequest, SolveSettings, TrackRequest
from engine.worker.protocol import Kind, Message, ProtocolError


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_comes_back(kind):
    message = Message(kind, "job 1", {"text": "Größe\n2", "done": 3, "list": [1.5, None]})
    line = message.to_line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert Message.from_line(line) == message


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello\n",
        b"[]\n",
        b'["NOVEL", "", {}]\n',
        b'["DONE", 1, {}]\n',
        b'["DONE", "", []]\n',
        b'{"DONE": 1}\n',
        b"\xff\xfe\n",
        b"[1, 2, 3]\n",
    ],
)
def test_nonsense_is_refused(line):
    with pytest.raises(ProtocolError):
        Message.from_line(line)


def test_nan_never_travels():
    with pytest.raises(ValueError, match="JSON"):
        Message(Kind.PROGRESS, "", {"speed": float("nan")}).to_line()


def test_a_request_comes_back():
    request = TrackRequest("a.mp4", "a.fwtake", face=1, resume=True)
    assert TrackRequest.from_wire(request.to_wire()) == request
    with pytest.raises(TypeError):
        TrackRequest.from_wire({"video": "a", "take": "b", "surprise": 1})


def test_a_request_to_solve_comes_back_with_its_settings():
    settings = SolveSettings("raw", 55.0, "anna.fwperformer", 0.5, 0.25, exclusive=False)
    request = SolveRequest("a.fwtake", settings, "b.fwperformer", keep_values=True)
    line = Message(Kind.SOLVE, "solve", request.to_wire()).to_line()
    assert SolveRequest.from_wire(Message.from_line(line).data) == request
    with pytest.raises(TypeError):
        SolveRequest.from_wire({"take": "a", "solve": {"surprise": 1}})
