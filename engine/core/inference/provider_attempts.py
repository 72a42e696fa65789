# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembers checks of a provider that did not come to an end, and why.

A driver may take the process with it, and then nobody is left to say so. So a check writes into a
file of its own that it begins, and Python's ``faulthandler`` adds what it sees when the process
crashes or is asked to end. The next process reads it. The lock on the file ends with the process,
so that one who is still at work is told from one who is gone.

What is held against a provider:

- a crash: after one it is not tried where nobody asked for it by name, after two not at all;
- an end that left no word (a kill, a library that exits, a power cut): after two in a day it is
  not tried where nobody asked for it by name;
- nothing where a person or Facewright ended the process, unless the check had by then taken so
  long that it must have hung: that counts as an end without a word.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..file_lock import lock

MOST_CRASHES, MOST_UNFINISHED = 2, 2
# A driver that was mended without a new number is tried again some day.
CRASHES_COUNT_S, UNFINISHED_COUNT_S = 30 * 86400.0, 86400.0
# TensorRT takes minutes, but only for one who named it; any other check takes seconds.
HUNG_AFTER_S = 120.0
# How long the check of another process is waited for.
WAIT_S, _TRY_S = 10.0, 0.1

_BEGIN, _CRASH, _UNFINISHED, _STOPPED = "begin", "crash", "unfinished", "stopped"
# The first words of ``faulthandler`` about a crash; it says other things of a signal.
_FATAL = ("Fatal Python error", "Windows fatal exception")
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")

_written_now: list[BinaryIO] = []


class NotTriedError(Exception):
    """A provider is not checked now. The text is the reason, for the middle of a sentence."""


class _Event(NamedTuple):
    """Of ``_BEGIN``, ``_CRASH``, ``_UNFINISHED``; seconds since 1970."""

    what: str
    time_s: float


@contextlib.contextmanager
def attempt(path: Path, *, named: bool) -> Iterator[None]:
    """Surrounds a check that may end the process. Where nothing can be written it is unguarded.

    Args:
        path: File of this provider and network.
        named: Whether a person asked for the provider by its name.

    Raises:
        NotTriedError: Too many checks have ended the process, or another process checks now.
    """
    file = _begin(path, named)
    if file is None:
        yield
        return
    with file:
        try:
            with _last_words(file):
                yield
        finally:  # it came back, whatever with
            with contextlib.suppress(OSError):
                file.truncate(0)
                file.close()
                # A process that waits has it open still: it finds the verdict, or is unguarded.
                path.unlink()


def stopping() -> None:
    """Facewright ends this process in the middle of whatever it does: no provider is to blame."""
    for file in tuple(_written_now):
        with contextlib.suppress(OSError, ValueError):
            file.write(f"{_STOPPED}\n".encode())


def _begin(path: Path, named: bool) -> BinaryIO | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b", buffering=0)
    except OSError:
        return None
    try:
        _lock(file)
        past = _past(file)
        reason = _held_against(past, named)
        _write(file, past if reason else [*past, _Event(_BEGIN, time.time())])
        if reason:
            raise NotTriedError(reason)
    except OSError:
        file.close()
        return None
    except NotTriedError:
        file.close()
        raise
    return file


def _lock(file: BinaryIO) -> None:
    """Locks the file; waits while another process has it.

    Raises:
        NotTriedError: It takes too long.
        OSError: This file system has no locks.
    """
    until = time.monotonic() + WAIT_S
    while True:
        try:
            return lock(file.fileno())
        except (BlockingIOError, PermissionError):  # as Linux and Windows say that it is taken
            if time.monotonic() > until:
                raise NotTriedError("another process is checking it just now") from None
            time.sleep(_TRY_S)


def _past(file: BinaryIO) -> list[_Event]:
    """What has come of the checks so far; the last one is judged by what was left behind."""
    ended_s = os.fstat(file.fileno()).st_mtime
    file.seek(0)
    lines = file.read().decode("utf-8", "replace").splitlines()
    events = list(filter(None, map(_event, lines)))
    past = [event for event in events if event.what != _BEGIN]
    begun = next((event.time_s for event in events if event.what == _BEGIN), None)
    if begun is None:
        return past
    rest = [line for line in lines if line and _event(line) is None]
    if any(line.startswith(_FATAL) for line in rest):
        return [*past, _Event(_CRASH, begun)]
    if rest and ended_s - begun < HUNG_AFTER_S:
        return past
    return [*past, _Event(_UNFINISHED, begun)]


def _event(line: str) -> _Event | None:
    what, _, number = line.partition(" ")
    if what not in (_BEGIN, _CRASH, _UNFINISHED):
        return None
    try:
        return _Event(what, float(number))
    except ValueError:
        return None


def _held_against(past: list[_Event], named: bool) -> str:
    """Why the provider is not tried, for the middle of a sentence; empty where it is."""
    now = time.time() + 1  # times are kept in whole seconds

    def count(what: str, within_s: float) -> int:
        return sum(event.what == what and 0 <= now - event.time_s < within_s for event in past)

    forget = "; the command `runtime forget` has it tried again"
    if count(_CRASH, CRASHES_COUNT_S) >= (MOST_CRASHES if named else 1):
        return f"it ended the process when it was tried{forget}"
    if count(_UNFINISHED, UNFINISHED_COUNT_S) >= MOST_UNFINISHED and not named:
        return (
            "its check was cut off twice within a day, or hung; where its device is chosen by name "
            f"it is tried all the same{forget}"
        )
    return ""


def _write(file: BinaryIO, events: list[_Event]) -> None:
    file.truncate(0)
    file.write("".join(f"{what} {time_s:.0f}\n" for what, time_s in events).encode())


@contextlib.contextmanager
def _last_words(file: BinaryIO) -> Iterator[None]:
    """Lets a crash, and on Unix a signal to end, leave word in a file. Both do what they did.

    The words are written by C code, so they come while a library holds Python up.
    """
    signals = []
    if hasattr(faulthandler, "register"):
        signals = [getattr(signal, name) for name in _SIGNALS]
    # Who has switched it on already reads it elsewhere, and is not interfered with.
    crashes = not faulthandler.is_enabled()
    if crashes:
        faulthandler.enable(file, all_threads=False)
    for number in signals:
        # All threads: the one that gets the signal may be none of Python's, and then says nothing.
        faulthandler.register(number, file, all_threads=True, chain=True)
    _written_now.append(file)
    try:
        yield
    finally:
        _written_now.remove(file)
        for number in signals:
            faulthandler.unregister(number)
        if crashes:
            faulthandler.disable()
