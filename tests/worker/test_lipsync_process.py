# SPDX-License-Identifier: GPL-3.0-or-later
"""The real worker makes takes of speech, tells what is wrong, and lives on."""

from __future__ import annotations

import sys
import time
import wave

import numpy as np
import pytest

from engine.core.cues import read_cues
from engine.core.requests import LipsyncRequest
from engine.models.catalog import list_models
from engine.takes.take_file import read_header
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


@pytest.fixture
def sound(tmp_path):
    """Two seconds: silence, a buzz like a vowel, silence."""
    at = np.arange(32000) / 16000
    buzz = sum(np.sin(2 * np.pi * 120 * k * at) / k for k in range(1, 20))
    samples = 0.1 * buzz * ((at > 0.5) & (at < 1.5))
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return tmp_path / "a.wav"


def last_word(client, seconds=300.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for message in client.poll():
            if message.kind in LAST_WORDS:
                return message
        time.sleep(0.005)
    raise AssertionError(f"no last word; log: {client.log}")


@needs_network
def test_a_recording_becomes_a_take(client, sound, tmp_path):
    client.lipsync(LipsyncRequest(str(sound), str(tmp_path / "a.fwtake")))
    done = last_word(client)
    assert done.kind is Kind.DONE, done.data
    assert (done.data["state"], done.data["by"]) == ("complete", "sound")
    assert read_header(done.data["take"])["source"]["kind"] == "speech"
    assert read_cues(done.data["cues_file"])


def test_what_is_wrong_is_told_and_the_worker_lives_on(client, tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    for name, code in (("text.wav", "not-a-sound"), ("none.wav", "file-missing")):
        client.lipsync(LipsyncRequest(str(tmp_path / name), str(tmp_path / "a.fwtake")))
        failed = last_word(client)
        assert failed.kind is Kind.FAILED
        # Without its network nothing can be heard at all.
        assert failed.data["code"] in (code, "model-missing")
    assert not list(tmp_path.glob("*.fwtake"))


@needs_network
def test_a_job_that_nobody_wants_any_more_leaves_nothing(client, sound, tmp_path):
    client.lipsync(LipsyncRequest(str(sound), str(tmp_path / "a.fwtake")))
    client.cancel()
    done = last_word(client)
    assert (done.kind, done.data["state"]) == (Kind.DONE, "cancelled")
    assert not (tmp_path / "a.fwtake").exists()
