# SPDX-License-Identifier: GPL-3.0-or-later
"""A take is the only copy of what was recorded: no other kind of file may take its place."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import FacewrightError
from ..core.same_file import real_path
from .speech import CUES_SUFFIX
from .take_file import SUFFIX


def refuse_take(path: Path | str) -> None:
    """Refuse a path that is a take, or is named like one, for a file that is none.

    Raises:
        FacewrightError: ``take-protected``.
    """
    # A link with another suffix may lead to a take.
    if any(Path(name).suffix.lower() == SUFFIX for name in (path, real_path(path))):
        raise FacewrightError(
            f"{path} is the name of a take, and this file would be none.",
            f"Choose a name that does not end in {SUFFIX}.",
            "take-protected",
        )


def refuse_cues(path: Path | str) -> None:
    """Refuse the path of the cues beside a take of speech: its curves are made anew from them.

    Raises:
        FacewrightError: ``cues-protected``.
    """
    for name in map(Path, (path, real_path(path))):
        beside = name.name.removesuffix(CUES_SUFFIX) + SUFFIX
        if name.name.endswith(CUES_SUFFIX) and name.with_name(beside).is_file():
            raise FacewrightError(
                f"{path} has the cues of the take {beside}.",
                "Choose another name for these cues.",
                "cues-protected",
            )
