# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker finds an installed runtime before the shipped one, and a broken one never stops it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.core.requests import RuntimeRequest
from engine.runtime import trial
from engine.runtime.activate import deactivate, use
from engine.runtime.folder import Runtime, describe_packages
from engine.runtime.lock import this_platform, this_python
from engine.runtime.own_process import run_module
from engine.worker.client import WorkerClient
from engine.worker.protocol import LAST_WORDS, Kind, Message
from tests.unit.made_wheels import HONEST

ROOT = Path(__file__).resolve().parents[2]
# What a process that has called ``activate`` sees.
LOOK = """
import json, sys
from engine.runtime.activate import activate
from engine.core.inference import onnx_session
from engine.runtime import status
activate()
providers = onnx_session.available_providers()
import onnxruntime
print(json.dumps({"version": onnxruntime.__version__, "file": onnxruntime.__file__,
                  "providers": providers, "path": sys.path, **status()}))
"""


def make_runtime(home: Path, code: str = HONEST, name: str = "cuda13-made", **changes) -> Runtime:
    """A runtime in its place, as an install would leave it."""
    folder = home / "runtime" / name
    package = folder / "packages" / "onnxruntime"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    (folder / "packages" / "libmade.so.1").write_text("not a library")
    size, libraries = describe_packages(folder / "packages")
    runtime = Runtime(
        folder, "cuda13", this_platform(), this_python(), time.time(), size, {}, libraries
    )
    runtime = replace(runtime, **changes)
    runtime.write()
    return runtime


def look(home: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env=os.environ | {"FACEWRIGHT_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_an_installed_runtime_goes_before_the_shipped_one(tmp_path):
    runtime = make_runtime(tmp_path)
    seen = look(tmp_path)
    assert seen["version"] == "9.9.9"
    assert "CPUExecutionProvider" in seen["providers"]
    assert seen["in_use"] == runtime.folder.name
    assert seen["note"] == ""
    assert not [folder for folder in seen["path"] if str(tmp_path) in folder]


def test_without_one_nothing_changes(tmp_path):
    seen = look(tmp_path)
    assert seen["version"] != "9.9.9"
    assert (seen["in_use"], seen["note"], seen["installed"]) == ("", "", [])


@pytest.mark.parametrize(
    "code",
    [
        "raise ImportError('libmade.so.1: cannot open shared object file')",
        "import nothing_of_this_name",
        "this is no Python",
        HONEST + "raise RuntimeError('late')",
    ],
)
def test_one_that_cannot_be_loaded_is_skipped_with_a_note(tmp_path, code):
    make_runtime(tmp_path, code)
    seen = look(tmp_path)
    assert seen["version"] != "9.9.9"
    assert "CPUExecutionProvider" in seen["providers"]
    assert str(tmp_path) not in seen["file"]
    assert seen["in_use"] == ""
    assert "cannot be loaded" in seen["note"]


@pytest.mark.parametrize("crash", ["__import__('ctypes').string_at(0)", "__import__('os').abort()"])
def test_one_that_ends_the_process_is_found_out_once(tmp_path, crash):
    counted = f"open({str(tmp_path / 'imports')!r}, 'a').write('.')\n"
    runtime = make_runtime(tmp_path, counted + crash)
    for _ in range(2):
        seen = look(tmp_path)
        assert seen["version"] != "9.9.9"
        assert seen["in_use"] == ""
        assert f"{runtime.folder.name} is not used: It ended the process" in seen["note"]
        assert "`runtime forget`" in seen["note"]
    assert (tmp_path / "imports").read_text() == "."
    assert "ended the process" in seen["installed"][0]["problem"]


def test_an_exception_in_the_import_is_no_crash_and_a_good_one_is_tried_once(tmp_path):
    counted = f"open({str(tmp_path / 'imports')!r}, 'a').write('.')\n"
    make_runtime(tmp_path, HONEST + counted)
    for _ in range(2):
        assert look(tmp_path)["in_use"]
    assert (tmp_path / "imports").read_text() == "..."  # tried, and used twice


def test_a_new_install_is_tried_anew_and_what_others_ended_is_not_kept(tmp_path):
    runtime = make_runtime(tmp_path, "import os; os.kill(os.getpid(), 9)")
    if sys.platform == "win32":
        pytest.skip("there is no signal 9")
    assert "could not be tried out" in look(tmp_path)["note"]
    trial.keep(runtime, "known")
    assert look(tmp_path)["note"].endswith("is not used: known")
    package = runtime.packages / "onnxruntime" / "__init__.py"
    package.write_text(HONEST)
    replace(runtime, installed=runtime.installed + 1).write()
    assert look(tmp_path)["note"] == ""


def test_forgetting_has_it_tried_again(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path))
    monkeypatch.setattr("engine.core.runtime_note._note", "")  # ``main`` would leave one behind
    trial.keep(make_runtime(tmp_path), "known")
    checks = tmp_path / "cache" / "checks"
    checks.mkdir(parents=True)
    for file in (checks / "key", checks.parent / "providers.json"):
        file.touch()
    assert main(["runtime", "forget"]) == 0
    assert [path for path in checks.parent.rglob("*") if path.is_file()] == []
    assert look(tmp_path)["in_use"]


def test_one_that_lacks_what_is_needed_is_skipped_with_a_note(tmp_path):
    make_runtime(tmp_path, "__version__ = '9.9.9'\nclass InferenceSession: pass\n")
    seen = look(tmp_path)
    assert seen["version"] != "9.9.9"
    assert "CPUExecutionProvider" in seen["providers"]
    assert "it has no SessionOptions, OrtValue, get_available_providers" in seen["note"]


def test_a_run_tells_why_the_runtime_is_not_used(tmp_path, monkeypatch):
    trial.keep(make_runtime(tmp_path), "It ended the process.")
    code = """
from engine.runtime.activate import activate
from engine.core.inference.onnx_session import open_model
from engine.models.catalog import model_path
activate()
print(open_model(model_path("face_blendshapes"), "cpu").notes)
print(open_model(model_path("face_blendshapes")).notes)
"""
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    told = "['The GPU runtime cuda13-made is not used: It ended the process.']"
    assert done.stdout.splitlines() == ["[]", told]


def test_what_ships_is_never_looked_for_in_a_runtime(tmp_path, monkeypatch):
    # A broken one in use would else be taken for the shipped one, and never be replaced.
    runtime, ran = make_runtime(tmp_path), []
    monkeypatch.setattr(subprocess, "run", lambda words, **_options: ran.append(words))
    use(runtime.packages)
    try:
        run_module("runtime.prove_process", {}, 1.0)
    finally:
        deactivate()
    folders = [word for before, word in itertools.pairwise(ran[0]) if before == "--site-packages"]
    assert folders
    assert str(runtime.packages) not in folders


def test_libraries_that_cannot_be_loaded_are_told(tmp_path):
    make_runtime(tmp_path, f"{HONEST}def preload_dlls(directory=None): print('no libcublas')\n")
    seen = look(tmp_path)
    assert seen["version"] == "9.9.9"
    assert "no libcublas" in seen["note"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"python": "cp399"}, "for Python 3.99"),
        ({"platform": "amiga-m68k"}, "for amiga-m68k"),
        ({"libraries": {"libmade.so.1": 12345}}, "missing or damaged"),
        ({"libraries": {"libgone.so": 1}}, "missing or damaged"),
    ],
)
def test_one_that_does_not_fit_is_skipped_with_a_note(tmp_path, changes, said):
    make_runtime(tmp_path, **changes)
    seen = look(tmp_path)
    assert seen["version"] != "9.9.9"
    assert said in seen["note"]
    assert said in seen["installed"][0]["problem"]


