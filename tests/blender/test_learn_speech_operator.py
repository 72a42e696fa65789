# SPDX-License-Identifier: GPL-3.0-or-later
"""Learn This Performer: what is sent to the worker, and what becomes of its report."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
import spoken
from facewright import registration
from facewright.engine.core.errors import FacewrightError
from facewright.engine.core.requests import LearnSpeechRequest
from facewright.engine.takes.manage import annotate
from facewright.engine.takes.take_file import TakeWriter
from facewright.engine.worker.protocol import Kind
from facewright.operators import worker_operator
from facewright.operators.learn_speech import FACEWRIGHT_OT_learn_speech
from facewright.operators.takes import refresh_takes
from facewright.scene import jobs, takes
from facewright.scene.jobs import Job, JobState


def told(**changes):
    """What the worker reports."""
    scores = {
        "general": {"mae": 0.03, "likeness": 0.3},
        "network": {"mae": 0.02, "likeness": 0.6},
        "retrieval": {"mae": 0.025, "likeness": 0.5},
        "mean_face": {"mae": 0.04, "likeness": 0.0},
    }
    report = {
        "state": "complete",
        "voice": "",
        "verdict": "On 60 s that were kept aside, it is better.",
        "better": True,
        "retrieval_better": False,
        "scores": scores,
        "learn_s": 150.0,
        "rounds": 9,
        "seconds": 12.0,
        "warnings": ["The sound was late."],
    }
    return report | changes


REFUSED = {
    "state": "refused",
    "better": False,
    "verdict": "What was learned is not better: its error is higher.",
}


class FakeJob:
    """Stands in for the worker: writes the profile, unless it refuses."""

    requests: list = []
    changes: dict = {}

    def __init__(self, request):
        self.request = request
        FakeJob.requests.append(request)

    def run(self, _progress):
        """Do all of it."""
        report = told(**FakeJob.changes)
        if report["state"] == "complete":
            report["voice"] = self.request.voice
            Path(self.request.voice).write_bytes(b"new")
        return report


@pytest.fixture(autouse=True)
def shot(scene, tmp_path, monkeypatch):
    """A saved file with takes beside it."""
    monkeypatch.setattr(worker_operator, "Job", FakeJob)
    monkeypatch.setattr(FakeJob, "requests", [])
    monkeypatch.setattr(FakeJob, "changes", {})
    registration.register()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    (tmp_path / "takes").mkdir()
    yield bpy.context.scene.facewright
    registration.unregister()


def folder(tmp_path):
    return tmp_path / "takes"


def capture(path, *, sound=True, star=False):
    """A take of a face that was captured live, with its sound beside it."""
    header = {"state": "complete", "source": {"kind": "live", "path": "", "file": "camera"}}
    track = spoken.track_of(spoken.cues_of())
    with TakeWriter(path, header | ({"sound": {"offset_s": 0.0}} if sound else {})) as take:
        take.append_values(track)
    if sound:
        spoken.write_sound(path.with_suffix(".wav"))
    if star:
        annotate(path, star=True)
    return path


def learn(**settings):
    for name, value in settings.items():
        setattr(bpy.context.scene.facewright.speech.learn, name, value)
    refresh_takes(bpy.context)
    return bpy.ops.facewright.learn_speech("EXEC_DEFAULT")


def run():
    return bpy.context.window_manager.facewright


def lines():
    return [line.text for line in run().lines]


def test_a_kept_profile_speaks_and_the_report_is_shown(shot, tmp_path):
    take = capture(folder(tmp_path) / "ada.fwtake")
    assert learn(performer="Ada Lovelace") == {"FINISHED"}
    (request,) = FakeJob.requests
    voice = folder(tmp_path) / "Ada_Lovelace.fwvoice"
    assert request == LearnSpeechRequest((str(take),), str(voice), "Ada Lovelace")
    assert shot.speech.profile == str(voice)
    learned = run().learned
    assert learned.is_better and learned.verdict == told()["verdict"]
    assert [(f.name, round(f.error, 4), round(f.likeness, 4)) for f in learned.figures] == [
        ("General Model", 0.03, 0.3),
        ("Network", 0.02, 0.6),
        ("Captured Motion", 0.025, 0.5),
        ("Mean Face", 0.04, 0.0),
    ]
    assert any("Captured Motion is not better" in line for line in lines())
    assert "The sound was late." in lines()
    # A second one does not replace the first.
    assert learn() == {"FINISHED"}
    assert FakeJob.requests[1].voice == str(folder(tmp_path) / "Ada_Lovelace_002.fwvoice")


def test_a_refusal_says_why_and_leaves_the_profile(shot, tmp_path, monkeypatch):
    monkeypatch.setattr(FakeJob, "changes", REFUSED)
    capture(folder(tmp_path) / "ada.fwtake")
    shot.speech.profile = "before.fwvoice"
    with pytest.raises(RuntimeError, match=r"its error is higher.*Keep Anyway"):
        learn()
    assert shot.speech.profile == "before.fwvoice"
    assert run().learned.verdict == REFUSED["verdict"]
    assert not run().learned.is_better
    assert len(run().learned.figures) == 4
    assert not list(folder(tmp_path).glob("*.fwvoice"))
    # Kept as asked.
    monkeypatch.setattr(FakeJob, "changes", REFUSED | {"state": "complete"})
    assert learn(keep_anyway=True) == {"FINISHED"}
    assert FakeJob.requests[-1].keep_anyway
    assert shot.speech.profile.endswith("ada.fwvoice")


def test_takes_of_the_list_with_a_face_and_sound(tmp_path):
    there = folder(tmp_path)
    good = capture(there / "good.fwtake", star=True)
    plain = capture(there / "plain.fwtake")
    capture(there / "mute.fwtake", sound=False, star=True)
    sound = spoken.write_sound(tmp_path / "line.wav")
    spoken.write_take(there / "made.fwtake", sound, spoken.cues_of())
    assert learn(source="LISTED") == {"FINISHED"}
    assert set(FakeJob.requests[0].sources) == {str(good), str(plain)}
    assert "mute.fwtake was left out: its sound is not there." in lines()
    assert learn(source="STARRED") == {"FINISHED"}
    assert FakeJob.requests[1].sources == (str(good),)
    good.with_suffix(".wav").unlink()
    with pytest.raises(RuntimeError, match="none with a star and with sound"):
        learn()


def test_a_folder_gives_its_captured_takes_or_its_videos(tmp_path):
    day, takes_only = tmp_path / "day", folder(tmp_path)
    day.mkdir()
    for name in ("b.mp4", "a.MOV", "notes.txt"):
        (day / name).write_bytes(b"")
    assert learn(source="FOLDER", folder=str(day), performer="Ada") == {"FINISHED"}
    assert FakeJob.requests[0].sources == (str(day / "a.MOV"), str(day / "b.mp4"))
    spoken.write_take(
        takes_only / "made.fwtake", spoken.write_sound(tmp_path / "a.wav"), spoken.cues_of()
    )
    with pytest.raises(RuntimeError, match="neither captured takes nor videos"):
        learn(folder=str(takes_only))
    seen = capture(takes_only / "seen.fwtake")
    assert learn() == {"FINISHED"}
    assert FakeJob.requests[-1].sources == (str(seen),)
    assert learn(source="VIDEO", video=str(day / "b.mp4")) == {"FINISHED"}
    assert FakeJob.requests[-1].sources == (str(day / "b.mp4"),)
    with pytest.raises(RuntimeError, match=r"There is no .*gone\.mp4"):
        learn(video=str(day / "gone.mp4"))


def test_a_profile_that_is_there_is_replaced_only_when_asked(tmp_path):
    capture(folder(tmp_path) / "ada.fwtake")
    voice = tmp_path / "mine.fwvoice"
    voice.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="turn on Replace"):
        learn(voice=str(tmp_path / "mine"))
    assert (FakeJob.requests, voice.read_bytes()) == ([], b"old")
    assert learn(replace=True) == {"FINISHED"}
    assert FakeJob.requests[0].overwrite
    assert FakeJob.requests[0].voice == str(voice)
    with pytest.raises(RuntimeError, match="Choose a folder that exists"):
        learn(voice=str(tmp_path / "gone" / "mine.fwvoice"))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"source": "SELECTED"}, "Select a take"),
        ({"source": "STARRED"}, "a star"),
        ({"source": "LISTED"}, "none of a face"),
        ({"source": "VIDEO"}, "Choose a video"),
        ({"source": "FOLDER"}, "Choose a folder"),
    ],
)
def test_the_button_says_what_is_missing(settings, reason):
    with pytest.raises(RuntimeError, match=reason):
        learn(**settings)


def test_a_take_of_sound_is_refused(tmp_path):
    sound = spoken.write_sound(tmp_path / "line.wav")
    spoken.write_take(folder(tmp_path) / "made.fwtake", sound, spoken.cues_of())
    with pytest.raises(RuntimeError, match="made of sound"):
        learn(source="SELECTED")


class Client:
    """A worker that says what it is told to."""

    log = ""

    def __init__(self, state):
        self.state, self.asked = state, []

    def learn_speech(self, request):
        """Begin."""
        self.asked.append(request)

    def __getattr__(self, name):
        return lambda *_: None

    def poll(self):
        """The last word."""
        return [SimpleNamespace(kind=Kind.DONE, data=told(state=self.state))]


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        ("complete", JobState.DONE),
        ("refused", JobState.DONE),  # its figures are shown
        ("cancelled", JobState.CANCELLED),
    ],
)
def test_a_job_asks_the_worker_and_tells_a_refusal_from_a_cancel(monkeypatch, state, ends):
    client = Client(state)
    monkeypatch.setattr(jobs, "start_worker", lambda: client)
    request = LearnSpeechRequest(("a.mp4",), "a.fwvoice")
    job = Job(request)
    # Nothing of a take is written meanwhile, so takes can be asked for.
    with pytest.raises(FacewrightError) as caught:
        takes.delete_take(Path("none.fwtake"))
    assert caught.value.code != "take-busy"
    assert job.step()
    assert (client.asked, job.state) == ([request], ends)


def test_the_status_says_what_is_done_now():
    status = FACEWRIGHT_OT_learn_speech.status
    assert status(None, SimpleNamespace(unit="steps", done=1, total=4)) == "Training: 25 %"
    assert status(None, SimpleNamespace(unit="recordings", done=0, total=0)) == "Reading"


def test_every_setting_explains_itself(shot):
    learn_settings = shot.speech.learn.bl_rna.properties
    own = [p for p in learn_settings if p.identifier not in ("rna_type", "name")]
    assert len(own) == 7
    assert all(p.name and len(p.description) > 15 for p in own)
    assert not any(p.description.endswith(".") for p in own)
