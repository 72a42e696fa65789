# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor tells the truth: things are broken, and it says so."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import time
import venv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fake_gpu import Card, time_as

from engine import doctor_command
from engine.__main__ import main
from engine.console import guarded
from engine.core.clock import now_s
from engine.core.errors import FacewrightError
from engine.core.findings import Findings
from engine.core.inference.gpu_settings import GpuSettings
from engine.core.inference.provider_start import Asked, compiled_folder
from engine.core.inference.providers import CPU, CUDA, TENSORRT
from engine.core.progress import Progress
from engine.core.requests import DoctorRequest
from engine.models import adding, catalog, terms
from engine.pipeline import (
    doctor,
    doctor_devices,
    doctor_models,
    doctor_networks,
    doctor_system,
    solve,
)
from engine.pipeline.doctor import examine
from engine.sources.device_feed import Picture
from engine.sources.devices import Device
from engine.worker.client import WorkerClient

ROOT = Path(__file__).resolve().parents[2]
QUICK = DoctorRequest(quick=True)


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "own"))
    monkeypatch.setattr("engine.sources.devices.list_cameras", lambda: [])
    monkeypatch.setattr("engine.sources.devices.list_microphones", lambda: [])


def lines_of(report, topic, state=None):
    return [
        one for one in report.findings if one["topic"] == topic and state in (None, one["state"])
    ]


def test_a_whole_installation_is_content():
    report = examine(QUICK)
    assert report.ready and not report.reasons
    assert "tracking can run" in report.text.splitlines()[0]
    topics = list(dict.fromkeys(one["topic"] for one in report.findings))
    wanted = ["Machine", "Packages", "Models", "Engines", "Speed", "Tracking", "Folders"]
    assert [topic for topic in topics if topic in wanted] == wanted
    assert not [one for one in report.findings if one["state"] in ("problem", "blocked")]
    assert CPU in report.facts["providers"]
    assert json.loads(json.dumps(vars(report)))


def test_an_engine_that_opens_but_does_not_track_blocks(monkeypatch):
    class Broken:
        def __init__(self, *_):
            raise RuntimeError("no such instruction")

    monkeypatch.setattr("engine.tracking.landmarkers.mediapipe.MediapipeLandmarker.find", Broken)
    monkeypatch.setattr("engine.tracking.detectors.blazeface.BlazeFace.detect", Broken)
    report = examine(QUICK)
    assert [reason.split(":")[0] for reason in report.reasons] == ["Default engine"]
    assert "no such instruction" in report.text


def test_a_busy_machine_is_told(monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (99.0, 0.0, 0.0), raising=False)
    (load,) = [one for one in lines_of(examine(QUICK), "Machine") if one["name"] == "Load"]
    assert load["state"] == "note" and "99.0" in load["text"]


def test_the_processor_is_measured():
    report = examine(DoctorRequest())
    assert 0 < report.facts["speed"]["cpu"] < 10_000
    assert "ms a picture" in report.text


