# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps ``weights/catalog.toml``: which files ship, under which licence, made from what."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

_HEAD = (
    "# Files of the models that ship with Facewright. Written by the tools that make them.",
    "# origin says where the weights come from; sha256 is that of the file here.",
)


@dataclass(frozen=True)
class Entry:
    """What a person needs to know about a file besides its bytes.

    Attributes:
        file: Name in the folder; the id is its stem.
        licence: SPDX identifier.
        about: What it does, one sentence.
        origin: Where the weights come from.
    """

    file: str
    licence: str
    about: str
    origin: str


def update_catalog(folder: Path, entries: list[Entry]) -> None:
    """Write these entries with size and hash of their files; entries of other files stay."""
    path = folder / "catalog.toml"
    tables = {}
    if path.exists():
        tables = {m["file"]: m for m in tomllib.loads(path.read_text(encoding="utf-8"))["model"]}
    for entry in entries:
        data = (folder / entry.file).read_bytes()
        tables[entry.file] = {
            "id": Path(entry.file).stem,
            "file": entry.file,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "licence": entry.licence,
            "about": entry.about,
            "origin": entry.origin,
        }
    lines = list(_HEAD)
    for table in tables.values():
        lines += ["", "[[model]]"]
        # A JSON string of plain text is a TOML string too.
        lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in table.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
