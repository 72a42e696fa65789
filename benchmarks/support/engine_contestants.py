# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines that are there, what each makes of a clip, and what the others need."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.engines import BEST, DETECTORS, ENGINES, FAST, PartInfo
from engine.core.math_threads import one_math_thread
from engine.core.requests import SolveSettings
from engine.core.solvers import AUTO, solver_of
from engine.core.types import FaceTrack, Observations
from engine.models.added import is_there
from engine.models.needs import missing_of, optional_models_of
from engine.models.terms import is_accepted
from engine.pipeline.engines import describe_engines
from engine.pipeline.solve import make_solver

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class EngineContestant:
    """An engine as a person would choose it, under the name that the tables show."""

    name: str
    engine: str
    quality: str = FAST
    solver: str = AUTO


# Google's own package with its own weights: what everybody has without us.
RIVAL = EngineContestant("package", "mediapipe-tasks", solver="raw")


@dataclass(frozen=True)
class Seen:
    """What an engine made of a clip.

    Attributes:
        observations: As ``engine_run`` wrote them.
        wall_ms, cpu_ms: Of decoding and tracking, a frame.
        peak_mib: Of the process.
        size: Of the pictures.
    """

    observations: Observations
    wall_ms: float
    cpu_ms: float
    peak_mib: float
    size: tuple[int, int]


def taking_part() -> list[EngineContestant]:
    """The rival first, then every engine whose models are there; the default in both qualities.

    The rival's landmarks with our solver are called "tasks".
    """
    there = [one["id"] for one in describe_engines()["engines"] if not one["missing"]]
    found = [RIVAL] if RIVAL.engine in there else []
    for engine in there:
        found.append(EngineContestant("tasks" if engine == RIVAL.engine else engine, engine))
        if engine == ENGINES[0].id:
            found.append(EngineContestant("best", engine, BEST))
    return found


def missing() -> list[str]:
    """A line for each engine and detector that is not there; ``engines`` tells how to get them."""
    return [
        f"not there: {kind} {info.id}, which needs {', '.join(_needs(info))}"
        for kind, infos in (("engine", ENGINES), ("detector", DETECTORS))
        for info in infos
        if missing_of(info)
    ]


def _needs(info: PartInfo) -> list[str]:
    wanted = optional_models_of(info)
    models = [each.id for each in wanted if not (is_there(each) and is_accepted(each))]
    return models + [f"the package {name}" for name in info.packages]


def seen(clip: Path, contestant: EngineContestant) -> Seen:
    """Run an engine on a clip, once for all of its solvers."""
    return _seen(clip, contestant.engine, contestant.quality)


@functools.cache
def _seen(clip: Path, engine: str, quality: str) -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "seen.npz")
        words = (engine, quality, str(clip.absolute()), str(out))
        command = [sys.executable, "-m", "benchmarks.support.engine_run", *words]
        # As the command line and the worker do.
        environment = dict(os.environ)
        one_math_thread(environment)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{clip.name}, {engine}: {done.stderr.strip()[-800:]}")
        with np.load(out) as columns:
            observations = Observations(**columns)
    told = json.loads(done.stdout)
    per_frame = 1000 / max(told["frames"], 1)
    return Seen(
        observations,
        told["wall_s"] * per_frame,
        told["cpu_s"] * per_frame,
        told["peak_bytes"] / 2**20,
        tuple(told["size"]),
    )


def solved(clip: Path, contestant: EngineContestant) -> FaceTrack:
    """The values that an artist would get."""
    what = seen(clip, contestant)
    settings = SolveSettings(solver_of(contestant.engine, contestant.solver))
    solver = make_solver(settings, *what.size)
    solver.study(what.observations)
    return solver.solve(what.observations)
