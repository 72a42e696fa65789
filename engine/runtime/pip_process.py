# SPDX-License-Identifier: GPL-3.0-or-later
"""pip as a process of this Python: what a runtime's lock names goes into one folder."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from ..core.errors import FacewrightError

_LOOK_EVERY_S = 0.2
_PATIENCE_S = 5.0
_SAID_LINES = 40


def pip_command(scratch: Path) -> list[str]:
    """How pip is run; where this Python has none, its own ensurepip unpacks one into ``scratch``.

    Raises:
        FacewrightError: ``pip-missing``.
    """
    if (spec := find_spec("pip")) and spec.origin:
        # By its path: an isolated Python does not look where this process may have found it.
        return [sys.executable, "-I", str(Path(spec.origin).parent)]
    code = "import ensurepip, sys; ensurepip.bootstrap(root=sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(scratch)],
        capture_output=True,
        text=True,
        **_no_window(),
    )
    found = next(scratch.rglob("pip/__main__.py"), None)
    if done.returncode or found is None:
        raise FacewrightError(
            f"The Python {sys.executable} has no pip and cannot unpack one.",
            "Use the Blender of blender.org, or install pip for this Python.",
            "pip-missing",
        )
    return [sys.executable, "-I", str(found.parent)]


def install_wheels(
    pip: Sequence[str],
    requirements: Path,
    target: Path,
    scratch: Path,
    look: Callable[[int], None],
    index: Sequence[str] = (),
) -> None:
    """Fetch and unpack the wheels of a requirement list; pip compares every hash.

    Args:
        pip: See ``pip_command``.
        requirements: The list, with hashes.
        target: Folder for the packages.
        scratch: Folder for what is downloaded; on the same disk as ``target``.
        look: Called several times a second with the bytes in ``scratch``, of wheels and of what is
            unpacked from them; what it raises ends pip and goes on.
        index: Further words for pip, e.g. another index.

    Raises:
        FacewrightError: ``runtime-hash``, ``disk-full`` or ``runtime-download``.
    """
    words = ["install", "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-input"]
    words += ["--no-cache-dir", "--no-compile", "--progress-bar=off", "--disable-pip-version-check"]
    words += ["--target", str(target), "-r", str(requirements), *index]
    process = subprocess.Popen(
        [*pip, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_environment(scratch),
        **_no_window(),
    )
    said: deque[str] = deque(maxlen=_SAID_LINES)
    reader = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        while True:
            try:
                process.wait(_LOOK_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                look(_written(scratch))
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(_PATIENCE_S)
        process.stdout.close()
    if process.returncode:
        raise _explain(list(said))


def _explain(said: list[str]) -> FacewrightError:
    text = " ".join(said)
    if "DO NOT MATCH THE HASHES" in text:
        return FacewrightError(
            "What was downloaded is not what Facewright's lock names; it was thrown away.",
            "Try again; if it stays so, the package index or something before it is not in order.",
            "runtime-hash",
        )
    if "No space left" in text or "[Errno 28]" in text:
        return FacewrightError("The disk is full.", "Make room and try again.", "disk-full")
    errors = [line.strip() for line in said if line.startswith("ERROR")] or said[-1:]
    return FacewrightError(
        f"The GPU runtime could not be downloaded: {' '.join(errors)[:500].strip(' .')}.",
        "Is the package index of pip reachable from this computer? Nothing was changed.",
        "runtime-download",
    )


def _written(scratch: Path) -> int:
    total = 0
    for folder, _, files in os.walk(scratch):
        for name in files:
            try:
                total += Path(folder, name).lstat().st_size
            except OSError:
                continue  # pip has moved it
    return total


def _environment(scratch: Path) -> dict[str, str]:
    """The person's own index and proxy settings hold; what would lead pip elsewhere does not."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    moved = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    return kept | moved | {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}


def _no_window() -> dict:
    return {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
