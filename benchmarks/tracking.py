# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a clip is tracked, next to Google's own package in the same Python.

    python benchmarks/tracking.py [--repeats N] [CLIP ...]

Decoding is part of every figure. The contestants take turns and the median counts, because other
programs may use the same processor; "cpu" is the processor time of the whole process, which such
neighbours disturb less.
"""

from __future__ import annotations

import argparse
import statistics

import clips

from engine.tracking.mediapipe_tasks import is_installed

CONTESTANTS = {
    "mediapipe package": ("mediapipe-tasks", 1),
    "facewright, 1 stream": ("mediapipe", 1),
    "facewright, 2 streams": ("mediapipe", 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="*")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    contestants = dict(CONTESTANTS)
    if not (is_installed() and clips.BUNDLE.exists()):
        print("mediapipe or its model file is not there: no comparison")
        del contestants["mediapipe package"]
    trackers = {name: clips.tracker(*how) for name, how in contestants.items()}
    print(f"{'clip':28} {'tracker':22} {'wall ms':>8} {'fps':>7} {'cpu ms':>7} {'times':>6}")
    for path in clips.paths(arguments.clip):
        runs = {name: [] for name in trackers}
        for _ in range(arguments.repeats):
            for name, face_tracker in trackers.items():
                runs[name].append(clips.run(face_tracker, path))
        reference = None
        for name, results in runs.items():
            wall = statistics.median(result.wall_ms for result in results)
            cpu = statistics.median(result.cpu_ms for result in results)
            reference = reference or wall
            ratio = f"{reference / wall:6.2f}"
            print(f"{path.name:28} {name:22} {wall:8.2f} {1000 / wall:7.0f} {cpu:7.2f} {ratio}")


if __name__ == "__main__":
    main()
