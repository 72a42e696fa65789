# SPDX-License-Identifier: GPL-3.0-or-later
"""The real worker learns performers on request, and tells why it cannot."""

from __future__ import annotations

import sys
import time

import pytest

from engine.core.requests import LearnSpeechRequest
from engine.models.catalog import list_models
from engine.worker.client import WorkerClient
from engine.worker.protocol import LAST_WORDS, Kind

needs_network = pytest.mark.skipif(
    all(model.id != "speech" for model in list_models()), reason="needs the network of speech"
)


@pytest.fixture(scope="module")
def client():
    """One worker for the whole file: each job must leave it fit for the next."""
    client = WorkerClient([sys.executable, "-I"])
    yield client
    client.close()


def last_word(client, seconds=300.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for message in client.poll():
            if message.kind in LAST_WORDS:
                return message
        time.sleep(0.005)
    raise AssertionError(f"no last word; log: {client.log}")


@needs_network
@pytest.mark.parametrize(
    ("sources", "code"),
    [((), "voice-no-source"), (("none.fwtake",), "take-missing"), (("a.mp4",), "file-missing")],
)
def test_what_is_missing_is_told_and_the_worker_lives_on(client, tmp_path, sources, code):
    sources = tuple(str(tmp_path / name) for name in sources)
    client.learn_speech(LearnSpeechRequest(sources, str(tmp_path / "a.fwvoice")))
    failed = last_word(client)
    assert failed.kind is Kind.FAILED
    assert failed.data["code"] == code
    assert not list(tmp_path.iterdir())


@needs_network
def test_learning_can_be_stopped(client, tmp_path):
    client.learn_speech(LearnSpeechRequest(("none.mp4",), str(tmp_path / "a.fwvoice")))
    client.cancel()
    done = last_word(client)
    assert (done.kind, done.data["state"]) == (Kind.DONE, "cancelled")
    assert not list(tmp_path.iterdir())