def test_the_newest_that_fits_is_used(tmp_path):
    make_runtime(tmp_path, name="old", installed=1.0)
    make_runtime(tmp_path, name="new", installed=2.0)
    make_runtime(tmp_path, name="other", installed=3.0, python="cp399")
    seen = look(tmp_path)
    assert (seen["in_use"], seen["note"]) == ("new", "")


def test_a_list_that_is_no_list_counts_for_nothing(tmp_path):
    folder = make_runtime(tmp_path).folder
    whole = json.loads((folder / "runtime.json").read_text())
    wrong = {"installed": "x", "bytes": None, "libraries": None, "versions": [], "python": "c"}
    damaged = [json.dumps(whole | {key: value}) for key, value in wrong.items()]
    for text in ("", "[]", "{}", "[" * 100_000, '{"runtime": "cuda13", "more": 1}', *damaged):
        (folder / "runtime.json").write_text(text)
        assert look(tmp_path)["installed"] == []


def wait_for(client: WorkerClient, kinds) -> Message:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for message in client.poll():
            if message.kind in kinds:
                return message
        time.sleep(0.01)
    raise AssertionError(client.log)


def test_the_worker_lives_with_a_broken_one_and_tells_why_none_suits(tmp_path, monkeypatch):
    make_runtime(tmp_path, "raise ImportError('broken')")
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # without nvidia-smi
    client = WorkerClient([sys.executable, "-I"])
    try:
        client.runtime(RuntimeRequest(driver="1.0"))
        last = wait_for(client, LAST_WORDS)
    finally:
        client.close()
    if sys.platform == "linux":
        assert last.kind is Kind.FAILED
        assert last.data["code"] == "runtime-not-for-this"


@pytest.mark.skipif(sys.platform == "darwin", reason="there is no runtime for a Mac")
def test_a_cancelled_download_ends_the_job_in_good_order(tmp_path, monkeypatch):
    if shutil.disk_usage(tmp_path).free < 6e9:
        pytest.skip("an install would refuse before it begins")
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "home"))
    pip = tmp_path / "site" / "pip"
    pip.mkdir(parents=True)
    (pip / "__init__.py").touch()
    (pip / "__main__.py").write_text("import time; time.sleep(600)")
    client = WorkerClient([sys.executable, "-I"], [pip.parent])
    try:
        client.runtime(RuntimeRequest("cuda13"))
        assert wait_for(client, {Kind.PROGRESS, *LAST_WORDS}).kind is Kind.PROGRESS
        client.cancel()
        last = wait_for(client, LAST_WORDS)
    finally:
        client.close()
    assert (last.kind, last.data["state"]) == (Kind.DONE, "cancelled")
    assert [path.name for path in (tmp_path / "home" / "runtime").iterdir()] == [".lock"]
