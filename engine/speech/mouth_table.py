# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the mouth: what each phone wants of each channel.

``mouth_table.json`` was written by tools/fit_mouth.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..core.phones import PHONES

TABLE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class MouthTable:
    """Fitted values.

    Attributes:
        channels: C names; of those with two sides the name without its side.
        before_s, after_s: (C,) seconds, how far a pull reaches ahead of and behind its phone.
        targets: (25, C) weights, in the order of ``PHONES``.
        strengths: (25, C), how much a phone cares.
    """

    channels: tuple[str, ...]
    before_s: np.ndarray
    after_s: np.ndarray
    targets: np.ndarray
    strengths: np.ndarray


def read_table(path: Path) -> MouthTable:
    """Read a table.

    Raises:
        OSError, ValueError or KeyError where it is not one.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    rows = [data["phones"][phone] for phone in PHONES]
    return MouthTable(
        tuple(data["channels"]),
        np.array(data["before_s"], np.float64),
        np.array(data["after_s"], np.float64),
        np.array([row["target"] for row in rows], np.float64),
        np.array([row["strength"] for row in rows], np.float64),
    )


def write_table(path: Path, table: MouthTable) -> None:
    """Write a table, a line for each phone's targets and strengths."""
    lists = {
        "channels": list(table.channels),
        "before_s": table.before_s.round(4).tolist(),
        "after_s": table.after_s.round(4).tolist(),
    }
    lines = [f' "{key}": {json.dumps(value)}' for key, value in lists.items()]
    rows = [
        f'  "{phone}": {{"target": {json.dumps(table.targets[i].round(3).tolist())},\n'
        f'   "strength": {json.dumps(table.strengths[i].round(3).tolist())}}}'
        for i, phone in enumerate(PHONES)
    ]
    lines.append(' "phones": {\n' + ",\n".join(rows) + "\n }")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


@lru_cache(maxsize=1)
def load_table() -> MouthTable:
    """The table that ships."""
    return read_table(TABLE)
