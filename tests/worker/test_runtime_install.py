# SPDX-License-Identifier: GPL-3.0-or-later
"""A GPU runtime is installed from a folder of tiny wheels, proves itself, fails and goes again."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections import namedtuple

import pytest

from engine.core.errors import FacewrightError
from engine.core.inference.provider_start import attempts_folder
from engine.core.progress import Cancelled, Progress
from engine.runtime import pip_process, trial
from engine.runtime.folder import find_runtimes, only_one
from engine.runtime.install import install, plan_install, remove
from engine.runtime.pip_process import pip_command
from engine.runtime.status import status
from tests.unit.made_wheels import HONEST, MadeIndex


@pytest.fixture
def root(tmp_path):
    """Where runtimes go."""
    return tmp_path / "runtime"


@pytest.fixture
def index(tmp_path):
    """A folder of wheels that make a runtime which works."""
    return MadeIndex(tmp_path / "made")


@pytest.fixture
def believed(monkeypatch):
    """A runtime needs no proof: that is another test's matter, and takes seconds."""
    proof = {"version": "9.9.9", "providers": [], "device_note": ""}
    monkeypatch.setattr("engine.runtime.install.prove", lambda *_: proof)


def do_install(index, root, progress=None):
    plan = plan_install("cuda13", root=root, lock=index.lock)
    return install(plan, progress or Progress(), index.words)


def left_in(root):
    return sorted(path.name for path in root.iterdir() if path.name != ".lock")


def test_a_runtime_is_installed_proved_told_and_removed(index, root):
    steps = []
    progress = Progress(lambda done, total, unit: steps.append((done, total, unit)))
    attempts_folder().mkdir(parents=True, exist_ok=True)
    (attempts_folder() / "key").write_text("crash 1\n")
    report = do_install(index, root, progress)
    assert (report.state, report.version) == ("complete", "9.9.9")
    assert "CPUExecutionProvider" in report.providers
    assert {unit for _, _, unit in steps} == {"MB written"}
    (one,) = status(root)["installed"]
    assert one["problem"] == ""
    assert one["versions"] == {"onnxruntime-gpu": "9.9.9", "nvidia-made": "1.0"}
    assert one["bytes"] == report.bytes > 0
    assert left_in(root) == [one["name"]]
    assert trial.kept(find_runtimes(root)[0]) == ""  # it was tried in its proof
    assert list(attempts_folder().iterdir()) == []
    gone = remove(root)
    assert gone.bytes == report.bytes
    assert left_in(root) == []
    assert status(root)["installed"] == []


def test_a_second_install_replaces_the_first(index, root, believed):
    first = do_install(index, root).folder
    second = do_install(index, root).folder
    assert first != second
    assert [str(one.folder) for one in find_runtimes(root)] == [second]
    assert len(left_in(root)) == 1


def test_a_wrong_hash_is_refused_and_the_old_one_stays(index, root, believed):
    kept = do_install(index, root).folder
    index.write_lock(sha256="0" * 64)
    with pytest.raises(FacewrightError) as caught:
        do_install(index, root)
    assert caught.value.code == "runtime-hash"
    assert [str(one.folder) for one in find_runtimes(root)] == [kept]
    assert len(left_in(root)) == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ImportError('a library is missing')", "a library is missing"),
        ("import os; os._exit(11)", "exit code 11"),
        (
            HONEST + "_run = InferenceSession.run\n"
            "InferenceSession.run = lambda *a, **k: [v + 1 for v in _run(*a, **k)]\n",
            "pixels off",
        ),
    ],
)
def test_what_does_not_prove_itself_never_counts(tmp_path, root, code, said):
    index = MadeIndex(tmp_path / "broken", code)
    with pytest.raises(FacewrightError, match=said) as caught:
        do_install(index, root)
    assert caught.value.code == "runtime-broken"
    assert left_in(root) == []


