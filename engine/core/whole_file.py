# SPDX-License-Identifier: GPL-3.0-or-later
"""A file appears whole under its name, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import FacewrightError


@contextmanager
def whole_file(target: Path, size: int) -> Iterator[BinaryIO]:
    """A file beside the target that becomes it where all goes well, and vanishes else.

    Args:
        target: The file; its folder is made, and what has its name is replaced.
        size: Bytes that it will have.

    Raises:
        FacewrightError: ``disk-full`` before anything is written, or ``folder-unwritable``.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(target.parent).free
        if free < size:
            raise FacewrightError(
                f"{target.parent} has {_readable(free)} left; {target.name} needs "
                f"{_readable(size)}.",
                "Make room first.",
                "disk-full",
            )
        with partial.open("wb") as file:
            yield file
        partial.replace(target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _readable(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size} bytes"


def unwritable(target: Path, error: OSError) -> FacewrightError:
    """What is said where a file cannot be written: ``folder-unwritable``."""
    return FacewrightError(
        f"{target} cannot be written ({error.strerror or error}).",
        "Make room, or allow writing to that folder.",
        "folder-unwritable",
    )
