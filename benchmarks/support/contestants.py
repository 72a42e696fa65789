# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes part in the accuracy benchmark, and what each makes of a clip."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.types import FaceTrack
from engine.solve.catalog import SOLVERS
from engine.takes.take_file import read_track
from engine.tracking.mediapipe_tasks import is_installed

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Contestant:
    """A tracking engine with a solver, under the name that the tables show."""

    name: str
    engine: str
    solver: str


# Google's own package: its scores and its head matrix as they come.
RIVAL = Contestant("MediaPipe", "mediapipe-tasks", "raw")


def contestants(solvers: Sequence[str] = ()) -> list[Contestant]:
    """Google's package where it is installed, then the solvers named, or all there are."""
    ours = [Contestant(name, "mediapipe", name) for name in solvers or SOLVERS]
    return [RIVAL, *ours] if is_installed() else ours


def track(clip: Path, contestant: Contestant, folder: Path) -> tuple[FaceTrack, Path]:
    """Track a clip as a person would at the command line; the track and its take."""
    take = folder / f"{clip.stem}.{contestant.name.lower()}.fwtake"
    command = [sys.executable, "-m", "engine", "track", str(clip), "--take", str(take)]
    command += ["--engine", contestant.engine, "--solver", contestant.solver, "--overwrite"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{clip.name}, {contestant.name}: {done.stderr.strip()}")
    return read_track(take), take
