# SPDX-License-Identifier: GPL-3.0-or-later
"""How near each solver comes to weights that are known, next to Google's own package.

    python -m benchmarks.accuracy [--clips VIDEO ...] [--solvers ID ...] [--out FOLDER]

Clips with a .csv of their true weights beside them: those of the shared folder where there is
one, and two of the head that ships, filmed once (minutes, kept in .cache/accuracy). Then real
clips whose blinks were counted by eye. FOLDER gets the takes, a picture of curves against truth
for each clip, and figures.json. ``weight_errors.py`` defines every figure.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.support import accuracy_tables as tables
from benchmarks.support.accuracy_plot import plot
from benchmarks.support.contestants import RIVAL, Contestant, contestants, track
from benchmarks.support.own_clips import CACHE, own_clips
from benchmarks.support.real_blinks import blink_table
from benchmarks.support.solve_cost import solve_ms_per_frame
from benchmarks.support.truth import read_truth, shared_clips
from engine.core.types import FaceTrack


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clips", nargs="+", type=Path, metavar="VIDEO", help="only these")
    parser.add_argument("--solvers", nargs="+", default=(), metavar="ID", help="only these")
    parser.add_argument("--out", type=Path, default=CACHE / "results", metavar="FOLDER")
    options = parser.parse_args()
    taking_part = contestants(options.solvers)
    if RIVAL not in taking_part:
        print("Google's package is not installed: no comparison")
    options.out.mkdir(parents=True, exist_ok=True)
    clips = options.clips or [*shared_clips(), *own_clips()]
    everything: dict[str, dict[str, tables.Figures]] = {}
    for clip in clips:
        everything[clip.stem] = _run(clip, taking_part, options.out)
    overall = {
        each.name: [results[each.name] for results in everything.values()] for each in taking_part
    }
    print(f"\nAll {len(clips)} clips")
    print(tables.overall_table(overall, RIVAL.name))
    if not options.clips:
        print("\nReal clips, blinks counted by eye (true/found/false)")
        print(blink_table(taking_part, options.out))
    figures = {c: {n: asdict(f) for n, f in r.items()} for c, r in everything.items()}
    text = json.dumps(figures, indent=1, default=lambda array: array.tolist())
    (options.out / "figures.json").write_text(text + "\n", encoding="utf-8")
    print(f"\nCurves against truth: {options.out}")
    return 0


def _run(clip: Path, taking_part: list[Contestant], out: Path) -> dict[str, tables.Figures]:
    """Track, compare, print and draw one clip."""
    truth = read_truth(clip)
    tracks: dict[str, FaceTrack] = {}
    figures = {}
    for each in taking_part:
        tracks[each.name], take = track(clip, each, out)
        cost = float("nan") if each == RIVAL else solve_ms_per_frame(take, each.solver)
        figures[each.name] = tables.measure(truth, tracks[each.name], cost)
    print(f"\n{clip.name}, {len(truth.weights)} frames")
    print(tables.clip_table(figures), flush=True)
    # The plain solver's curves lie on MediaPipe's: they would only hide them.
    shown = {n: t for n, t in tracks.items() if n != "raw" or RIVAL not in taking_part}
    plot(truth, shown, out / f"{clip.stem}.png")
    return figures


if __name__ == "__main__":
    sys.exit(main())
