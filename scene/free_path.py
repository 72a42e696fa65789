# SPDX-License-Identifier: GPL-3.0-or-later
"""Names for new files, and of files for what is made of them."""

from __future__ import annotations

from pathlib import Path


def free_path(folder: Path, stem: str, suffix: str, beside: str = "") -> Path:
    """A name that is not in use: ``clip.fwtake``, ``clip_002.fwtake`` ...

    Args:
        folder, stem, suffix: What it is made of.
        beside: Suffix of another file that will get the same name; neither may exist.
    """
    path = folder / f"{stem}{suffix}"
    number = 2
    while path.exists() or (beside and path.with_suffix(beside).exists()):
        path = folder / f"{stem}_{number:03d}{suffix}"
        number += 1
    return path


def plain_name(name: str) -> str:
    """A file's name for a data-block: on Linux it may have bytes that are no text."""
    return name.encode("utf-8", "replace").decode()
