# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for all tests, and what holds for all of them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CLIPS = Path(__file__).resolve().parents[1] / ".cache" / "clips"
FOLDER = "FACEWRIGHT_TESTS_FOLDER"

# A test that is slow on a busy machine has not failed.
settings.register_profile("facewright", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("facewright")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing that a test finds or leaves is in the person's own folders.

    The processes that tests start are given the same folders. A process that runs tests for
    another one has folders of its own, which go away with the other's.
    """
    outer = os.environ.get(FOLDER)
    folder = tempfile.mkdtemp(prefix="facewright-tests-", dir=outer)
    if not outer:
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        config.add_cleanup(lambda: os.environ.pop(FOLDER, None))
    os.environ[FOLDER] = folder
    os.environ["FACEWRIGHT_HOME"] = str(Path(folder, "home"))
    os.environ["BLENDER_USER_RESOURCES"] = str(Path(folder, "blender"))
    _let_processes_be_interrupted()


def _let_processes_be_interrupted() -> None:
    """What is ignored here, as by a job in the background, is ignored by the processes of tests.

    Signals that are handled are not handed down that way.
    """
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, the longest parts come first."""
    if hasattr(config, "workerinput"):
        from tests.side_by_side import place

        items.sort(key=lambda item: place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """How several processes share the tests."""
    from tests.side_by_side import Parts

    return Parts(config, log)


@pytest.fixture(scope="session")
def clip() -> Callable[[str], Path]:
    """A function that gives a real sample clip by its file name, or skips the test."""

    def find(name: str) -> Path:
        path = CLIPS / name
        if not path.exists():
            pytest.skip(f"no {name}: `python tools/fetch_clips.py` fetches the clips")
        return path

    return find
