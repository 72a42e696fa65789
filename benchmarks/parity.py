# SPDX-License-Identifier: GPL-3.0-or-later
"""How close the default tracker is to Google's own package in VIDEO mode, clip by clip.

    python -m benchmarks.parity [CLIP ...]

Landmarks are compared after the same smoothing. "2 to 1" is two streams against one.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.support import tracking_runs as runs


def main() -> int:
    """Prints one line per clip; 1 without Google's package."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="*")
    arguments = parser.parse_args()
    if not runs.has_rival():
        print("Google's package is not installed: nothing to compare with")
        return 0
    print(
        f"{'clip':26} {'frames':>6} {'theirs':>6} {'ours':>5} | {'px median':>9} {'p99':>6} | "
        f"{'score mean':>10} {'max':>6} | {'deg median':>10} {'p99':>6} | "
        f"{'2 to 1: px p99':>14} {'score max':>9}"
    )
    for path in runs.paths(arguments.clip):
        theirs = runs.observe(runs.tracker("mediapipe-tasks"), path)
        ours = runs.observe(runs.tracker("mediapipe", 1), path)
        double = runs.observe(runs.tracker("mediapipe", 2), path)
        line = f"{path.name:26} {len(ours):6} {theirs.valid.sum():6} {ours.valid.sum():5} | "
        both = theirs.valid & ours.valid
        if both.any():
            pixels, scores, degrees = runs.differences(ours, theirs)
            moved = np.linalg.norm(double.landmarks - ours.landmarks, axis=2)
            line += (
                f"{np.median(pixels):9.3f} {np.percentile(pixels, 99):6.3f} | "
                f"{scores.mean():10.5f} {scores.max():6.3f} | "
                f"{np.median(degrees):10.4f} {np.percentile(degrees, 99):6.3f} | "
                f"{np.nanpercentile(moved, 99):14.3f} "
                f"{np.nanmax(np.abs(double.scores - ours.scores)):9.4f}"
            )
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
