# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes part in the accuracy benchmark, and what each makes of a clip."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.requests import SolveRequest, SolveSettings
from engine.core.types import FaceTrack
from engine.pipeline.solve import solve_take
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
    """What a contestant makes of a clip; the take holds it until another solver's turn."""
    take = _seen(clip, contestant.engine, folder)
    solve_take(SolveRequest(str(take), SolveSettings(solver=contestant.solver)))
    return read_track(take), take


@functools.cache
def _seen(clip: Path, engine: str, folder: Path) -> Path:
    """Track a clip as a person would at the command line, once for all solvers."""
    take = folder / f"{clip.stem}.{engine}.fwtake"
    command = [sys.executable, "-m", "engine", "track", str(clip.absolute()), "--overwrite"]
    command += ["--take", str(take.absolute()), "--engine", engine, "--solver", "raw"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{clip.name}, {engine}: {done.stderr.strip()}")
    return take
