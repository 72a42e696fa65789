# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against workers that misbehave."""

from __future__ import annotations

import os
import sys
import time

import pytest

from engine.core.errors import FacewrightError
from engine.core.requests import SolveRequest, TrackRequest
from engine.worker.client import WorkerClient
from engine.worker.protocol import LAST_WORDS, PROTOCOL, Kind

REQUEST = TrackRequest("clip.mp4", "clip.fwtake")
HELLO = f"""print('["HELLO", "", {{"protocol": {PROTOCOL}}}]', flush=True)\n"""


@pytest.fixture
def worker(tmp_path):
    """A function that starts a client on a script; everything is ended afterwards."""
    clients = []

    def start(script: str) -> WorkerClient:
        path = tmp_path / f"worker{len(clients)}.py"
        path.write_text("import sys, os, time, json\n" + script)
        clients.append(WorkerClient([sys.executable, "-I"], launch=path))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def last_word(client: WorkerClient, seconds: float = 300.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for message in client.poll():
            if message.kind in LAST_WORDS:
                return message
        time.sleep(0.01)
    raise AssertionError("the job never ended")


def test_sudden_death_becomes_a_sentence(worker):
    client = worker(HELLO + "sys.stdin.readline(); sys.stderr.write('aaargh\\n'); os._exit(9)")
    client.track(REQUEST)
    message = last_word(client)
    assert message.data["code"] == "worker-died"
    assert "exit code 9" in message.data["message"]
    assert "aaargh" in message.data["detail"]
    assert client.poll() == []  # and only one


def test_what_a_death_leaves_behind_depends_on_the_job(worker):
    script = HELLO + "sys.stdin.readline(); os._exit(9)"
    tracking, solving = worker(script), worker(script)
    tracking.track(REQUEST)
    solving.solve(SolveRequest("clip.fwtake"))
    assert "Resume" in last_word(tracking).data["hint"]
    assert last_word(solving).data["hint"] == "The take is as it was."


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_kill_is_told_as_a_signal(worker):
    client = worker(HELLO + "time.sleep(60)")
    client.track(REQUEST)
    os.kill(client.pid, 9)
    assert "signal 9" in last_word(client).data["message"]


def test_garbage_on_the_wire_is_logged_and_stepped_over(worker):
    client = worker(
        HELLO + "sys.stdin.readline()\n"
        "sys.stdout.buffer.write(b'\\xff\\x00 garbage\\n{}\\n[1]\\n'); sys.stdout.flush()\n"
        """print('["DONE", "track", {"state": "complete"}]', flush=True); time.sleep(60)"""
    )
    client.track(REQUEST)
    assert last_word(client).kind is Kind.DONE
    assert "garbage" in client.log


def test_ten_megabytes_on_stderr_do_not_block(worker):
    client = worker(
        HELLO + "sys.stdin.readline()\n"
        "for _ in range(100_000): sys.stderr.write('x' * 100 + '\\n')\n"
        """print('["DONE", "track", {}]', flush=True)"""
    )
    client.track(REQUEST)
    assert last_word(client).kind is Kind.DONE
    assert len(client.log) < 100_000


def test_a_deaf_worker_is_terminated(worker):
    client = worker(HELLO + "while True: time.sleep(1)")
    client.poll()
    client.close()
    assert client._process.poll() is not None


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_a_stubborn_worker_is_killed(worker):
    client = worker(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + HELLO + "time.sleep(60)"
    )
    while not client.poll():
        time.sleep(0.01)
    client.close()
    assert client._process.returncode == -9


def test_a_python_that_is_not_there():
    with pytest.raises(FacewrightError) as caught:
        WorkerClient(["/nowhere/python"])
    assert caught.value.code == "worker-start"


def test_words_after_death_do_not_raise(worker):
    client = worker("os._exit(0)")
    client._process.wait()
    client.track(REQUEST)
    client.cancel()
    assert last_word(client).data["code"] == "worker-died"
