# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a clip is tracked, next to Google's own package in the same Python.

    python -m benchmarks.tracking [--repeats N] [CLIP ...]

Decoding and opening the models are part of every figure. The rival is the bare loop of
``detect_for_video`` over the same frames. The contestants take turns and the medians count,
because other programs may use the same processor; "cpu" is the processor time of the whole
process, which such neighbours disturb less.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from benchmarks.support import tracking_runs as runs


def _ours(streams: int):
    def work(path: Path) -> None:
        runs.observe(runs.tracker("mediapipe", streams), path)

    return work


def main() -> None:
    """Prints one line per clip and contestant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="*")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    contestants = {"facewright, 1 stream": _ours(1), "facewright, 2 streams": _ours(2)}
    if runs.has_rival():
        contestants = {"mediapipe package": runs.bare_loop, **contestants}
    else:
        print("Google's package is not installed: no comparison")
    print(f"{'clip':28} {'tracker':22} {'wall ms':>8} {'fps':>6} {'cpu ms':>7} {'speed':>6}")
    for path in runs.paths(arguments.clip):
        frames = len(runs.observe(runs.tracker("mediapipe"), path))
        costs: dict[str, list[runs.Cost]] = {name: [] for name in contestants}
        for _ in range(arguments.repeats):
            for name, work in contestants.items():
                costs[name].append(runs.cost(work, path, frames))
        reference = None
        for name, results in costs.items():
            wall = statistics.median(result.wall_ms for result in results)
            cpu = statistics.median(result.cpu_ms for result in results)
            reference = reference or wall
            figures = f"{wall:8.2f} {1000 / wall:6.0f} {cpu:7.2f} {reference / wall:5.2f}x"
            print(f"{path.name:28} {name:22} {figures}")


if __name__ == "__main__":
    main()