def test_cancelling_ends_pip_and_leaves_nothing(index, root, monkeypatch):
    waits = "import time; time.sleep(60)"
    monkeypatch.setattr(
        "engine.runtime.install.pip_command", lambda _: [sys.executable, "-c", waits]
    )
    asked = []

    def is_cancelled() -> bool:
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        do_install(index, root, Progress(is_cancelled=is_cancelled))
    assert left_in(root) == []


def test_without_space_nothing_begins(index, root, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(FacewrightError, match=r"needs .* MB while it is installed") as caught:
        do_install(index, root)
    assert caught.value.code == "disk-full"
    assert left_in(root) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("OSError: [Errno 28] No space left on device", "disk-full"),
        ("ERROR: No matching distribution found for onnxruntime-gpu==9.9.9", "runtime-download"),
    ],
)
def test_pips_own_failures_become_sentences(index, root, monkeypatch, said, code):
    fails = f"import sys; print({said!r}); sys.exit(1)"
    monkeypatch.setattr(
        "engine.runtime.install.pip_command", lambda _: [sys.executable, "-c", fails]
    )
    with pytest.raises(FacewrightError) as caught:
        do_install(index, root)
    assert caught.value.code == code
    assert left_in(root) == []


def test_two_installs_at_once_are_refused(index, root):
    with only_one(root), pytest.raises(FacewrightError) as caught:
        do_install(index, root)
    assert caught.value.code == "runtime-busy"


def test_what_a_dead_install_left_is_cleaned_away(index, root, believed):
    for name in (".part", "cuda13-cp311-7"):
        (root / name / "packages").mkdir(parents=True)
    report = do_install(index, root)
    assert [root / name for name in left_in(root)] == [root / report.folder.rpartition("/")[2]]


def test_one_whose_list_is_damaged_is_removed_too(root):
    (root / "cuda13-cp311" / "packages").mkdir(parents=True)
    (root / "cuda13-cp311" / "runtime.json").write_text("{")
    remove(root)
    assert left_in(root) == []


def test_what_may_not_be_removed_is_a_sentence_and_still_counts(index, root, believed, monkeypatch):
    do_install(index, root)

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as refusing:
        refusing.setattr("pathlib.Path.unlink", refuse)
        with pytest.raises(FacewrightError, match="Permission denied"):
            remove(root)
        assert len(find_runtimes(root)) == 1
        report = do_install(index, root)  # a successor comes all the same
    assert report.state == "complete"
    assert find_runtimes(root)[0].folder.as_posix().endswith(report.folder.rpartition("/")[2])


def test_a_folder_that_nobody_may_look_into_is_a_sentence(root, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    # As pathlib of Python 3.11 does; the account that runs tests may look everywhere.
    monkeypatch.setattr("pathlib.Path.exists", refuse)
    monkeypatch.setattr("pathlib.Path.is_dir", refuse)
    monkeypatch.setitem(status.__globals__, "find_runtimes", refuse)
    for ask in (lambda: plan_install("cuda13", root=root), lambda: remove(root)):
        with pytest.raises(FacewrightError) as caught:
            ask()
        assert caught.value.code == "folder-unwritable"
    told = status(root)
    assert told["installed"] == []
    assert "Permission denied" in told["note"]


def test_removing_nothing_is_no_failure(root):
    assert remove(root).bytes == 0
    assert not root.exists()


def test_a_python_without_pip_unpacks_its_own(tmp_path, monkeypatch):
    venv.create(tmp_path / "bare", with_pip=False)
    bare = tmp_path / "bare" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    monkeypatch.setattr(pip_process, "find_spec", lambda _: None)
    monkeypatch.setattr(pip_process.sys, "executable", str(bare))
    pip = pip_command(tmp_path / "pip")
    done = subprocess.run([*pip, "--version"], capture_output=True, text=True)
    assert str(tmp_path / "pip") in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs `false`")
def test_where_no_pip_can_be_unpacked_that_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(pip_process, "find_spec", lambda _: None)
    monkeypatch.setattr(pip_process.sys, "executable", shutil.which("false"))
    with pytest.raises(FacewrightError) as caught:
        pip_command(tmp_path)
    assert caught.value.code == "pip-missing"
