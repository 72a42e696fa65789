# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether two paths lead to one file: nothing that is read may be written over."""

from __future__ import annotations

import os
from pathlib import Path


def real_path(path: Path | str) -> str:
    """One spelling for all paths of a place, without links and ``..``; it need not exist."""
    return os.path.normcase(os.path.realpath(path))


def is_same_file(one: Path | str, other: Path | str) -> bool:
    """Whether both lead to the same file, by links of either kind too; neither need exist."""
    try:
        return Path(one).samefile(other)
    except OSError:
        return real_path(one) == real_path(other)
