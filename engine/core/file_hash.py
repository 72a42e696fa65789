# SPDX-License-Identifier: GPL-3.0-or-later
"""The sha256 of a file, of any size."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path


def sha256_of_file(path: Path) -> str:
    """Lower-case hexadecimal; OSError where the file cannot be read.

    A file is read again only when its size or its time of change is another.
    """
    found = path.stat()
    return _sha256(path, found.st_size, found.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, size: int, changed_ns: int) -> str:
    del size, changed_ns  # they are what the cache goes by
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
