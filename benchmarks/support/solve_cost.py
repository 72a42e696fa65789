# SPDX-License-Identifier: GPL-3.0-or-later
"""What a solver costs, on one core: ``python -m benchmarks.support.solve_cost TAKE SOLVER``.

Prints milliseconds of processor time per frame, from a take's observations in memory.
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


def _measure(take: str, solver: str) -> float:
    import psutil

    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):  # not on macOS
        process.cpu_affinity(process.cpu_affinity()[:1])
    from engine.solve.catalog import get_solver
    from engine.takes.take_file import read_observations

    observations, solve = read_observations(take), get_solver(solver)
    solve(observations)  # opens networks
    costs = []
    for _ in range(_REPEATS):
        begun = time.process_time()
        solve(observations)
        costs.append(time.process_time() - begun)
    return 1000 * statistics.median(costs) / len(observations)


if __name__ == "__main__":
    print(_measure(*sys.argv[1:3]))
