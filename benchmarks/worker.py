# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker costs: start-up, peak memory, and Blender's main thread while it runs.

    python -m benchmarks.worker

Runs a job as the window does, stepping it ten times a second, in the bpy module.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks.support.clips import looped
from tools.extension import load_extension

TICK_S = 0.1


def main() -> int:
    """Run and print; returns the exit code."""
    load_extension()
    from facewright.engine.core.requests import TrackRequest
    from facewright.scene.jobs import Job

    clip = looped(60)
    with tempfile.TemporaryDirectory() as scratch:
        begun = time.perf_counter()
        job = Job(TrackRequest(str(clip), str(Path(scratch, "a.fwtake"))))
        started_ms = 1e3 * (time.perf_counter() - begun)
        process = psutil.Process(job._client.pid)
        steps, memory, first_frame = [], [], 0.0
        while not job.ended:
            time.sleep(TICK_S)
            if not job.ended and process.is_running():
                memory.append(process.memory_info().rss)
            tick = time.perf_counter()
            job.step()
            steps.append(1e3 * (time.perf_counter() - tick))
            if job.done and not first_frame:
                first_frame = time.perf_counter() - begun
    busy = np.array(steps[:-1])  # the last one also ends the process
    print(f"\n{clip.name}: {job.report['frames']} frames")
    rows = {
        "start of the process, main thread (ms)": started_ms,
        "until the first frames are tracked (s)": first_frame,
        "tracking (frames/s)": job.report["frames_per_second"],
        "peak memory of the worker (MiB)": max(memory) / 2**20,
        "main thread per tick, median (ms)": np.median(busy),
        "main thread per tick, 99th percentile (ms)": np.percentile(busy, 99),
        "main thread, last tick: end of the process (ms)": steps[-1],
    }
    for name, value in rows.items():
        print(f"{name:50}{value:10.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
