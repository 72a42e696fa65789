# SPDX-License-Identifier: GPL-3.0-or-later
"""The real worker on a real clip: progress, cancel, sudden death, resume, orphans."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from engine.core.requests import SolveSettings, TrackRequest
from engine.takes.take_file import read_header, read_track
from engine.worker.client import WorkerClient
from engine.worker.protocol import LAST_WORDS, Kind

ROOT = Path(__file__).resolve().parents[2]
CLIP = "WolfgangLanger_Pexels.mp4"


@pytest.fixture
def worker():
    """A function that starts the real worker; everything is ended afterwards."""
    clients = []

    def start() -> WorkerClient:
        clients.append(WorkerClient([sys.executable, "-I"]))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def uninterrupted(clip, tmp_path_factory):
    """The clip tracked in one go."""
    from engine.pipeline.track import track_video

    take = tmp_path_factory.mktemp("whole") / "whole.fwtake"
    track_video(TrackRequest(str(clip(CLIP)), str(take)))
    return read_track(take)


def run(client: WorkerClient, on_progress=lambda client, message: None, seconds: float = 300.0):
    """Poll to the last word; returns every message."""
    messages, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        for message in client.poll():
            messages.append(message)
            if message.kind is Kind.PROGRESS:
                on_progress(client, message)
            if message.kind in LAST_WORDS:
                return messages
        time.sleep(0.005)
    raise AssertionError(f"no last word; log: {client.log}")


def assert_same(track, expected):
    assert len(track) == len(expected)
    np.testing.assert_array_equal(track.valid, expected.valid)
    np.testing.assert_allclose(track.time_s, expected.time_s, atol=1e-9)
    # Where a run took up the face again, its filter started anew.
    assert np.nanmean(np.abs(track.weights - expected.weights)) < 0.002


def test_a_clip_becomes_a_take(worker, clip, tmp_path, uninterrupted):
    take = tmp_path / "a.fwtake"
    client = worker()
    client.track(TrackRequest(str(clip(CLIP)), str(take)))
    messages = run(client)
    hello, done = messages[0], messages[-1]
    assert hello.kind is Kind.HELLO
    assert {"numpy", "onnxruntime", "av"} <= set(hello.data["packages"])
    assert [m.kind for m in messages[1:-1]] == [Kind.PROGRESS] * (len(messages) - 2)
    assert (done.kind, done.data["state"], done.data["frames"]) == (Kind.DONE, "complete", 472)
    assert done.data["provider"].endswith("ExecutionProvider")
    header = read_header(take)
    assert header["state"] == "complete"
    assert len(header["models"]["face_landmarks"]) == 64
    assert_same(read_track(take), uninterrupted)


def test_cancel_keeps_the_frames_and_resume_finishes(worker, clip, tmp_path, uninterrupted):
    take = tmp_path / "a.fwtake"
    client = worker()
    client.track(TrackRequest(str(clip(CLIP)), str(take)))

    def cancel(client, message):
        if message.data["done"] >= 64:
            client.cancel()

    done = run(client, cancel)[-1]
    assert (done.kind, done.data["state"]) == (Kind.DONE, "cancelled")
    tracked = len(read_track(take))
    assert 64 <= tracked < 472
    # The same worker takes the next job.
    client.track(TrackRequest(str(clip(CLIP)), str(take), resume=True))
    assert run(client)[-1].data["state"] == "complete"
    assert_same(read_track(take), uninterrupted)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_kill_loses_nothing_that_was_told_and_resume_finishes(
    worker, clip, tmp_path, uninterrupted
):
    take = tmp_path / "a.fwtake"
    client = worker()
    client.track(TrackRequest(str(clip(CLIP)), str(take)))
    told = []

    def kill(client, message):
        told.append(message.data["done"])
        if message.data["done"] >= 64:
            os.kill(client.pid, 9)

    last = run(client, kill)[-1]
    assert last.data["code"] == "worker-died"
    assert len(read_track(take)) >= max(told)
    assert read_header(take)["state"] == "tracking"
    fresh = worker()
    fresh.track(TrackRequest(str(clip(CLIP)), str(take), resume=True))
    assert run(fresh)[-1].data["state"] == "complete"
    assert_same(read_track(take), uninterrupted)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_the_worker_leaves_when_its_parent_is_killed(clip, tmp_path):
    take = tmp_path / "a.fwtake"
    parent = textwrap.dedent(f"""
        import sys, time
        sys.path.insert(0, {str(ROOT)!r})
        from engine.core.requests import TrackRequest
        from engine.worker.client import WorkerClient
        client = WorkerClient([sys.executable, "-I"])
        client.track(TrackRequest({str(clip(CLIP))!r}, {str(take)!r}, streams=1))
        while not any(m.kind == "PROGRESS" and m.data["done"] for m in client.poll()):
            time.sleep(0.01)
        print(client.pid, flush=True)
        time.sleep(60)
    """)
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and _runs(pid):
        time.sleep(0.05)
    assert not _runs(pid)
    assert len(read_track(take)) > 0


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"video": "missing.mp4"}, "file-missing"),
        ({"engine": "crystal-ball"}, "engine-unknown"),
        ({"solve": SolveSettings(solver="crystal-ball")}, "solver-unknown"),
        ({"take": "/no/such/folder/a.fwtake"}, "take-unwritable"),
    ],
)
def test_what_is_wrong_is_told_and_the_worker_lives_on(worker, clip, tmp_path, change, code):
    request = {"video": str(clip(CLIP)), "take": str(tmp_path / "a.fwtake")} | change
    client = worker()
    for _ in range(2):
        client.track(TrackRequest(**request))
        failed = run(client)[-1]
        assert failed.kind is Kind.FAILED
        assert failed.data["code"] == code
        assert failed.data["message"].endswith(".")
    assert list(tmp_path.iterdir()) == []
