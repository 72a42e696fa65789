# SPDX-License-Identifier: GPL-3.0-or-later
"""What the performer's mouth did: clips tracked by Facewright itself."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

from engine.core.arkit import INDEX

from . import grid

ROOT = Path(__file__).resolve().parents[2]


def track(folder: Path, cache: Path) -> None:
    """Track all clips of a folder to .csv files in the cache; finished ones are kept."""
    cache.mkdir(parents=True, exist_ok=True)
    if any(cache.glob("*.csv")):
        return
    command = [sys.executable, "-m", "engine", "track", str(folder), "-o", str(cache)]
    subprocess.run(command, cwd=ROOT, check=True)


def read(path: Path, channels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Times (T,) in seconds and weights (T, C) of channels, both sides as their mean."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    column = {name[0].lower() + name[1:]: i for i, name in enumerate(rows[0])}
    data = np.array([[float(cell or "nan") for cell in row] for row in rows[1:]])
    values = [
        data[:, column[name]]
        if name in INDEX
        else (data[:, column[f"{name}Left"]] + data[:, column[f"{name}Right"]]) / 2
        for name in channels
    ]
    return data[:, 0], np.stack(values, axis=1)


def known(folder: Path, cache: Path, channels: tuple[str, ...]) -> list[tuple]:
    """Cues, times and captured weights of the clips that the cache has tracked and aligned.

    Args:
        folder: Of the clips.
        cache: What ``tools/fit_mouth.py`` keeps.
        channels: Of the table.
    """
    clips = []
    if not folder.is_dir():
        return clips
    for clip in grid.clips(folder):
        tracked, aligned = cache / "tracked" / f"{clip.stem}.csv", cache / "aligned"
        if not tracked.exists() or not (aligned / f"{clip.stem}.json").exists():
            continue
        cues = grid.aligned(clip, None, aligned)
        if cues:
            times, values = read(tracked, channels)
            seen = np.isfinite(values).all(axis=1)
            clips.append((cues, times[seen], values[seen]))
    return clips
