# SPDX-License-Identifier: GPL-3.0-or-later
"""What a take must know of an engine of the person's own, without loading what runs it.

``tracking.landmarkers.custom`` reads the whole file and tells what is wrong with it; here a file
that cannot be read simply says nothing.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from .file_hash import sha256_of_file


def detector_in(path: Path) -> str:
    """The detector that the description names; empty without one."""
    return _model(path).get("detector", "")


def hashes_in(path: Path) -> dict[str, str]:
    """File name -> sha256 of the description and of its model, as far as they are there."""
    found = {}
    for file in (path, path.parent / _model(path).get("file", "")):
        if file.is_file():
            found[file.name] = sha256_of_file(file)
    return found


def gives_weights(path: Path) -> bool:
    """Whether one of the outputs is blend-shape weights."""
    outputs = _tables(path).get("output", [])
    if not isinstance(outputs, list):
        return False
    return any(isinstance(one, dict) and one.get("meaning") == "weights" for one in outputs)


def _model(path: Path) -> dict[str, str]:
    table = _tables(path).get("model", {})
    if not isinstance(table, dict):
        return {}
    return {key: value for key, value in table.items() if isinstance(value, str)}


def _tables(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
