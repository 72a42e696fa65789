# SPDX-License-Identifier: GPL-3.0-or-later
"""Forgets what was found out about cards and runtimes, so that all of it is tried again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from .folder import find_runtimes, runtime_root
from .trial import TRIAL


def forget() -> int:
    """Forget which provider is wrong, slow or has ended the process, and which runtime has.

    What TensorRT has built stays.

    Returns:
        Files that are gone.
    """
    from ..core.inference.provider_start import attempts_folder, verdicts_file

    files = [verdicts_file(), *_below(attempts_folder())]
    with suppress(OSError):
        files += [runtime.folder / TRIAL for runtime in find_runtimes(runtime_root())]
    gone = 0
    for file in files:
        with suppress(OSError):
            file.unlink()
            gone += 1
    return gone


def _below(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
