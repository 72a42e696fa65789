# SPDX-License-Identifier: GPL-3.0-or-later
"""What a solver costs, on one core: ``python -m benchmarks.support.solve_cost TAKE SOLVER``.

Prints milliseconds of processor time per frame for both passes, from a take's observations in
memory; opening the solver's network is no part of it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_REPEATS = 5


def solve_ms_per_frame(take: Path, solver: str) -> float:
    """Measure in a fresh process, which alone can be held to one thread."""
    command = [sys.executable, "-m", "benchmarks.support.solve_cost", str(take), solver]
    environment = os.environ | _ONE_THREAD
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout.split()[-1])


def _measure(take: str, name: str) -> float:
    import psutil

    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):  # not on macOS
        process.cpu_affinity(process.cpu_affinity()[:1])
    from engine.core.requests import SolveSettings
    from engine.pipeline.solve import make_solver
    from engine.takes.take_file import read_header, read_observations

    source, observations = read_header(take)["source"], read_observations(take)
    costs = []
    for _ in range(_REPEATS):
        solver = make_solver(SolveSettings(solver=name), source["width"], source["height"])
        begun = time.process_time()
        solver.study(observations)
        solver.solve(observations)
        costs.append(time.process_time() - begun)
    return 1000 * statistics.median(costs) / len(observations)


if __name__ == "__main__":
    print(_measure(*sys.argv[1:3]))
