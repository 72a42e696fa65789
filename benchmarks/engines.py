# SPDX-License-Identifier: GPL-3.0-or-later
"""Every engine and detector that is there, on the same clips in the same run.

    python -m benchmarks.engines [--only speed accuracy angles blinks detectors] [--clips VIDEO ...]
                                 [--engines ID ...] [--pictures N]

Clips whose true weights are known (those of ``benchmarks.accuracy`` and one of a head that turns
far), real clips whose blinks were counted by eye, and pictures with small, dark and tilted faces.
Models are those of ``python -m engine models``; what is not there is named with what it needs.
``package`` is Google's with its own weights, ``tasks`` its landmarks with our solver, ``best`` the
default engine with ``--quality best``.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.support import accuracy_tables as tables
from benchmarks.support import engine_contestants as contestants
from benchmarks.support.angle_table import angle_table
from benchmarks.support.detector_faces import detector_table
from benchmarks.support.own_clips import own_clips, turned_clips
from benchmarks.support.real_blinks import seen_blinks
from benchmarks.support.truth import read_truth, shared_clips
from benchmarks.support.weight_errors import blink_peak, blink_spans, compare_blinks
from engine.core.arkit import INDEX

PARTS = ("speed", "accuracy", "angles", "blinks", "detectors")
Everyone = list[contestants.EngineContestant]


def main() -> int:
    """Prints the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--clips", nargs="+", type=Path, metavar="VIDEO", help="only these")
    parser.add_argument("--engines", nargs="+", metavar="NAME", help="only these columns")
    parser.add_argument("--pictures", type=int, default=12, help="of each clip, for the detectors")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, one stream")
    lacking = contestants.missing()
    if lacking:
        print("\n".join([*lacking, "`python -m engine engines` tells how to get them"]))
    everyone = contestants.taking_part()
    if options.engines:
        everyone = [each for each in everyone if each.name in options.engines]
    if {"speed", "accuracy", "angles"} & set(options.only):
        clips = options.clips or [*shared_clips(), *own_clips(), *turned_clips()]
        _with_truth(clips, everyone, options.only)
    if "blinks" in options.only:
        print("\nReal clips, blinks counted by eye (true/found/false), mean peak")
        print(_blinks(everyone))
    if "detectors" in options.only:
        print("\nDetectors, and the whole search for a face at the start of a clip")
        print(detector_table(options.pictures))
    print(f"\n{time.strftime('%Y-%m-%d')}")
    return 0


def _with_truth(clips: list[Path], everyone: Everyone, parts: list[str]) -> None:
    truths = [read_truth(clip) for clip in clips]
    tracks = {each.name: [contestants.solved(clip, each) for clip in clips] for each in everyone}
    print(f"\n{len(clips)} clips: {', '.join(clip.name for clip in clips)}")
    if "speed" in parts:
        print(_speed(clips, everyone))
    if "accuracy" in parts:
        figures = {
            name: [tables.measure(*pair, np.nan) for pair in zip(truths, own, strict=True)]
            for name, own in tracks.items()
        }
        for clip in clips if len(clips) > 1 else ():
            print(f"\n{clip.name}")
            print(tables.clip_table({n: f[clips.index(clip)] for n, f in figures.items()}))
        print(f"\n{tables.overall_table(figures, contestants.RIVAL.name)}")
    if "angles" in parts:
        pairs = {name: list(zip(truths, own, strict=True)) for name, own in tracks.items()}
        print(f"\n{angle_table(pairs)}")


def _speed(clips: list[Path], everyone: Everyone) -> str:
    """Milliseconds a frame by wall and processor, peak memory, faces; ratios to the rival."""
    lines = [f"\n{'':16}{'wall ms':>9}{'cpu ms':>9}{'x package':>11}{'MiB':>7}{'faces':>14}"]
    reference = None
    for each in everyone:
        if each != contestants.RIVAL and each.engine == contestants.RIVAL.engine:
            continue  # the same run, solved in another way
        runs = [contestants.seen(clip, each) for clip in clips]
        wall, cpu = (float(np.mean([getattr(r, k) for r in runs])) for k in ("wall_ms", "cpu_ms"))
        if each == contestants.RIVAL:
            reference = cpu
        ratio = f"{reference / cpu:.2f}x" if reference else "-"
        frames = sum(len(run.observations) for run in runs)
        faces = sum(int(run.observations.valid.sum()) for run in runs)
        peak = max(run.peak_mib for run in runs)
        lines.append(
            f"{each.name:16}{wall:9.2f}{cpu:9.2f}{ratio:>11}{peak:7.0f}{faces:>7} of {frames}"
        )
    return "\n".join([*lines, "x package: its processor time / ours"])


def _blinks(everyone: Everyone) -> str:
    lines = []
    listed = seen_blinks()
    for each in everyone:
        counts, peaks = [], []
        for seen in listed:
            closed = contestants.solved(seen.clip, each).weights[:, INDEX["eyeBlinkLeft"]]
            counts.append(compare_blinks(seen.blinks, blink_spans(closed), seen.unclear))
            if seen.blinks:
                peaks.append(blink_peak(seen.blinks, closed))
        told = "/".join(str(sum(getattr(c, k) for c in counts)) for k in ("true", "found", "false"))
        lines.append(f"{each.name:18}{told:>12}{np.mean(peaks):8.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
