# SPDX-License-Identifier: GPL-3.0-or-later
"""What every command line of Facewright shares: exit codes, a progress bar, the error sentence."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from .core.errors import FacewrightError

EXIT_DONE, EXIT_FAILED, EXIT_USAGE = 0, 1, 2
_BAR = 28
# Pipes and logs get a line now and then instead of a bar that redraws itself.
_REDRAW_S, _LOG_LINE_S = 0.1, 5.0


class ProgressBar:
    """A bar on stderr: how far, how fast, how long still.

    Args:
        label: What is going on.
        stream: Where to draw.
    """

    def __init__(self, label: str, stream: TextIO | None = None) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._started = time.perf_counter()
        self._drawn = 0.0
        self._first: int | None = None
        self._text = ""

    def __call__(self, done: int, total: int, unit: str = "frames") -> None:
        """Show that ``done`` of ``total`` (0: unknown) are done."""
        now = time.perf_counter()
        self._first = done if self._first is None else self._first
        speed = (done - self._first) / max(now - self._started, 1e-6)
        self._text = f"{self._label} {_describe(done, total, unit, speed)}"
        every = _REDRAW_S if self._stream.isatty() else _LOG_LINE_S
        if now - self._drawn >= every:
            self._draw("\r" if self._stream.isatty() else "\n")
            self._drawn = now

    def close(self) -> None:
        """Leave the last state on a line of its own."""
        if self._text:
            self._draw("\n")

    def _draw(self, end: str) -> None:
        self._stream.write(f"{self._text}{end}")
        self._stream.flush()


def _describe(done: int, total: int, unit: str, speed: float) -> str:
    rate = f"{speed:6.1f} {unit}/s"
    if not total:
        return f"{done} {unit} {rate}"
    filled = round(_BAR * min(done / total, 1.0))
    left = f" {(total - done) / speed:4.0f} s left" if speed > 0 and done < total else " " * 12
    bar = "#" * filled + "." * (_BAR - filled)
    return f"[{bar}] {100 * done / total:3.0f} % {done}/{total} {unit} {rate}{left}"


def guarded(command: Callable[[], int]) -> int:
    """Run a command; an expected failure becomes one sentence on stderr and exit code 1."""
    try:
        return command()
    except FacewrightError as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_FAILED
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return EXIT_FAILED


def write_json(path: str | Path, data: object) -> None:
    """Write a report, readable and complete or not at all.

    Raises:
        FacewrightError: ``report-unwritable``.
    """
    path = Path(path)
    partial = path.with_name(f"{path.name}.part")
    try:
        partial.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise FacewrightError(
            f"The report {path} cannot be written ({error.strerror}).", "", "report-unwritable"
        ) from error
