# SPDX-License-Identifier: GPL-3.0-or-later
"""What every command line of Facewright shares: exit codes, a progress bar, the error sentence."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from .core.errors import FacewrightError
from .core.packages import absent_package
from .core.same_file import is_same_file

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
    for name in ("stdout", "stderr"):
        # A service may give none at all.
        if getattr(sys, name) is None:
            setattr(sys, name, _nowhere())
    for stream in (sys.stdout, sys.stderr):
        # A letter that the console lacks is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return command()
    except FacewrightError as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_FAILED
    except ModuleNotFoundError as error:
        package = absent_package(error)
        if not package:
            raise
        sys.stderr.write(
            f"error: This Python ({sys.executable}) does not have the package {package}. "
            "`python -m engine doctor` tells what it lacks.\n"
        )
        return EXIT_FAILED
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return EXIT_FAILED


def say(line: str) -> None:
    """A line on stdout. Where nobody reads any more, e.g. behind ``| head``, work goes on."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = _nowhere()


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def check_apart(inputs: Iterable[str | Path | None], outputs: Iterable[str | Path | None]) -> None:
    """Refuse to write over what is read, or twice over one file.

    Args:
        inputs, outputs: Files; None and empty names are passed over.

    Raises:
        FacewrightError: ``same-file``.
    """
    written: list[str | Path] = []
    for output in filter(None, outputs):
        if any(is_same_file(output, source) for source in filter(None, inputs)):
            raise FacewrightError(
                f"{output} is read, so it cannot be written.", "Choose another name.", "same-file"
            )
        if any(is_same_file(output, other) for other in written):
            raise FacewrightError(
                f"{output} would be written twice.",
                "Choose a name of its own for each result.",
                "same-file",
            )
        written.append(output)


def check_writable(*paths: str | Path | None) -> None:
    """Fail before an hour of tracking rather than after it.

    Args:
        paths: Files that will be written; None is passed over.

    Raises:
        FacewrightError: ``folder-missing`` or ``folder-unwritable``.
    """
    for path in filter(None, paths):
        folder = Path(path).absolute().parent
        if not folder.is_dir():
            raise FacewrightError(
                f"There is no folder {folder}.", "Make it first.", "folder-missing"
            )
        if not os.access(folder, os.W_OK) or not _is_file_name(Path(path)):
            raise FacewrightError(
                f"{path} cannot be written.", "Choose another place.", "folder-unwritable"
            )


def check_free(path: str | Path | None, overwrite: bool) -> None:
    """Refuse to replace a file that was not given up.

    Raises:
        FacewrightError: ``file-exists``.
    """
    if path and not overwrite and Path(path).exists():
        raise FacewrightError(
            f"{path} exists already.",
            "Choose another name, or replace it with --overwrite.",
            "file-exists",
        )


def check_no_takes(*paths: str | Path | None) -> None:
    """Refuse to put another kind of file in the place of a take.

    Args:
        paths: Files that will be written; None is passed over.

    Raises:
        FacewrightError: ``take-protected``.
    """
    # NumPy comes with it, which the doctor's command line does not need.
    from .takes.protect import refuse_take

    for path in filter(None, paths):
        refuse_take(path)


def _is_file_name(path: Path) -> bool:
    try:
        return not path.is_dir()
    except OSError:  # too long, or with letters that this system does not allow
        return False


def make_folder(path: str | Path) -> Path:
    """The folder, made if need be.

    Raises:
        FacewrightError: ``folder-unwritable``.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FacewrightError(
            f"The folder {path} cannot be made ({error.strerror}).",
            "For a folder of videos, give folders for the results.",
            "folder-unwritable",
        ) from error
    return Path(path)


def result_names(videos: Sequence[Path]) -> list[str]:
    """A name without suffix for the results of each video, no two of them alike.

    ``a.mov`` beside ``a.mp4`` keeps its suffix; a second ``a.mp4``, of another folder, gets a
    number.
    Capitals make no difference, because they make none on many disks.
    """
    stems = Counter(video.stem.casefold() for video in videos)
    names: list[str] = []
    taken: set[str] = set()
    for video in videos:
        plain = video.name if stems[video.stem.casefold()] > 1 else video.stem
        name, number = plain, 2
        while name.casefold() in taken:
            name, number = f"{plain}_{number:03}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def write_json(path: str | Path, data: object) -> None:
    """Write a report, readable and complete or not at all.

    Raises:
        FacewrightError: ``report-unwritable`` or ``take-protected``.
    """
    path = Path(path)
    check_no_takes(path)
    partial = path.with_name(f"{path.name}.part")
    try:
        # ASCII escapes carry even file names that are not Unicode.
        partial.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FacewrightError(
            f"The report {path} cannot be written ({error.strerror}).", "", "report-unwritable"
        ) from error