def test_a_missing_package_blocks(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    report = examine(QUICK)
    assert not report.ready
    assert any(reason.startswith("onnxruntime: ") for reason in report.reasons)
    assert "tracking cannot run" in report.text.splitlines()[0]
    # The reasons stand before everything else.
    assert report.text.splitlines()[1].startswith("  X onnxruntime: is missing. Use the Python")
    report = examine(replace(QUICK, host=(("Blender", "9.9"),)))
    assert report.text.splitlines()[1].startswith("  X onnxruntime: is missing. Install")


def test_a_python_without_packages_is_examined_and_every_command_says_why(tmp_path):
    venv.create(tmp_path / "bare")
    python = next((tmp_path / "bare").glob("[bS]*/python*"))

    def run(*words):
        command = [python, "-m", "engine", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    done = run("doctor", "--quick", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert [reason.split(":")[0] for reason in told["reasons"]] == [
        *("numpy", "onnxruntime", "av", "cv2")
    ]
    assert not [one for one in told["findings"] if "report this" in one["advice"]]
    done = run("track", "clip.mp4", "-o", str(tmp_path / "out.csv"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "does not have the package numpy" in done.stderr


def test_a_lost_file_of_our_own_is_no_missing_package():
    findings = Findings()
    own = ModuleNotFoundError("No module named 'engine.gone'", name="engine.gone")

    def fail():
        raise own

    findings.look("Speed", "Speed", fail)
    assert findings.all[0].state == "problem" and "again" in findings.all[0].advice
    with pytest.raises(ModuleNotFoundError):
        guarded(fail)


def test_a_package_that_does_not_load_says_why(monkeypatch):
    honest = doctor_system.import_version

    def import_version(module):
        if module == "av":
            raise ImportError("libva.so.2: cannot open shared object file")
        if module == "espeakng_loader":
            raise OSError("wrong ELF class")
        return honest(module)

    monkeypatch.setattr(doctor_system, "import_version", import_version)
    report = examine(QUICK)
    assert [reason.split(":")[0] for reason in report.reasons] == ["av"]
    assert "libva.so.2" in report.text
    (lost,) = lines_of(report, "Packages", "problem")
    assert lost["name"] == "espeakng_loader" and "lip-sync" in lost["text"]


def break_model(monkeypatch, model_id, **changes):
    models = [
        replace(model, **changes) if model.id == model_id else model
        for model in catalog.list_models()
    ]
    monkeypatch.setattr(catalog, "list_models", lambda folder=None: models)


def test_the_doctor_builds_nothing_for_tensorrt(monkeypatch, tmp_path):
    time_as(monkeypatch, faster=True)
    card = Card(TENSORRT).put_in(monkeypatch, tmp_path)
    monkeypatch.setattr(
        "engine.core.inference.onnx_session.available_providers", lambda: card.there
    )
    path = catalog.model_path(doctor_networks.LANDMARKS)

    def told(batch: int) -> str:
        """What is said where tracking with such batches has left its engine."""
        asked = Asked(path, GpuSettings(), batch)
        folder = compiled_folder(card.package(), TENSORRT, asked)
        folder.mkdir(parents=True)
        (folder / "a.engine").touch()
        findings = Findings()
        doctor_networks.check_providers(findings, DoctorRequest())
        return next(one.text for one in findings.all if one.name == "Tensorrt")

    assert "not tried" in told(0)  # offline: another engine
    assert not any(session.is_card for session in card.sessions)
    assert "ms a picture" in told(1)


@pytest.mark.parametrize("changes", [{"sha256": "0" * 64}, {"file": "gone.onnx"}, {"bytes": 3}])
def test_a_damaged_model_of_tracking_blocks(monkeypatch, changes):
    break_model(monkeypatch, "face_landmarks", **changes)
    report = examine(QUICK)
    assert not report.ready
    assert any(reason.startswith("face_landmarks") for reason in report.reasons)
    assert report.facts["models"]["face_landmarks"]["problem"].startswith("model-")


def test_the_models_that_block_are_those_that_tracking_opens(monkeypatch):
    asked = set()

    def model_path(model_id):
        asked.add(model_id)
        return honest(model_id)

    honest = catalog.model_path
    for module in (catalog, solve):
        monkeypatch.setattr(module, "model_path", model_path)
    findings = Findings()
    doctor_networks.check_tracking(findings, QUICK)
    assert [one.state for one in findings.all] == ["ok"]
    assert asked == doctor_models.FOR_TRACKING


def test_a_damaged_model_of_speech_is_told_and_blocks_nothing(monkeypatch):
    break_model(monkeypatch, "speech", sha256="0" * 64)
    report = examine(QUICK)
    assert report.ready
    assert [one["name"] for one in lines_of(report, "Models", "problem")] == ["speech"]
    assert "with 1 problem" in report.text.splitlines()[0]


def test_an_added_model_is_watched(tmp_path):
    source = tmp_path / "det.onnx"
    source.write_bytes(b"\x08network")
    path = adding.add("scrfd", source)
    report = examine(QUICK)
    (note,) = [one for one in lines_of(report, "Models") if one["name"] == "scrfd"]
    assert note["state"] == "note" and "licence" in note["text"]
    terms.accept("scrfd")
    (good,) = [one for one in lines_of(examine(QUICK), "Models") if one["name"] == "scrfd"]
    assert good["state"] == "ok"
    path.write_bytes(b"\x08notwork")
    report = examine(QUICK)
    assert report.ready
    assert [one["name"] for one in lines_of(report, "Models", "problem")] == ["scrfd"]


def test_damaged_acceptances_are_told_once(tmp_path):
    folder = tmp_path / "own" / "models"
    folder.mkdir(parents=True)
    (folder / "accepted.json").write_text("{")
    report = examine(QUICK)
    (problem,) = lines_of(report, "Models", "problem")
    assert "accepted.json" in problem["text"] and "again" in problem["advice"]
    assert report.ready and not lines_of(report, "Engines", "problem")


@pytest.mark.parametrize("text", [None, "[[["])
def test_a_manifest_that_is_lost_leaves_the_rest(monkeypatch, tmp_path, text):
    lost = tmp_path / "blender_manifest.toml"
    if text:
        lost.write_text(text)
    monkeypatch.setattr(doctor, "_MANIFEST", lost)
    report = examine(QUICK)
    assert report.ready and "unknown version" in report.text.splitlines()[0]
    (problem,) = [one for one in report.findings if one["state"] == "problem"]
    assert "blender_manifest.toml is missing or damaged" in problem["text"] and problem["advice"]


def test_lost_weights_are_told_file_by_file(monkeypatch, tmp_path):
    folder = shutil.copytree(catalog.WEIGHTS, tmp_path / "weights")
    (folder / "face_detector.onnx").unlink()
    (folder / "speech.onnx").write_bytes(b"")
    monkeypatch.setattr(catalog.verify_all, "__defaults__", (folder,))
    monkeypatch.setattr(catalog.model_path, "__defaults__", (folder,))
    report = examine(QUICK)
    assert [reason.split(":")[0] for reason in report.reasons] == ["face_detector"]
    rows = {one["name"]: one["state"] for one in lines_of(report, "Models")}
    assert rows == {"Shipped": "ok", "face_detector": "blocked", "speech": "problem", "Added": "ok"}
    assert lines_of(report, "Permissions", "ok")
    (folder / "catalog.toml").unlink()
    report = examine(QUICK)
    assert not report.ready and lines_of(report, "Permissions", "ok")
    assert ["catalog.toml cannot be opened" in reason for reason in report.reasons] == [True]
    assert report.text.splitlines()[2] == ""  # three checks met it; it is told once


def test_a_folder_for_takes_that_cannot_be_written_blocks(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    report = examine(replace(QUICK, takes=str(in_the_way)))
    assert [reason.split(":")[0] for reason in report.reasons] == ["Takes"]
    assert str(in_the_way) not in report.text
    assert list(tmp_path.glob(".facewright*")) == []


def test_a_read_only_folder_for_models_is_a_problem_alone(monkeypatch, tmp_path):
    def refuse(folder):
        if folder == tmp_path / "own":
            raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(doctor_system, "_try_writing", refuse)
    report = examine(replace(QUICK, takes=str(tmp_path)))
    assert report.ready
    (problem,) = lines_of(report, "Folders", "problem")
    assert "Read-only file system" in problem["text"] and problem["advice"]


@pytest.mark.parametrize(("free", "state"), [(10**6, "blocked"), (10**9, "note"), (10**11, "ok")])
def test_a_full_disk_blocks(monkeypatch, tmp_path, free, state):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("engine.core.machine.shutil.disk_usage", lambda _: usage)
    report = examine(replace(QUICK, takes=str(tmp_path)))
    (takes,) = [one for one in lines_of(report, "Folders") if one["name"] == "Takes"]
    assert takes["state"] == state
    assert report.ready == (state != "blocked")


def test_a_check_that_fails_leaves_the_others(monkeypatch):
    def crash(*_):
        return 1 / 0

    monkeypatch.setattr("engine.pipeline.engines.describe_engines", crash)
    monkeypatch.setattr("engine.core.inference.gpu_facts.ask_gpus", crash)
    report = examine(QUICK)
    assert report.ready
    broken = [one for one in report.findings if "ZeroDivisionError" in one["text"]]
    assert [one["topic"] for one in broken] == ["Graphics card", "Engines"]
    assert lines_of(report, "Folders")


@pytest.mark.parametrize(
    ("used", "notes", "state"),
    [
        (CUDA, [], "ok"),
        (CUDA, ["CUDA is used as asked, though it is slower."], "note"),
        (CPU, ["CUDA is not used for x.onnx: its values differ."], "problem"),
        (CPU, [], "problem"),
    ],
)
def test_a_card_is_measured_or_its_refusal_told(monkeypatch, used, notes, state):
    def measure(_path, device, *, quick=False):
        return (4.0, CPU, []) if device == "cpu" else (1.0, used, notes)

    monkeypatch.setattr(
        "engine.core.inference.onnx_session.available_providers", lambda: [CUDA, CPU]
    )
    monkeypatch.setattr(doctor_networks, "measure_network", measure)
    report = examine(DoctorRequest())
    (card,) = [one for one in lines_of(report, "Speed") if one["name"] == "CUDA"]
    assert card["state"] == state
    assert report.ready
    assert all(note in card["text"] for note in notes)
    if used == CUDA:
        assert "4.0 x" in card["text"] and report.facts["speed"]["cuda"] == 1.0


def test_private_paths_and_names_are_masked_everywhere(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USER", "gwendolyn")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(
        "engine.sources.devices.list_microphones",
        lambda: [Device("1", "Gwendolyn's headset", "alsa")],
    )
    break_model(monkeypatch, "speech", file=str(tmp_path / "gone.onnx"))
    takes = tmp_path.parent / "Unannounced Film"
    request = replace(QUICK, takes=str(takes), host=(("Blender", f"{tmp_path}/blender"),))
    told = json.dumps(vars(examine(request)))
    for private in (str(tmp_path), "wendolyn", "Unannounced"):
        assert private not in told
    for shown in ("<user>'s headset", "~/blender", "~/gone.onnx", "<takes>"):
        assert shown in told


CAMERA = Device("/dev/video0", "A camera", "video4linux2")


def test_cameras_are_opened_only_when_asked(monkeypatch):
    monkeypatch.setattr("engine.sources.devices.list_cameras", lambda: [CAMERA])
    monkeypatch.setattr(doctor_devices, "measure_camera", lambda _: pytest.fail("it was opened"))
    assert "A camera" in examine(QUICK).text


def test_a_cameras_rate_is_that_of_its_frames():
    class Feed:
        """A camera that promises 30 and gives 20 frames a second."""

        rate = Fraction(30)

        def __init__(self):
            self.count, self.began_s = 0, now_s()

        def read(self):
            self.count += 1
            time_s = self.began_s + self.count / 20
            time.sleep(max(0.0, time_s - now_s()))
            return Picture(np.zeros((360, 640, 3), np.uint8), self.count / 20, now_s())

        def close(self):
            self.closed = True

    feed = Feed()
    told = doctor_devices.measure_camera(CAMERA, lambda *_: feed)
    assert feed.closed
    assert (told["width"], told["height"], told["promised"]) == (640, 360, 30.0)
    assert told["frames_per_second"] == pytest.approx(20, abs=4)


@pytest.mark.parametrize(("rate", "state"), [(29.9, "ok"), (12.0, "problem")])
def test_a_cameras_rate_is_told(monkeypatch, rate, state):
    measured = {"width": 640, "height": 360, "promised": 30.0, "frames_per_second": rate}
    monkeypatch.setattr("engine.sources.devices.list_cameras", lambda: [CAMERA])
    monkeypatch.setattr(doctor_devices, "measure_camera", lambda _: measured)
    report = examine(replace(QUICK, cameras=True))
    (told,) = lines_of(report, "Cameras")
    assert told["state"] == state and f"{rate:.1f} of 30" in told["text"]
    assert report.facts["cameras"] == [{"name": "A camera", **measured}]


def test_a_busy_camera_is_a_sentence(monkeypatch):
    def busy(_):
        raise FacewrightError("It is busy.", "Close the other program.", "camera-busy")

    monkeypatch.setattr("engine.sources.devices.list_cameras", lambda: [CAMERA])
    monkeypatch.setattr(doctor_devices, "measure_camera", busy)
    report = examine(replace(QUICK, cameras=True))
    assert report.ready
    assert "It is busy. Close the other program." in report.text
    assert report.facts["cameras"][0]["problem"] == "camera-busy"


def test_cancelling_ends_between_two_checks():
    report = examine(QUICK, Progress(is_cancelled=lambda: True))
    assert report.state == "cancelled" and not report.ready


def test_what_blender_found_stands_in_the_report():
    request = replace(QUICK, host=(("Blender", "9.9"),), problems=(("It is odd.", "Shrug."),))
    report = examine(DoctorRequest.from_wire(json.loads(json.dumps(request.to_wire()))))
    assert lines_of(report, "Blender", "ok")[0]["text"] == "9.9"
    assert lines_of(report, "Blender", "problem")[0]["advice"] == "Shrug."


@pytest.mark.parametrize("script", ["import sys; sys.exit(7)", "import os; os.abort()", "?"])
def test_a_worker_that_does_not_live_is_told(monkeypatch, tmp_path, capsys, script):
    broken = tmp_path / "launch.py"
    broken.write_text(script)
    monkeypatch.setattr(
        doctor_command, "WorkerClient", lambda *words: WorkerClient(*words, launch=broken)
    )
    assert main(["doctor", "--quick"]) == 1
    told = capsys.readouterr().out
    assert "tracking cannot run" in told and "worker process ended" in told


def test_the_command_asks_a_worker(capsys):
    assert main(["doctor", "--quick", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ready"] is True
    assert told["findings"][0]["text"] == "started and answered"
