# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider that ends the process is found out; a person who ends it is not taken for one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.core.inference import provider_attempts
from engine.core.inference.provider_attempts import HUNG_AFTER_S, NotTriedError, attempt

ROOT = Path(__file__).resolve().parents[2]
# A check that says when it has begun and then does as it is told.
CHECK = """
import ctypes, os, pathlib, sys, time
from engine.core.inference.provider_attempts import attempt, stopping
with attempt(pathlib.Path(sys.argv[1]), named=True):
    print("begun", flush=True)
    sys.stdin.readline()
    {}
"""
WAIT = "time.sleep(60)"
IN_A_LIBRARY = "ctypes.PyDLL(None).sleep(60)"  # holds Python up, as a driver may
unix = pytest.mark.skipif(sys.platform == "win32", reason="signals that Windows does not have")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checks" / "key"


def begin(path: Path, then: str) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", CHECK.format(then), str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "begun\n"
    return process


def end(process: subprocess.Popen, number: int | None = None) -> int:
    process.stdin.write("\n")
    process.stdin.flush()
    if number is not None:
        time.sleep(0.1)  # so that it is in the library
        process.send_signal(number)
    code = process.wait(30)
    process.stdout.close()
    return code


def reason(path: Path, *, named: bool = False) -> str:
    """Why it is not tried; empty where it is."""
    before = path.read_bytes() if path.exists() else None
    try:
        with attempt(path, named=named):
            pass
    except NotTriedError as error:
        return str(error)
    if before:  # this trial came back and would have everything forgotten
        path.write_bytes(before)
    return ""


@pytest.mark.parametrize("crash", ["ctypes.string_at(0)", "os.abort()"])
def test_a_crash_is_enough_and_two_even_for_who_names_it(path, crash):
    assert end(begin(path, crash)) not in (0, 1)
    assert reason(path, named=True) == ""
    assert "ended the process" in reason(path)
    assert end(begin(path, crash)) not in (0, 1)
    for named in (True, False):
        assert "ended the process" in reason(path, named=named)
        assert "`runtime forget`" in reason(path, named=named)


@unix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGHUP", 1)])
def test_who_asks_the_process_to_end_is_not_punished(path, number):
    for _ in range(3):
        code = end(begin(path, WAIT if number == signal.SIGINT else IN_A_LIBRARY), number)
        assert code in (-number, 1)
    assert reason(path) == ""


def test_facewrights_own_end_is_not_held_against_it(path):
    for _ in range(3):
        assert end(begin(path, "stopping(); os._exit(3)")) == 3
    assert reason(path) == ""


def test_a_worker_whose_blender_is_gone_blames_no_provider(path):
    in_a_worker = """import queue, threading
    from engine.worker import main
    main._LAST_BREATH_S = 0
    threading.Thread(target=main._read, args=(queue.SimpleQueue(),)).start()
    time.sleep(60)"""
    for _ in range(2):
        worker = begin(path, in_a_worker)
        worker.communicate("\n", timeout=300)
        assert worker.returncode == 3
    assert reason(path) == ""


@pytest.mark.parametrize("cut", ["os._exit(1)", "os.kill(os.getpid(), 9)"])
def test_an_end_without_a_word_counts_where_nobody_named_it(path, cut):
    if "kill" in cut and sys.platform == "win32":
        pytest.skip("there is no signal 9")
    end(begin(path, cut))
    assert reason(path) == ""
    end(begin(path, cut))
    assert "cut off twice" in reason(path)
    assert reason(path, named=True) == ""


def test_a_check_that_was_given_up_after_minutes_has_hung(path):
    for _ in range(2):
        end(begin(path, "stopping(); os._exit(3)"))
        late = time.time() + 2 * HUNG_AFTER_S
        os.utime(path, (late, late))
    # The second one is judged by whoever comes next.
    assert "or hung" in reason(path)


def test_what_is_long_ago_counts_no_more(path):
    path.parent.mkdir()
    for what, days in (("crash", 31), ("unfinished", 2)):
        path.write_text(f"{what} {time.time() - days * 86400:.0f}\n" * 2)
        assert reason(path) == ""
        path.write_text(f"{what} {time.time():.0f}\n" * 2)
        assert reason(path)


@pytest.mark.parametrize("text", ["begin\n", "\0\0\xff", "crash x\ncrash\n", "crash 1e999\n" * 3])
def test_a_damaged_file_bans_nothing(path, text):
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    assert reason(path) == ""


def test_another_process_at_work_is_waited_for_and_told(path, monkeypatch):
    monkeypatch.setattr(provider_attempts, "WAIT_S", 0.2)
    busy = begin(path, "pass")
    assert reason(path) == "another process is checking it just now"
    monkeypatch.setattr(provider_attempts, "WAIT_S", 30.0)
    busy.stdin.write("\n")
    busy.stdin.flush()
    assert reason(path) == ""
    assert busy.wait(30) == 0
    busy.stdout.close()


def test_what_comes_back_leaves_nothing_behind(path):
    with pytest.raises(KeyboardInterrupt), attempt(path, named=False):
        raise KeyboardInterrupt
    with attempt(path, named=False):
        assert path.read_text().startswith("begin ")
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path):
    (tmp_path / "file").touch()
    with attempt(tmp_path / "file" / "key", named=False):
        pass
